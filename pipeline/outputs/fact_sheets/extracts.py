"""Map extracts of parcels: outline, neighbours, sections and patches over pale land cover, as SVG in mm.

Each is drawn in the three-degree zone of the parcel, at a round scale, with grid lines in metres at its edge,
a scale bar and the north of the grid. Words of the data are escaped; nothing in it refers to a file.
"""

import base64
import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from html import escape

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from affine import Affine
from numpy.typing import NDArray
from PIL import Image
from rasterio.warp import Resampling, reproject
from shapely.geometry.base import BaseGeometry

from pipeline.geodesy import project_all, unproject
from pipeline.legends import LAND_COVER, NODATA_CLASS, WATER_CLASS
from pipeline.outputs.delivered_rasters import open_raster
from pipeline.outputs.fact_sheets.facts import ParcelFacts
from pipeline.outputs.fact_sheets.reading import read_shapes
from pipeline.outputs.plane_maps import choose_ratio, choose_step, find_zone
from pipeline.outputs.published import Published

SIZE_MM = 82.0
_EDGE_MM = 5.0
_PIXELS = 246
_PALER = 0.45
_NOT_GRADED = "#bdbdbd"
RED, ORANGE = "#c4161c", "#d95f02"
_INK = "#1d2b26"
_BAR_SHARE = 0.25
_TEXT = 'font-size="2.3" fill="#1d2b26"'
_HALO = 'stroke="#fff" stroke-width="0.7" paint-order="stroke" stroke-linejoin="round"'


@dataclass(frozen=True)
class MapExtract:
    """A map as SVG, `SIZE_MM` and a margin wide; `ratio` is the denominator of its scale.

    `shown` are the keys of what is on it: those of land cover classes, and `patches`, `sections`, `parts`.
    """

    svg: str
    ratio: int
    crs: str
    shown: frozenset[str]


@dataclass(frozen=True)
class _Frame:
    """The ground of an extract: its left and top in the plane CRS, and metres to the mm."""

    left: float
    top: float
    metres: float
    crs: str

    @property
    def bounds(self) -> tuple[float, float, float, float]:
        side = SIZE_MM * self.metres
        return self.left, self.top - side, self.left + side, self.top

    def place(self, points: NDArray[np.float64]) -> NDArray[np.float64]:
        moved = (points - [self.left, self.top]) * [1, -1] / self.metres + _EDGE_MM
        return np.round(moved, 2) + 0.0

    def draw(self, shape: BaseGeometry) -> str:
        """The rings of a shape as an SVG path."""
        parts = shapely.get_parts(shapely.clip_by_rect(shape, *self._around))
        rings = shapely.get_rings([part for part in parts if part.geom_type == "Polygon"])
        rings = shapely.simplify(rings, self.metres / 20)
        lines = (self.place(shapely.get_coordinates(ring)).tolist() for ring in rings)
        return "".join("M" + "L".join(f"{x:g} {y:g}" for x, y in line) + "Z" for line in lines)

    @property
    def _around(self) -> tuple[float, float, float, float]:
        """The ground and a bit more, so that no cut shows as a line."""
        left, bottom, right, top = self.bounds
        more = 2 * self.metres
        return left - more, bottom - more, right + more, top + more


