"""Flags that lie, acquisitions that come twice, metadata that drift: the pixels stay right."""

import copy
import json
from datetime import UTC, date, datetime, timedelta
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import shapely
from numpy.typing import NDArray

from pipeline.contracts import Scene
from pipeline.geodesy import unproject
from pipeline.ingest.reading.blocks import read_bands, read_looks
from pipeline.ingest.scenes.choice import choose, to_table
from pipeline.ingest.scenes.items import candidate_of
from pipeline.ingest.scenes.offsets import apply_offset
from pipeline.settings import Scenes
from tests.scenery import UTM, grid_of_px, request_of, written

SIZE = 128
GRID = grid_of_px(SIZE, SIZE)
AREA = unproject(shapely.box(*GRID.block_bounds(GRID.whole)), UTM)
EVER = Scenes(start=date(2015, 1, 1), end=date(2025, 12, 31), missions=["sentinel-2"])
KEYS = {"red": "B04", "nir": "B08", "blue": "B02"}
MAPPED = ("red", "nir")
COLLECTIONS = ["sentinel-2-c1-l2a", "sentinel-2-l2a"]


def land() -> dict[str, NDArray[np.int64]]:
    """Reflectance times 10000 over dark plants and water, with no symmetry; and what SCL says."""
    rng = np.random.default_rng(3)
    water = np.add.outer(np.arange(SIZE), np.arange(SIZE) ** 1.3) < 55
    red = np.where(water, rng.integers(200, 500, water.shape), rng.integers(300, 900, water.shape))
    nir = np.where(water, rng.integers(50, 200, water.shape), rng.integers(2500, 4500, water.shape))
    return {"red": red, "nir": nir, "blue": red // 2 + 100, "scl": np.where(water, 6, 4)}


def files(folder: Path, offset_dn: int, seen: slice = slice(None)) -> dict[str, str]:
    """The land as files of a scene, its numbers shifted by an offset, nothing outside the columns seen."""
    out = np.ones((SIZE, SIZE), dtype=bool)
    out[:, seen] = False
    paths = {}
    for band, numbers in land().items():
        stored = numbers if band == "scl" else numbers + offset_dn
        kind = np.uint8 if band == "scl" else np.uint16
        paths[band] = str(written(folder / f"{band}.tif", np.where(out, 0, stored).astype(kind)))
    return paths


def earth_search(name: str, paths: dict[str, str], **properties) -> dict:
    """An item in the manner of Earth Search, Collection 1."""
    assets = {band: {"href": path} for band, path in paths.items()}
    for band in KEYS:
        assets[band]["raster:bands"] = [{"nodata": 0, "scale": 0.0001, "offset": -0.1}]
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": COLLECTIONS[0],
        "geometry": shapely.geometry.mapping(AREA),
        "bbox": list(AREA.bounds),
        "links": [],
        "properties": {
            "datetime": "2024-05-01T02:39:41.036000Z",
            "platform": "sentinel-2b",
            "eo:cloud_cover": 12.5,
            "grid:code": "MGRS-51RUQ",
            "proj:epsg": 32651,
            "s2:processing_baseline": "05.10",
            "s2:product_uri": "S2B_MSIL2A_20240501T023009_N0510_R046_T51RUQ_20240501T070000.SAFE",
            "s2:datatake_id": "GS2B_20240501T023009_037361_N05.10",
            "s2:datastrip_id": "S2B_OPER_MSI_L2A_DS_2BPS_20240501T070000_S20240501T023010_N05.10",
            "updated": "2024-05-02T01:02:03.456Z",
            **properties,
        },
        "assets": assets,
    }


