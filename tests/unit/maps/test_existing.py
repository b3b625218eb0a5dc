"""Land cover from existing maps: on the grid of an area, through the plan, and what is refused."""

from collections import Counter
from dataclasses import replace
from datetime import date
from unittest.mock import patch

import geopandas as gpd
import numpy as np
import pytest

from pipeline.engine.executors import Threads
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.errors import SettingsError
from pipeline.flow import deliver
from pipeline.flow.validation import validate_settings
from pipeline.grid import BlockPlan
from pipeline.legends import ECOSYSTEM, LAND_COVER, NODATA_CLASS, code_change
from pipeline.maps.change import CHANGE_THAT_COUNTS, TRANSITIONS
from pipeline.maps.ecosystem import TYPE_CHANGE, TYPE_TRANSITIONS
from pipeline.maps.land_cover.existing import EXISTING_MAP, MAP_CODES
from pipeline.maps.land_cover.showing import NO_MAP
from pipeline.maps.layout import Layout
from pipeline.maps.making import make_maps
from pipeline.maps.showing import list_warnings
from pipeline.settings import Scenes, load_settings
from pipeline.settings.maps import LandCover, LandMap
from pipeline.storage.tables import load_json
from pipeline.storage.workspace import Workspace
from tests.mapmaking import no_scenes
from tests.scenery import LEFT, TOP, written
from tests.unit.conftest import SIZE

LAND_STEPS = (EXISTING_MAP, MAP_CODES, TRANSITIONS, CHANGE_THAT_COUNTS, TYPE_TRANSITIONS, TYPE_CHANGE)
FOREST, CROP, BUILT, WATER = 10, 40, 50, 80
LOST = (slice(120, 130), slice(150, 170))
SPECK = (slice(90, 91), slice(100, 102))
STRANGE, HOLE = (slice(200, 204), slice(60, 70)), (slice(200, 202), slice(80, 90))


def ground():
    """Forest, a belt of fields, a river; codes of WorldCover."""
    codes = np.full((SIZE, SIZE), FOREST, dtype=np.uint8)
    codes[60:110], codes[:, 220:240] = CROP, WATER
    return codes


def later():
    """The same, a wood built over, a speck of two pixels, a code of no class, a hole."""
    codes = ground()
    codes[LOST], codes[SPECK], codes[STRANGE], codes[HOLE] = BUILT, BUILT, 13, 0
    return codes


def finer(codes):
    """The codes at half the pixel, a lone pixel of another class in each corner."""
    fine = codes.repeat(2, axis=0).repeat(2, axis=1)
    fine[::2, ::2] = np.where(fine[::2, ::2] == 0, 0, WATER)
    return fine


def mapped_area(
    area, tmp_path, product="worldcover-v200", labels=("2024-05", "2024-06"), end=date(2024, 6, 30)
):
    paths = [
        written(tmp_path / "one.tif", finer(ground()), pixel_m=5),
        written(tmp_path / "two.tif", later(), left=LEFT, top=TOP),
    ]
    maps = {
        label: LandMap(path=str(path), product=product) for label, path in zip(labels, paths, strict=False)
    }
    scenes = Scenes.model_validate(area.settings.scenes.model_dump() | {"end": end})
    rules = LandCover(method="map", maps=maps)
    return replace(area, settings=area.settings.model_copy(update={"land_cover": rules, "scenes": scenes}))


def on_grid(area, codes):
    """What is planted on the pixels of the grid of an area."""
    down, across = round((TOP - area.grid.top) / 10), round((area.grid.left - LEFT) / 10)
    return codes[down : down + area.grid.height, across : across + area.grid.width]


def land_in(area, tmp_path, edge):
    """The maps of land cover in blocks of an edge, and their layers by period."""
    layout = Layout(BlockPlan(edge, 1), BlockPlan(edge, 1), 0, 0)
    with (
        Workspace(tmp_path / f"work{edge}").hold() as workspace,
        patch("pipeline.maps.making.plan_layout", lambda *_: layout),
    ):
        run = Run(workspace, Threads(1), Bars(quiet=True))
        maps = make_maps(run, area, no_scenes(run, area), LAND_STEPS)
        stores = [maps.open("land_cover", period) for period in area.periods]
        return maps, [{str(name): store[name].to_numpy() for name in store} for store in stores]


