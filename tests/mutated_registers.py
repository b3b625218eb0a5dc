"""Registers spoilt in every way that we know, and what must come of each."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from functools import cache
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely

from pipeline.aoi import Aoi, Part
from pipeline.geodesy import CGCS2000, measure_areas_m2
from pipeline.settings.parcels import ParcelFile

REFUSED = "refused"
OUTLINE = shapely.Polygon([(121.80, 31.40), (121.85, 31.401), (121.849, 31.44), (121.802, 31.438)])
AOI = Aoi("a", "岛", "a", (Part("1", "岛", "a", OUTLINE, None),), "EPSG:32651", "drawn", "exact")
FORMULAS = ("=cmd|' /C calc'!A0", "@SUM(A1:A9)", "+cmd|' /C calc'!A0", '=HYPERLINK("http://x","y")', "-cmd|1")
SCRIPTS = (
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "javascript:alert(1)",
    "${jndi:x}",
    "{{7*7}}",
)
PATHS = (
    "../../../../etc/passwd",
    "..\\..\\windows\\system32",
    "/etc/shadow",
    "C:\\Windows\\a",
    "~/.ssh/id_rsa",
)
TEXTS = ("BSM", "DJDYMC", "SYQZT", "DBXSZT", "GHYT", "SYZK")

Rng = np.random.Generator


@dataclass
class Mutation:
    """A spoilt register: its table, how it is read, in which format and by what it is written."""

    table: gpd.GeoDataFrame
    file: dict = field(default_factory=dict)
    suffix: str = "gpkg"
    write: Callable[[gpd.GeoDataFrame, Path], None] | None = None


@cache
def _base() -> gpd.GeoDataFrame:
    lon, lat = (
        grid.ravel() for grid in np.meshgrid(121.81 + 0.008 * np.arange(4), 31.405 + 0.008 * np.arange(3))
    )
    shapes = shapely.box(lon, lat, lon + 0.008, lat + 0.008)
    number = np.arange(len(shapes))
    return gpd.GeoDataFrame(
        {
            "BSM": [f"3101510000000{n:05d}" for n in number],
            "ZRZYDJDYH": [f"31015150100{n:04d}" for n in number],
            "BDCDYH": [f"310151001001GB{n:05d}W00000000" for n in number],
            "DJDYMC": "东滩湿地登记单元",
            "DJDYLX": "50",
            "XZQDM": "310151",
            "DLBM": np.array(["1105", "0301", "0101"])[number % 3],
            "SYQZTLX": "1",
            "SYQZT": "全民所有",
            "DBXSZT": "自然资源部",
            "DLXSZT": "某县人民政府",
            "QLXSFS": "1",
            "QLLX": "23",
            "QLR": "欧阳锋",
            "GHYT": "湿地保护",
            "special_protection": "自然保护区",
            "BHZK": "良好",
            "SYZK": "未利用",
            "MJ": np.round(measure_areas_m2(shapes), 2),
        },
        geometry=shapes,
        crs=CGCS2000,
    )


COLUMNS = {"protection_status": "BHZK", "use_status": "SYZK"}


def base() -> gpd.GeoDataFrame:
    return _base().copy()


def one_of(rng: Rng) -> int:
    return int(rng.integers(12))


def with_shape(rng: Rng, change) -> Mutation:
    table, row = base(), one_of(rng)
    table.loc[row, "geometry"] = change(table.geometry[row], rng)
    return Mutation(table, suffix=str(rng.choice(["gpkg", "geojson", "parquet"])))


def with_cell(rng: Rng, column: str, value, *, suffix: str | None = None) -> Mutation:
    table, row = base(), one_of(rng)
    table[column] = table[column].astype(object)
    table.iloc[row, table.columns.get_loc(column)] = value
    return Mutation(table, suffix=suffix or str(rng.choice(["gpkg", "geojson", "parquet"])))


def with_crs(crs: str, said: str | None, **file) -> Mutation:
    def write(table: gpd.GeoDataFrame, path: Path) -> None:
        table.to_crs(crs).set_crs(said, allow_override=True).to_file(path)

    return Mutation(base(), file, write=write)


def bow_tie(shape, _rng):
    x, y, right, top = shape.bounds
    return shapely.Polygon([(x, y), (right, top), (right, y), (x, top)])


def spiked(shape, _rng):
    x, y, right, top = shape.bounds
    ring = [(x, y), (right, y), (right, top), (right + 0.002, top), (right, top), (x, top)]
    return shapely.Polygon(ring)


def moved(shape, rng):
    return shapely.transform(shape, lambda points: points + rng.uniform(0.001, 0.003, 2))


def with_point(value):
    def change(shape, _rng):
        return shapely.transform(shape, lambda points: np.where(points == points[0], value, points))

    return change


def swapped(table: gpd.GeoDataFrame, path: Path) -> None:
    shapes = shapely.transform(table.geometry.to_numpy(), lambda points: points[:, ::-1])
    table.set_geometry(gpd.GeoSeries(shapes, crs=table.crs)).to_file(path)


def northing_first(table: gpd.GeoDataFrame, path: Path) -> None:
    swapped(table.to_crs("EPSG:4550"), path)


def without_prj(table: gpd.GeoDataFrame, path: Path) -> None:
    table[["DLBM", "geometry"]].to_file(path)
    path.with_suffix(".prj").unlink()


def gbk(table: gpd.GeoDataFrame, path: Path) -> None:
    table[["DLBM", "DJDYMC", "geometry"]].to_file(path, encoding="GBK")
    path.with_suffix(".cpg").unlink()


def damaged_text(table: gpd.GeoDataFrame, path: Path) -> None:
    """Most texts are UTF-8, one has bytes of no encoding."""
    table["DJDYMC"] = [f"东滩湿地{n}号" for n in range(len(table))]
    table[["DLBM", "DJDYMC", "geometry"]].to_file(path, encoding="UTF-8")
    raw = path.with_suffix(".dbf").read_bytes()
    path.with_suffix(".dbf").write_bytes(raw.replace("湿地7".encode(), b"\xff\xff\xff\xfe\xfe\xfe7"))


def noise_text(table: gpd.GeoDataFrame, path: Path) -> None:
    table[["DLBM", "DJDYMC", "geometry"]].to_file(path, encoding="UTF-8")
    raw = path.with_suffix(".dbf").read_bytes()
    path.with_suffix(".dbf").write_bytes(raw.replace("东滩湿地".encode(), b"\xff" * 12))
    path.with_suffix(".cpg").unlink()


def geojson_with(ring) -> Callable[[gpd.GeoDataFrame, Path], None]:
    def write(table: gpd.GeoDataFrame, path: Path) -> None:
        content = json.loads(table.to_json())
        content["features"][4]["geometry"]["coordinates"] = [ring]
        content["crs"] = {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}
        path.write_text(json.dumps(content))

    return write


def cut_short(share: float):
    def write(table: gpd.GeoDataFrame, path: Path) -> None:
        table.to_file(path)
        raw = path.read_bytes()
        path.write_bytes(raw[: int(len(raw) * share)])

    return write


def without_shx_and_half(table: gpd.GeoDataFrame, path: Path) -> None:
    table[["DLBM", "geometry"]].to_file(path)
    path.write_bytes(path.read_bytes()[:200])


def text_file(_table: gpd.GeoDataFrame, path: Path) -> None:
    path.write_text("this is no register")


def nothing(_table: gpd.GeoDataFrame, path: Path) -> None:
    path.write_bytes(b"")


def no_geometry(table: gpd.GeoDataFrame, path: Path) -> None:
    pyogrio.write_dataframe(pd.DataFrame(table.drop(columns="geometry")), path)


def points(table: gpd.GeoDataFrame, path: Path) -> None:
    table.set_geometry(table.geometry.representative_point()).to_file(path)


def nested(table: gpd.GeoDataFrame, path: Path) -> None:
    content = json.loads(table.to_json())
    content["features"][3]["properties"]["MJ"] = {"a": [1, {"b": None}]}
    content["features"][5]["properties"]["DLBM"] = ["1105", 7]
    path.write_text(json.dumps(content))


OPEN_RING = [[121.8181, 31.4131], [121.8259, 31.4131], [121.8259, 31.4209], [121.8181, 31.4209]]
SELF_CROSSING = [
    [121.818, 31.413],
    [121.826, 31.421],
    [121.826, 31.413],
    [121.818, 31.421],
    [121.818, 31.413],
]

KINDS: dict[str, tuple[Callable[[Rng], Mutation], set[str]]] = {
    # broken geometry
    "bow tie": (lambda rng: with_shape(rng, bow_tie), {"geometry_repaired"}),
    "spike": (lambda rng: with_shape(rng, spiked), {"geometry_repaired"}),
    "null": (lambda rng: with_shape(rng, lambda *_: None), {"geometry_missing"}),
    "empty": (lambda rng: with_shape(rng, lambda *_: shapely.Polygon()), {"geometry_missing"}),
    "infinite": (
        lambda rng: replace(with_shape(rng, with_point(np.inf)), suffix="parquet"),
        {"geometry_missing"},
    ),
    "no extent": (
        lambda rng: with_shape(rng, lambda shape, _: shapely.Polygon([shape.exterior.coords[0]] * 4)),
        {"geometry_missing"},
    ),
    "line": (lambda rng: with_shape(rng, lambda shape, _: shape.exterior), {"geometry_missing"}),
    "hole outside": (
        lambda rng: with_shape(rng, lambda s, _: shapely.Polygon(s.exterior, [moved(s, rng).exterior])),
        {"geometry_repaired"},
    ),
    "moved": (
        lambda rng: Mutation(
            base().pipe(
                lambda t: t.set_geometry([*t.geometry[:5], moved(t.geometry[5], rng), *t.geometry[6:]])
            )
        ),
        {"overlap"},
    ),
    "twice": (
        lambda _: Mutation(
            base().pipe(lambda t: t.set_geometry([t.geometry[0], *t.geometry[1:11], t.geometry[0]]))
        ),
        {"geometry_duplicate"},
    ),
    "left out": (lambda rng: Mutation(base().drop(index=[int(rng.choice([5, 6]))])), {"gap"}),
    "far away": (lambda rng: with_shape(rng, with_point(1e9)), {"geometry_missing"}),
    "open ring": (
        lambda _: Mutation(base(), suffix="geojson", write=geojson_with(OPEN_RING)),
        {"geometry_repaired"},
    ),
    "two points": (
        lambda _: Mutation(base(), suffix="geojson", write=geojson_with(OPEN_RING[:2])),
        {"geometry_missing"},
    ),
    "self-crossing": (
        lambda _: Mutation(base(), suffix="geojson", write=geojson_with(SELF_CROSSING)),
        {"geometry_repaired"},
    ),
    # wrong CRS
    "zone next door": (lambda _: with_crs("EPSG:4550", "EPSG:4549"), {"register_elsewhere"}),
    "prefix in the file only": (lambda _: with_crs("EPSG:4529", "EPSG:4550"), {REFUSED}),
    "prefix in the CRS only": (lambda _: with_crs("EPSG:4550", "EPSG:4529"), {REFUSED}),
    "another prefix": (lambda _: with_crs("EPSG:4529", "EPSG:4528"), {REFUSED}),
    "degrees as metres": (lambda _: with_crs(CGCS2000, "EPSG:4550"), {REFUSED}),
    "metres as degrees": (lambda _: with_crs("EPSG:4550", CGCS2000), {REFUSED}),
    "latitude first": (lambda _: Mutation(base(), write=swapped), {REFUSED}),
    "northing first": (lambda _: Mutation(base(), write=northing_first), {REFUSED}),
    "no CRS": (lambda _: Mutation(base(), suffix="shp", write=without_prj), {REFUSED}),
    "no such CRS": (lambda _: Mutation(base(), {"crs": "EPSG:999999"}), {REFUSED}),
    "wrong CRS in the config": (
        lambda _: Mutation(base(), {"crs": "EPSG:28992"}),
        {REFUSED},
    ),
    "no way to CGCS2000": (lambda _: with_crs(CGCS2000, "EPSG:4610"), {REFUSED}),
    # wrong encoding
    "GBK read as UTF-8": (
        lambda _: Mutation(base(), {"encoding": "UTF-8"}, "shp", gbk),
        {REFUSED},
    ),
    "no such encoding": (
        lambda _: Mutation(base(), {"encoding": "utf-9"}, "shp", gbk),
        {REFUSED},
    ),
    "a damaged text": (lambda _: Mutation(base(), suffix="shp", write=damaged_text), {"value_unusable"}),
    "all texts damaged": (lambda _: Mutation(base(), suffix="shp", write=noise_text), {REFUSED}),
    # missing columns
    "a column less": (
        lambda rng: Mutation(
            base().drop(columns=str(rng.choice(["DLBM", "SYQZTLX", "QLLX", "GHYT", "MJ", "XZQDM"])))
        ),
        {"missing_column"},
    ),
    "no column": (lambda _: Mutation(base()[["geometry"]]), {"missing_column"}),
    "mapped and not there": (
        lambda _: Mutation(base(), {"columns": {"dlbm": "LANDUSE"}}),
        {REFUSED},
    ),
    "renamed": (lambda _: Mutation(base().rename(columns={"DLBM": "地类"})), {"missing_column"}),
    # wrong types and values
    "area in words": (lambda rng: with_cell(rng, "MJ", "约三十亩", suffix="geojson"), {"value_unusable"}),
    "area below zero": (lambda rng: with_cell(rng, "MJ", -float(rng.uniform(1, 1e6))), {"value_unusable"}),
    "area without end": (lambda rng: with_cell(rng, "MJ", "9" * 400, suffix="geojson"), {"value_unusable"}),
    "area off": (lambda rng: with_cell(rng, "MJ", float(rng.uniform(1, 1e5))), {"area_mismatch"}),
    "areas in mu": (lambda _: Mutation(base().assign(MJ=base()["MJ"] * 15 / 1e4)), {"area_unit_doubtful"}),
    "areas in ha": (lambda _: Mutation(base().assign(MJ=base()["MJ"] / 1e4)), {"area_unit_doubtful"}),
    "land class unknown": (
        lambda rng: with_cell(rng, "DLBM", str(rng.choice(["9999", "林地", "x"]))),
        {"land_class_unknown"},
    ),
    "owner of no dictionary": (
        lambda rng: with_cell(rng, "SYQZTLX", str(rng.integers(3, 99))),
        {"value_unusable"},
    ),
    "right of no dictionary": (
        lambda rng: with_cell(rng, "QLLX", str(rng.choice(["abc", "777"]))),
        {"value_unusable"},
    ),
    "unit code too short": (lambda rng: with_cell(rng, "ZRZYDJDYH", "31015"), {"unit_code_form"}),
    "parcel code too long": (lambda rng: with_cell(rng, "BDCDYH", "3" * 29), {"parcel_code_form"}),
    "codes as numbers": (
        lambda rng: Mutation(base().assign(BDCDYH=rng.random(12) * 1e9)),
        {"parcel_code_form"},
    ),
    "key twice": (lambda _: Mutation(base().assign(BSM="310151")), {"code_duplicate"}),
    "nested values": (lambda _: Mutation(base(), suffix="geojson", write=nested), {"value_unusable"}),
    "yes and no for areas": (
        lambda rng: Mutation(base().assign(MJ=rng.random(12) > 0.5)),
        {"value_unusable"},
    ),
    "dates for codes": (
        lambda _: Mutation(base().assign(SYQZTLX=pd.Timestamp("2024-05-01"))),
        {"value_unusable"},
    ),
    # empty
    "no row": (lambda _: Mutation(base().iloc[:0]), {REFUSED}),
    "no row in GeoParquet": (lambda _: Mutation(base().iloc[:0], suffix="parquet"), {REFUSED}),
    "no byte": (
        lambda rng: Mutation(
            base(), suffix=str(rng.choice(["gpkg", "shp", "geojson", "parquet"])), write=nothing
        ),
        {REFUSED},
    ),
    "no geometry": (lambda _: Mutation(base(), write=no_geometry), {REFUSED}),
    "points": (lambda _: Mutation(base(), write=points), {REFUSED}),
    "text": (
        lambda rng: Mutation(
            base(), suffix=str(rng.choice(["gpkg", "shp", "geojson", "parquet"])), write=text_file
        ),
        {REFUSED},
    ),
    "cut short": (
        lambda rng: Mutation(
            base(), suffix=str(rng.choice(["geojson", "gpkg"])), write=cut_short(rng.uniform(0.1, 0.6))
        ),
        {REFUSED},
    ),
    "shapes cut short": (
        lambda _: Mutation(base(), suffix="shp", write=without_shx_and_half),
        {REFUSED, "geometry_missing"},
    ),
    # huge
    "huge text": (
        lambda rng: with_cell(
            rng, str(rng.choice(TEXTS)), "滩" * int(rng.integers(10**5, 10**6)), suffix="gpkg"
        ),
        {"value_unusable"},
    ),
    "control characters": (
        lambda rng: with_cell(rng, str(rng.choice(TEXTS)), "东\x01滩\x0b湿\x1b地", suffix="geojson"),
        {"value_unusable"},
    ),
    # what programs could take for a command
    "formula": (
        lambda rng: with_cell(rng, str(rng.choice(TEXTS)), str(rng.choice(FORMULAS))),
        {"text_suspicious"},
    ),
    "script": (
        lambda rng: with_cell(rng, str(rng.choice(TEXTS)), str(rng.choice(SCRIPTS))),
        {"text_suspicious"},
    ),
    "path in an id": (
        lambda rng: with_cell(rng, str(rng.choice(["BSM", "BDCDYH", "ZRZYDJDYH"])), str(rng.choice(PATHS))),
        {"text_suspicious"},
    ),
}


def write(mutation: Mutation, folder: Path) -> ParcelFile:
    path = folder / f"register.{mutation.suffix}"
    if mutation.write:
        mutation.write(mutation.table.copy(), path)
    elif mutation.suffix == "parquet":
        mutation.table.to_parquet(path)
    else:
        mutation.table.to_file(path)
    there = {
        ours: theirs
        for ours, theirs in COLUMNS.items()
        if theirs in mutation.table and mutation.suffix != "shp"
    }
    options = {"columns": there, **mutation.file}
    return ParcelFile(path=str(path), **options)
