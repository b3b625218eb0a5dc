"""What the project draws: choices of the rows of layers, and rasters, each checked to be of its delivery."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from pipeline.contracts import Raster
from pipeline.legends import LAND_COVER, Legend
from pipeline.outputs.columns import Language
from pipeline.outputs.markup import quote_name, quote_text
from pipeline.outputs.qgis.looks import StyledLayer
from pipeline.outputs.ramps import Stops, find_stops
from pipeline.outputs.texts import find_text, name_unit
from pipeline.periods import Period

PROJECT_NAME = "ecoledger"
IDENTITY = "urn:ecoledger:identity"
"""Under this name the metadata of a GeoPackage holds what only its own data have."""
TABLE_OF_PRODUCTS = "inventory"
WATER = "water"
"""Stem of the rasters of water alone."""
_OWN = "EXISTS (SELECT 1 FROM gpkg_metadata WHERE md_standard_uri = '{name}' AND metadata = '{identity}')"
_GROUND = "fid IN (SELECT min(fid) FROM inventory{where} GROUP BY parcel_id)"
_ARROW = " → "


@dataclass(frozen=True)
class LayerView:
    """Rows of a layer that the project shows as a layer: those of one `moment`, or all where it is empty.

    With `ground` a parcel is drawn once, for all its products of the period.
    """

    layer: StyledLayer
    id: str
    title: str
    moment: tuple[str, ...] = ()
    shown: bool = False
    ground: bool = False

    @property
    def stem(self) -> str:
        """The name of its layer."""
        return self.layer.name

    @property
    def told(self) -> str:
        """Of which period it is, as its title begins."""
        return _ARROW.join(self.moment)

    def build_filter(self, identity: str) -> str:
        """The rows in SQL: none where the file is not the one that the project came with."""
        own = _OWN.format(name=IDENTITY, identity=identity)
        asked = zip(self.layer.moment_columns, self.moment, strict=False)
        chosen = " AND ".join(f"{quote_name(column)} = {_quote_sql(value)}" for column, value in asked)
        if self.ground:
            where = f" WHERE {chosen}" if chosen else ""
            chosen = _GROUND.format(where=where)
        return f"{own} AND {chosen}" if chosen else own


@dataclass(frozen=True)
class RasterView:
    """A raster beside the GeoPackage, of so many bytes, drawn by its legend or by stops in a unit.

    `kind` is what its kind is called, `stem` how its files begin, `moment` tells it from others of its kind.
    """

    id: str
    title: str
    kind: str
    file: str
    size: int
    stem: str
    moment: str
    legend: Legend | None = None
    stops: Stops = ()
    unit: str = ""
    shown: bool = False

    def build_opacity(self) -> str:
        """Its opacity in percent as an expression: nothing is drawn of a file that is another delivery's."""
        path = f"layer_property({quote_text(self.id)}, 'path')"
        return f"if(file_size({path}) = {self.size}, 100, 0)"


def build_layer_id(name: str) -> str:
    """Id of a layer in the project."""
    # QGIS gives a new id to a layer whose id is shorter than ten characters, and so loses the tree.
    return f"{PROJECT_NAME}_{name}"


def list_views(layers: Sequence[StyledLayer], language: Language) -> list[LayerView]:
    """The views of layers from the top of the map to the bottom; of each layer the last period first.

    A layer of several periods has a view of each, and one of all its rows, to which relations lead.
    """
    drawn = sorted(layers, key=lambda layer: layer.place)
    return [view for layer in drawn for view in _list_views_of(layer, language)]


def _list_views_of(layer: StyledLayer, language: Language) -> Iterator[LayerView]:
    ground = layer.name == TABLE_OF_PRODUCTS
    whole = LayerView(layer, build_layer_id(layer.name), layer.title, shown=layer.shown and not ground)
    if not ground and len(layer.moments) <= 1:
        yield whole
        return
    title = find_text("layer.ground", language) + layer.mark if ground else layer.title
    for number, moment in enumerate(reversed(layer.moments or ((),))):
        name = "_".join([layer.name, *(["ground"] if ground else []), *moment])
        shown = layer.shown and number == 0
        told = f"{_ARROW.join(moment)} {title}".strip()
        yield LayerView(layer, build_layer_id(name), told, moment, shown, ground)
    yield LayerView(layer, whole.id, find_text("project.all", language).format(title=layer.title))


def list_raster_views(
    rasters: Sequence[Raster], folder: Path, periods: Sequence[Period], language: Language, mark: str = ""
) -> list[RasterView]:
    """Views of the rasters that lie in a folder, those with a style; of each kind the last period first.

    `mark` is what titles end with where data are simulated. Water of each map of land cover comes alone too,
    to lie over vegetation cover, of which water has none.
    """
    labels = {period.label: period for period in periods}
    views = [
        _build_raster_view(raster, folder / f"{raster.name}.tif", labels, language, mark)
        for raster in rasters
        if not raster.banded
    ]
    return [*_list_waters(views, language, mark), *reversed(views)]


def _build_raster_view(
    raster: Raster, path: Path, periods: Mapping[str, Period], language: Language, mark: str
) -> RasterView:
    ends = _find_moment(raster, periods)
    title = raster.title_zh if language == "zh" else raster.title_en
    return RasterView(
        id=build_layer_id(f"raster_{raster.name}"),
        title=f"{_ARROW.join(ends)} {title}{mark}".strip(),
        kind=title,
        file=f"rasters/{raster.name}.tif",
        size=path.stat().st_size,
        stem=raster.name.removesuffix("".join(f"_{label}" for label in ends)),
        moment=_ARROW.join(ends),
        legend=raster.legend,
        stops=() if raster.legend else find_stops(raster, path),
        unit=name_unit(raster.unit, language),
    )


def _find_moment(raster: Raster, periods: Mapping[str, Period]) -> tuple[str, ...]:
    """The labels of the periods of a raster, which end its name: one, or the first and the last."""
    first = [label for label, period in periods.items() if period.first == raster.first_day]
    last = [label for label, period in periods.items() if period.last == raster.last_day]
    for start in first:
        for end in last:
            ends = (start,) if start == end else (start, end)
            if raster.name.endswith("".join(f"_{label}" for label in ends)):
                return ends
    return ()


def _list_waters(views: Sequence[RasterView], language: Language, mark: str) -> list[RasterView]:
    entry = LAND_COVER.classes[0]
    water = Legend(WATER, entry.name_zh, entry.name_en, (entry,))
    name = entry.name(language)
    return [
        RasterView(
            id=f"{view.id}_{WATER}",
            title=f"{view.moment} {name}{mark}",
            kind=name,
            file=view.file,
            size=view.size,
            stem=WATER,
            moment=view.moment,
            legend=water,
        )
        for view in reversed(views)
        if view.stem == "land_cover" and view.legend is LAND_COVER
    ]


def _quote_sql(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"