class ExtractMaps:
    """The map extracts of a delivery; whatever they share is read and put into plane CRS once."""

    def __init__(self, facts: ParcelFacts, published: Published) -> None:
        self._facts, self._published = facts, published
        self._shapes = facts.parcels.geometry.to_numpy()
        self._planes: dict[str, NDArray[np.object_]] = {}

    def draw(self, parcel_id: str) -> MapExtract:
        """The extract of a parcel; KeyError for one that the delivery does not have."""
        number = self._facts.parcels.index.get_loc(parcel_id)
        crs = find_zone(shapely.centroid(self._shapes[number]).x)
        shape = self._take_plane(crs)[number]
        left, bottom, right, top = shape.bounds
        ratio = choose_ratio(right - left, top - bottom, SIZE_MM, SIZE_MM)
        half, metres = SIZE_MM * ratio / 2000, ratio / 1000
        frame = _Frame((left + right) / 2 - half, (bottom + top) / 2 + half, metres, crs)
        image, classes = self._draw_cover(frame)
        patches = self._draw_patches(frame)
        points = list(self._draw_sections(frame))
        parts = [*image, *self._draw_neighbours(frame), *patches]
        parts += [f'<path d="{frame.draw(shape)}" fill="none" stroke="{RED}" stroke-width="0.7"/>', *points]
        shown = {*classes, *(["patches"] if patches else []), *(["sections"] if points else [])}
        return MapExtract(_frame_svg(parts, frame), ratio, crs, frozenset(shown))

    def _take_plane(self, crs: str) -> NDArray[np.object_]:
        """All parcels in a plane CRS."""
        if crs not in self._planes:
            self._planes[crs] = project_all(self._shapes, crs)
        return self._planes[crs]

    @cached_property
    def _tree(self) -> shapely.STRtree:
        return shapely.STRtree(self._shapes)

    @cached_property
    def _patches(self) -> gpd.GeoDataFrame:
        return read_shapes(self._published, "change_patches", ("patch_id",))

    @cached_property
    def _sections(self) -> gpd.GeoDataFrame:
        sections = read_shapes(self._published, "sections", ("section", "period", "water_class"))
        return sections[sections["period"] == self._facts.head["periods"][-1]]

    @cached_property
    def _raster(self) -> rasterio.DatasetReader | None:
        """Land cover of the newest period; None where the delivery has no such map."""
        name = f"rasters/land_cover_{self._facts.head['periods'][-1]}.tif"
        return open_raster(self._published.find_file(name)) if self._published.has(name) else None

    def _draw_cover(self, frame: _Frame) -> tuple[list[str], set[str]]:
        """A picture of land cover under the frame, and the keys of the classes on it."""
        if self._raster is None:
            return [], set()
        side = frame.metres * SIZE_MM / _PIXELS
        codes = np.full((_PIXELS, _PIXELS), NODATA_CLASS, dtype=np.uint8)
        reproject(
            rasterio.band(self._raster, 1),
            codes,
            dst_transform=Affine(side, 0, frame.left, 0, -side, frame.top),
            dst_crs=frame.crs,
            dst_nodata=NODATA_CLASS,
            resampling=Resampling.nearest,
        )
        present = set(np.unique(codes).tolist())
        keys = {entry.key for entry in LAND_COVER.classes if entry.code in present}
        place = f'x="{_EDGE_MM}" y="{_EDGE_MM}" width="{SIZE_MM}" height="{SIZE_MM}"'
        return [f'<image {place} preserveAspectRatio="none" href="{_encode(codes)}"/>'], keys

    def _draw_neighbours(self, frame: _Frame) -> Iterator[str]:
        around = unproject(shapely.box(*frame.bounds), frame.crs)
        near = np.sort(self._tree.query(around, "intersects"))
        path = "".join(map(frame.draw, self._take_plane(frame.crs)[near]))
        yield f'<path d="{path}" fill="none" stroke="#5a6660" stroke-width="0.18"/>'

    def _draw_patches(self, frame: _Frame) -> list[str]:
        around = unproject(shapely.box(*frame.bounds), frame.crs)
        shapes = self._patches.geometry.to_numpy()
        near = shapes[shapely.intersects(shapes, around)]
        path = "".join(map(frame.draw, project_all(near, frame.crs))) if len(near) else ""
        style = f'fill="{ORANGE}" fill-opacity="0.18" stroke="{ORANGE}" stroke-width="0.35"'
        return [f'<path d="{path}" {style} stroke-dasharray="1.2 0.7"/>'] if path else []

    def _draw_sections(self, frame: _Frame) -> Iterator[str]:
        """The sections of the newest period in the colour of their class, with their names."""
        plane = project_all(self._sections.geometry.to_numpy(), frame.crs)
        spots = frame.place(shapely.get_coordinates(plane)).tolist()
        told = zip(spots, self._sections["section"], self._sections["water_class"], strict=True)
        for (x, y), name, grade in told:
            if min(x, y) >= _EDGE_MM and max(x, y) <= _EDGE_MM + SIZE_MM:
                color = _NOT_GRADED if grade != grade else WATER_CLASS.by_code()[int(grade)].color  # noqa: PLR0124
                yield f'<circle cx="{x}" cy="{y}" r="1.1" fill="{color}" stroke="{_INK}" stroke-width="0.3"/>'
                yield _write(x, y, str(name))


def list_legend(extract: MapExtract) -> list[str]:
    """The keys of what is on an extract, as a legend lists them: parcels first, then classes."""
    classes = [entry.key for entry in LAND_COVER.classes if entry.key in extract.shown]
    return [
        "parcel",
        "neighbours",
        *(key for key in ("patches", "sections") if key in extract.shown),
        *classes,
    ]


def _write(x: float, y: float, name: str) -> str:
    """A name beside a point, on the side where there is room."""
    ends = x > _EDGE_MM + SIZE_MM * 0.6
    at = f'x="{x - 1.8 if ends else x + 1.8:g}" y="{y + 0.8:g}" text-anchor="{"end" if ends else "start"}"'
    return f"<text {at} {_TEXT} {_HALO}>{escape(name)}</text>"