def test_a_map_becomes_classes_and_types_whatever_the_blocks_and_what_is_unknown_is_named(planted, tmp_path):
    area = mapped_area(planted, tmp_path)
    maps, (before, after) = land_in(area, tmp_path, 256)
    inside = area.grid.mask_geometry(area.outline, area.grid.whole)
    names = {FOREST: ("vegetation", "forest"), CROP: ("vegetation", "farmland")}
    names |= {BUILT: ("built", "urban"), WATER: ("water", "wetland")}
    for layers, codes in ((before, ground()), (after, later())):
        planted_codes = on_grid(area, codes)
        for code, (cover, kind) in names.items():
            here = inside & (planted_codes == code)
            assert (layers["land_cover"][here] == LAND_COVER.code(cover)).all()
            assert (layers["ecosystem"][here] == ECOSYSTEM.code(kind)).all()
        unknown = ~inside | ~np.isin(planted_codes, list(names))
        assert (layers["land_cover"][unknown] == NODATA_CLASS).all()
        assert (layers["confidence"] == -32768).all()
    total = int(inside.sum())
    (warning,) = list_warnings(maps)
    assert warning.startswith("land_cover 2024-06: worldcover-v200 (two.tif): 20 of ")
    assert f"20 of {total} pixels without data" in warning
    assert f"40 of {total} pixels of codes without a class" in warning
    assert warning.endswith(": 13 (40)")
    _, again = land_in(area, tmp_path, 160)
    for one, other in zip((before, after), again, strict=True):
        assert all((one[name] == other[name]).all() for name in one)


def test_the_content_of_the_file_names_the_store_not_its_place(planted, tmp_path):
    area = mapped_area(planted, tmp_path)
    keys = land_in(area, tmp_path, 256)[0].keys["land_cover"]
    (tmp_path / "two.tif").rename(tmp_path / "moved.tif")
    moved = LandMap(path=str(tmp_path / "moved.tif"), product="worldcover-v200")
    rules = area.settings.land_cover
    rules = rules.model_copy(update={"maps": {**rules.maps, "2024-06": moved}})
    other = replace(area, settings=area.settings.model_copy(update={"land_cover": rules}))
    assert land_in(other, tmp_path, 256)[0].keys["land_cover"] == keys
    written(tmp_path / "moved.tif", ground())
    assert land_in(other, tmp_path, 256)[0].keys["land_cover"][1] != keys[1]


def test_change_between_two_maps_counts_by_its_size_alone(planted, tmp_path):
    area = mapped_area(planted, tmp_path)
    maps, _ = land_in(area, tmp_path, 256)
    found = {}
    for step, layer in (("change", "land_cover"), ("ecosystem_change", "ecosystem")):
        change = maps.open(step, area.pairs[0])
        found[layer] = change["change"].to_numpy()
        assert (change["confidence"].to_numpy() == -32768).all()
    lost = np.zeros((SIZE, SIZE), dtype=bool)
    lost[LOST] = True
    unknown = np.zeros_like(lost)
    unknown[STRANGE] = unknown[HOLE] = True
    inside = area.grid.mask_geometry(area.outline, area.grid.whole)
    for layer, legend, kinds in (
        ("land_cover", LAND_COVER, ("vegetation", "built")),
        ("ecosystem", ECOSYSTEM, ("forest", "urban")),
    ):
        code = code_change(*(legend.code(kind) for kind in kinds))
        expected = np.where(on_grid(area, lost), code, 0)
        expected[on_grid(area, unknown) | ~inside] = NODATA_CLASS
        assert (found[layer] == expected).all()


@pytest.mark.slow
def test_a_delivery_from_maps_says_what_rests_on_them_and_where_there_is_none(run, planted, tmp_path):
    area = mapped_area(planted, tmp_path, end=date(2024, 7, 31))
    delivered = deliver(run, area)
    patches = gpd.read_file(delivered.folder / "inventory.gpkg", layer="change_patches")
    assert patches["from_period"].tolist() == ["2024-05"]
    assert patches["area_m2"].tolist() == pytest.approx([200 * 100], rel=2e-3)
    assert patches["confidence"].isna().all()
    assert "brings no confidence" in patches["confidence_basis"].iloc[0]
    figures = delivered.indicators.set_index(["period", "indicator"])
    gain = figures.loc[("2024-05/2024-06", "built_gain_share")]
    assert gain["numerator"] == pytest.approx(200 * 100, rel=2e-3)
    assert "worldcover-v200 (one.tif) / worldcover-v200 (two.tif)" in gain["source"]
    assert figures.loc[("2024-05", "ecosystem_share:farmland"), "value"] > 0.1
    assert figures.loc[("2024-05/2024-06", "farmland_loss_rate"), "value"] == 0
    shares = figures.loc["2024-07"]
    for name in ("class_share:water", "ecosystem_share:forest", "vegetation_cover_share_land"):
        assert np.isnan(shares.loc[name, "value"])
        assert shares.loc[name, "reason"] == NO_MAP
    for name in ("changed_share", "wetland_loss_rate"):
        assert figures.loc[("2024-06/2024-07", name), "reason"] == NO_MAP
    manifest = load_json(delivered.folder / "manifest.json")
    assert [text.split("：")[0] for text in manifest["warnings"] if "land_cover" in text] == [
        "land_cover 2024-06",
        "land_cover 2024-07",
    ]
    assert {"one.tif", "two.tif"} <= set(manifest["inputs"])
    names = Counter(path.name.split("_2024")[0] for path in (delivered.folder / "rasters").glob("*.tif"))
    assert names["ecosystem"] == 3
    assert names["ecosystem_change"] == 2
    assert "land_cover_confidence" not in names