def reflectance(scenes: list[Scene]) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Who owns each pixel of each date, and red and near infrared (band, date, y, x) there, as it is read."""
    request = request_of(GRID, scenes, MAPPED)
    looks = read_looks(request)
    stacks = np.zeros((2, *looks.owner.shape), dtype=np.int16)
    bands = [band.stack.astype(np.float64) / 1e4 for band in read_bands(request, looks, stacks)]
    return looks.owner, np.stack(bands)


def ndvi(red: NDArray[np.float64], nir: NDArray[np.float64]) -> NDArray[np.float64]:
    return (nir - red) / (nir + red)


TRUE_NDVI = ndvi(*(land()[band].astype(np.float64) for band in MAPPED))
FLAGS = {"true": {"earthsearch:boa_offset_applied": True}, "false": {"earthsearch:boa_offset_applied": False}}


@pytest.mark.parametrize("flag", ["true", "false", "missing"])
@pytest.mark.parametrize("applied", [True, False])
def test_offset_flags_lie_and_the_pixels_do_not(tmp_path, applied, flag, reader):
    item = earth_search("scene", files(tmp_path, 0 if applied else 1000), **FLAGS.get(flag, {}))
    scene = apply_offset(candidate_of(item), reader)
    _, (red, nir) = reflectance([scene])
    assert np.abs(ndvi(red[0], nir[0]) - TRUE_NDVI).max() <= 1e-3
    assert scene.offset_conflict is (applied or flag == "true")


@pytest.mark.parametrize("stated", [True, False])
def test_a_collection_1_scene_from_before_2022_has_the_offset_too(tmp_path, stated, reader):
    item = earth_search(
        "S2B_T51RUQ_20180501T023010_L2A",
        files(tmp_path, 1000),
        **{"datetime": "2018-05-01T02:39:41Z", "s2:processing_baseline": "05.00"},
    )
    if not stated:
        for band in KEYS:
            del item["assets"][band]["raster:bands"]
    scene = apply_offset(candidate_of(item), reader)
    _, (red, nir) = reflectance([scene])
    assert np.abs(ndvi(red[0], nir[0]) - TRUE_NDVI).max() <= 1e-3
    assert not scene.offset_conflict


def as_processed(item: dict, name: str, baseline: str) -> dict:
    text = baseline.replace(".", "")
    own = {
        "s2:processing_baseline": baseline,
        "s2:product_uri": f"S2B_MSIL2A_20240501T023009_N{text}_R046_T51RUQ_20241001T000000.SAFE",
    }
    return {**copy.deepcopy(item), "id": name, "properties": {**item["properties"], **own}}


def of_strip(item: dict, name: str, sensed: str) -> dict:
    strip = f"S2B_OPER_MSI_L2A_DS_2BPS_20240501T070000_S{sensed}_N05.10"
    return {**item, "id": name, "properties": {**item["properties"], "s2:datastrip_id": strip}}


@pytest.mark.parametrize("kind", ["reprocessing", "datastrips", "two collections", "repeated pages"])
def test_a_pixel_is_observed_once_a_solar_day(tmp_path, kind, reader):
    first = earth_search("first", files(tmp_path / "first", 1000))
    again = files(tmp_path / "again", 1000)
    match kind:
        case "reprocessing":
            items = [as_processed(first, "old", "05.00"), first]
        case "datastrips":
            upper = of_strip(
                earth_search("a", files(tmp_path / "a", 1000, slice(0, 40))), "a", "20240501T023010"
            )
            lower = of_strip(
                earth_search("b", files(tmp_path / "b", 1000, slice(24, None))), "b", "20240501T023524"
            )
            items = [upper, lower]
        case "two collections":
            twin = earth_search("S2B_51RUQ_20240501_0_L2A", again) | {"collection": COLLECTIONS[1]}
            items = [twin, first]
        case _:
            items = [first, copy.deepcopy(first), first]
    next_day = earth_search(
        "next",
        files(tmp_path / "next", 1000),
        **{
            "datetime": "2024-05-06T02:39:41Z",
            "s2:product_uri": "S2A_MSIL2A_20240506T023009_N0510_R046_T51RUQ_20240506T070000.SAFE",
            "s2:datatake_id": "GS2A_20240506T023009_046000_N05.10",
            "platform": "sentinel-2a",
        },
    )
    choice = choose([*items, next_day], AREA, EVER, COLLECTIONS)
    kept = {"reprocessing": ["first"], "datastrips": ["a", "b"]}.get(kind, ["first"])
    assert [one.scene.id for one in choice.candidates] == [*kept, "next"]
    owner, bands = reflectance([apply_offset(one, reader) for one in choice.candidates])
    assert len(owner) == 2
    assert ((owner > 0).sum(axis=0) == 2).all()
    truth = np.stack([land()[band] / 1e4 for band in MAPPED])
    for day in range(2):
        np.testing.assert_allclose(bands[:, day], truth, atol=5e-5)


def renamed(item: dict, keys: dict[str, str]) -> dict:
    return {keys[key]: asset for key, asset in copy.deepcopy(item["assets"]).items()}


def legacy(item: dict) -> dict:
    """The older collection of Earth Search: another id and a flag, the same keys."""
    properties = {**item["properties"], "earthsearch:boa_offset_applied": False, "s2:sequence": "0"}
    return {
        **item,
        "id": "S2B_51RUQ_20240501_0_L2A",
        "collection": COLLECTIONS[1],
        "properties": properties,
    }


def planetary_computer(item: dict) -> dict:
    """No raster:bands, no `updated`, the tile without a prefix, the time of the datatake."""
    said = dict(item["properties"])
    for gone in ("grid:code", "updated"):
        del said[gone]
    said |= {
        "platform": "Sentinel-2B",
        "datetime": "2024-05-01T02:30:09.024000Z",
        "s2:mgrs_tile": "51RUQ",
        "s2:generation_time": "2024-05-01T07:00:00.123456Z",
        "sat:relative_orbit": 46,
    }
    assets = renamed(item, {**KEYS, "scl": "SCL"})
    for asset in assets.values():
        asset.pop("raster:bands", None)
    return {
        **item,
        "id": "S2B_MSIL2A_20240501T023009_R046_T51RUQ_20240501T070000",
        "collection": "sentinel-2-l2a",
        "properties": said,
        "assets": assets,
    }


def cdse(item: dict) -> dict:
    """Tile and baseline under other names or in the id alone; CRS, scale and offset on the assets."""
    said = {key: item["properties"][key] for key in ("platform", "eo:cloud_cover")}
    said |= {
        "datetime": "2024-05-01T02:30:09.024Z",
        "updated": "2024-06-01T19:55:18.794294Z",
        "processing:version": "05.10",
        "eopf:datatake_id": "GS2B_20240501T023009_037361_N05.10",
        "eopf:datastrip_id": "S2B_OPER_MSI_L2A_DS_2BPS_20240501T070000_S20240501T023010_N05.10",
        "sat:relative_orbit": 46,
    }
    assets = renamed(item, {**{band: f"{key}_10m" for band, key in KEYS.items()}, "scl": "SCL_20m"})
    for asset in assets.values():
        asset["proj:epsg"] = item["properties"]["proj:epsg"]
    return {
        **item,
        "id": "S2B_MSIL2A_20240501T023009_N0510_R046_T51RUQ_20240501T070000",
        "collection": "sentinel-2-l2a",
        "properties": said,
        "assets": assets,
    }


def with_projection_2(item: dict) -> dict:
    """proj:code in place of proj:epsg."""
    item = copy.deepcopy(item)
    for fields in (item["properties"], *item["assets"].values()):
        if "proj:epsg" in fields:
            fields["proj:code"] = f"EPSG:{fields.pop('proj:epsg')}"
    return item


def with_stac_1_1(item: dict) -> dict:
    """`bands` with raster:scale and raster:offset in place of raster:bands."""
    item = copy.deepcopy(item) | {"stac_version": "1.1.0"}
    for asset in item["assets"].values():
        for stated in asset.pop("raster:bands", []):
            asset["bands"] = [{"name": "band"}]
            asset |= {"raster:scale": stated["scale"], "raster:offset": stated["offset"]}
    return item


DIALECTS = {"c1": lambda item: item, "l2a": legacy, "planetary computer": planetary_computer, "cdse": cdse}
OF_THE_COPY = ["id", "updated", "item_sha256", "assets", "offset_evidence", "datetime", "geometry"]
"""What tells one provider's copy of a scene from another's; its time is that of the granule or datatake."""


def forget_names(assets: str) -> str:
    """Assets as a table holds them, but for what their bands may be called in a file of several."""
    return json.dumps({band: {**said, "band": None} for band, said in json.loads(assets).items()})


def test_one_scene_in_four_dialects_gives_one_row_and_one_reflectance(tmp_path, reader):
    item = earth_search("S2B_T51RUQ_20240501T023010_L2A", files(tmp_path, 1000))
    drifts = [
        [lambda item: item, with_projection_2][projection](
            [lambda item: item, with_stac_1_1][version](spoken)
        )
        for spoken, projection, version in product(
            (dialect(item) for dialect in DIALECTS.values()), (0, 1), (0, 1)
        )
    ]
    candidates = [candidate_of(drift) for drift in drifts]
    assert len({candidate.acquisition for candidate in candidates}) == 1
    for number, drift in enumerate(drifts):
        drift["id"] = f"{drift['id']}_{number}"
    assert len(choose(drifts, AREA, EVER, COLLECTIONS).candidates) == 1

    scenes = [apply_offset(candidate, reader) for candidate in candidates]
    rows = [
        to_table([scene], [candidate.outline]) for scene, candidate in zip(scenes, candidates, strict=True)
    ]
    assert len({tuple(row.drop(columns=OF_THE_COPY).iloc[0].astype(str)) for row in rows}) == 1
    assert len({forget_names(row["assets"].iloc[0]) for row in rows}) == 1
    moments = [scene.datetime for scene in scenes]
    assert max(moments) - min(moments) < timedelta(minutes=15)
    assert min(moments) >= datetime(2024, 5, 1, 2, 30, tzinfo=UTC)
    truth = np.stack([land()[band] / 1e4 for band in MAPPED])
    for scene in scenes:
        _, bands = reflectance([scene])
        np.testing.assert_allclose(bands[:, 0], truth, atol=5e-5)