def pale_color(rgb: Sequence[int]) -> str:
    """A colour mixed with white, as a ground for lines and points has it."""
    return "#" + "".join(f"{255 - int((255 - part) * _PALER):02x}" for part in rgb)


def _encode(codes: NDArray[np.uint8]) -> str:
    """A picture of classes in pale colours of their legend, as a data URI."""
    palette = np.full((256, 3), 255, dtype=np.uint8)
    for entry in LAND_COVER.classes:
        palette[entry.code] = list(bytes.fromhex(pale_color(entry.rgb)[1:]))
    picture = Image.fromarray(codes, mode="P")
    picture.putpalette(palette.tobytes())
    packed = io.BytesIO()
    picture.save(packed, format="PNG")
    return f"data:image/png;base64,{base64.b64encode(packed.getvalue()).decode('ascii')}"


def _frame_svg(parts: Sequence[str], frame: _Frame) -> str:
    """The SVG of all parts, cut at the frame, with grid, scale bar and north around and over them."""
    side = SIZE_MM + 2 * _EDGE_MM
    box = f'x="{_EDGE_MM}" y="{_EDGE_MM}" width="{SIZE_MM}" height="{SIZE_MM}"'
    size = f'viewBox="0 0 {side:g} {side:g}" width="{side:g}mm" height="{side:g}mm"'
    return "".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" {size}>',
            f'<clipPath id="f"><rect {box}/></clipPath><g clip-path="url(#f)">',
            *parts,
            "</g>",
            *_draw_grid(frame),
            f'<rect {box} fill="none" stroke="{_INK}" stroke-width="0.3"/>',
            *_draw_bar(frame),
            *_draw_north(),
            "</svg>",
        ]
    )


def _draw_grid(frame: _Frame) -> Iterator[str]:
    """Crosses of the grid, and its metres beside the frame: northing at the left, easting below."""
    left, bottom, right, top = frame.bounds
    step = choose_step(right - left)
    across = np.arange(np.ceil(left / step), np.floor(right / step) + 1) * step
    up = np.arange(np.ceil(bottom / step), np.floor(top / step) + 1) * step
    points = np.array([(x, y) for x in across for y in up]).reshape(-1, 2)
    crosses = "".join(f"M{x - 1:g} {y:g}h2M{x:g} {y - 1:g}v2" for x, y in frame.place(points).tolist())
    yield f'<path d="{crosses}" stroke="{_INK}" stroke-width="0.12" fill="none"/>'
    small = 'font-size="1.9" fill="#55635d" text-anchor="middle"'
    for x, (at, _) in zip(
        across, frame.place(np.array([(x, bottom) for x in across]).reshape(-1, 2)), strict=True
    ):
        yield f'<text x="{at:g}" y="{_EDGE_MM + SIZE_MM + 2.6:g}" {small}>{x:.0f}</text>'
    for y, (_, at) in zip(up, frame.place(np.array([(left, y) for y in up]).reshape(-1, 2)), strict=True):
        turned = f'transform="translate({_EDGE_MM - 1.2:g} {at:g}) rotate(-90)"'
        yield f"<text {turned} {small}>{y:.0f}</text>"


def _draw_bar(frame: _Frame) -> Iterator[str]:
    metres = choose_step(SIZE_MM * frame.metres * _BAR_SHARE, 1)
    long = metres / frame.metres
    x, y = _EDGE_MM + 3, _EDGE_MM + SIZE_MM - 3
    kilometres, rest = divmod(metres, 1000)
    label = f"{metres:g} m" if rest else f"{kilometres:g} km"
    yield f'<path d="M{x:g} {y - 1:g}v1h{long:g}v-1" fill="none" stroke="#fff" stroke-width="1.1"/>'
    yield f'<path d="M{x:g} {y - 1:g}v1h{long:g}v-1" fill="none" stroke="{_INK}" stroke-width="0.35"/>'
    yield f'<text x="{x + long / 2:g}" y="{y - 0.9:g}" text-anchor="middle" {_TEXT} {_HALO}>{label}</text>'


def _draw_north() -> Iterator[str]:
    x, y = _EDGE_MM + SIZE_MM - 5, _EDGE_MM + 3
    yield f'<path d="M{x:g} {y:g}l1.7 6l-1.7 -1.3l-1.7 1.3z" fill="{_INK}" stroke="#fff" stroke-width="0.3"/>'
    yield f'<text x="{x:g}" y="{y + 8.4:g}" text-anchor="middle" {_TEXT} {_HALO} font-weight="bold">N</text>'