def config(tmp_path, maps):
    for name in ("one.tif", "two.tif"):
        written(tmp_path / name, ground()[:8, :8], nodata=255)
    text = f"""
label: "2024"
aoi: [longyou_bay]
scenes: {{provider: simulated, start: 2020-01-01, end: 2022-12-31}}
land_cover:
  method: map
  maps:
{maps}
"""
    (tmp_path / "run.yaml").write_text(text, encoding="utf-8")
    return tmp_path / "run.yaml"


@pytest.mark.parametrize(
    ("one", "other", "words"),
    [
        ("worldcover-v100", "worldcover-v200", "different versions of the algorithm"),
        ("worldcover-v200", "worldcover-v100", "different versions of the algorithm"),
        ("worldcover-v200", "dynamic-world", "different products differ in method"),
        ("ours, classes: {1: forest}", "ours, classes: {1: crop}", "two crosswalks"),
    ],
)
def test_maps_that_must_not_be_compared_are_refused_unless_a_period_lies_between(tmp_path, one, other, words):
    first, second = f"{{path: one.tif, product: {one}}}", f"{{path: two.tif, product: {other}}}"
    settings = load_settings(config(tmp_path, f"    2020: {first}\n    2021: {second}"))
    with pytest.raises(SettingsError, match=words) as caught:
        validate_settings(settings)
    (problem,) = caught.value.problems
    assert problem.place == "land_cover.maps.2021"
    assert all(name in problem.found for name in ("one.tif", "two.tif", "2020", one.split(",")[0]))
    validate_settings(load_settings(config(tmp_path, f"    2020: {first}\n    2022: {second}")))


def test_periods_that_are_not_there_and_files_that_are_missing_are_said_before_any_work(tmp_path):
    known = "{path: one.tif, product: worldcover-v200}"
    with pytest.raises(SettingsError, match=r"land_cover\.maps\.2019"):
        validate_settings(load_settings(config(tmp_path, f"    2019: {known}")))
    missing = "{path: gone.tif, product: worldcover-v200}"
    with pytest.raises(SettingsError, match=r"land_cover\.maps\.2020\.path: found no such file: .*gone\.tif"):
        validate_settings(load_settings(config(tmp_path, f"    2020: {missing}")))


@pytest.mark.parametrize(
    ("entry", "words"),
    [
        ("{path: one.tif, product: ours}", "out of"),
        ("{path: one.tif, product: worldcover-v200, classes: {10: forest}}", "out of"),
        ("{path: one.tif, product: ours, classes: {3: jungle}}", "jungle"),
        ("{path: one.tif, product: ours, classes: {forest: 3}}", "integer"),
    ],
)
def test_a_map_without_one_crosswalk_is_a_mistake_of_the_config(tmp_path, entry, words):
    with pytest.raises(SettingsError, match=words) as caught:
        load_settings(config(tmp_path, f"    2020: {entry}"))
    assert "land_cover.maps.2020" in str(caught.value)


def test_maps_belong_to_their_method_and_are_found_beside_the_config(tmp_path):
    path = config(tmp_path, "    2020: {path: one.tif, product: worldcover-v200}")
    assert load_settings(path).land_cover.maps["2020"].path == str(tmp_path / "one.tif")
    with pytest.raises(SettingsError, match="needs maps"):
        load_settings(path, ["land_cover.method=rules"])
    with pytest.raises(SettingsError, match="needs maps"):
        load_settings(path, ["land_cover.maps={}"])
