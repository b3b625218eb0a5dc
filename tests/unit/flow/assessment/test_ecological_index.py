"""EI through maps, register and statistics: planted scenes, parcels and tables come back as sub-indices."""

from dataclasses import replace
from datetime import UTC, date, datetime
from itertools import pairwise
from types import SimpleNamespace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.errors import InputError, SettingsError
from pipeline.flow.assessment.ecological_index import assess_ecological_index
from pipeline.flow.assessment.entries.ecological_index import ECOLOGICAL_INDEX
from pipeline.flow.assessment.sources import Sources
from pipeline.geodesy import unproject
from pipeline.ingest.scenes.choice import to_table
from pipeline.settings import Endmembers, Vegetation
from pipeline.settings.assessment import Assessment
from pipeline.settings.ecological_index import StatusIndex
from pipeline.storage.tables import save_tables
from tests.mapmaking import make
from tests.scenery import NO_GROWTH, planted_scene

DAYS = {(5, 3): 0.5, (5, 23): 0.4, (6, 12): 0.8, (7, 7): 0.85, (8, 1): 0.7, (9, 9): 0.6, (11, 5): 0.3}
"""NDVI by day of 2024: two looks in May, one in each other month to September."""
ROWS = [
    ["河流长度", "1.2", "万米"],
    ["水域面积", "0.3", "平方公里"],
    ["水资源总量", "0.024", "亿立方米"],
    ["多年平均水资源量", "150", "万立方米"],
    ["重度侵蚀面积", "15", "亩"],
    ["中度侵蚀面积", "2", "公顷"],
    ["其他土地胁迫", "0.05", "km2"],
    ["化学需氧量排放量", "0.004", "万吨"],
    ["氨氮排放量", "3100", "公斤"],
    ["二氧化硫排放量", "6", "吨"],
    ["烟粉尘排放量", "7", "吨"],
    ["氮氧化物排放量", "9", "吨"],
    ["一般工业固体废物倾倒丢弃量", "2", "吨"],
    ["年降水量", "110.5", "厘米"],
]


def plant_scenes(area, folder, days):
    """The same NDVI everywhere, lower towards the south; the north-west is clouded in September."""
    height, width = area.grid.shape
    slope = np.linspace(0, 0.1, height)[:, None] * np.ones(width)
    scenes = []
    for (month, day), level in days.items():
        ndvi = level - slope
        mask = np.full((height, width), 4, dtype=np.uint8)
        if month == 9:
            mask[: height // 2, : width // 2] = 9
        numbers = {
            "red": 2000 * (1 - ndvi),
            "nir": 2000 * (1 + ndvi),
            "swir16": 1500 + 0 * ndvi,
            "green": 900 + 0 * ndvi,
        }
        stored = {band: np.rint(values).astype(np.uint16) for band, values in numbers.items()}
        place = {"left": area.grid.left, "top": area.grid.top, "crs": area.grid.crs}
        when = datetime(2024, month, day, 2, 30, tzinfo=UTC)
        scenes.append(planted_scene(folder, f"S2A_{month:02d}{day:02d}", stored, mask, when=when, **place))
    return to_table(scenes, [area.aoi.geometry.buffer(0.1)] * len(scenes))


def over(area, block, start=date(2024, 1, 1), period="year"):
    scenes = area.settings.scenes.model_copy(
        update={"start": start, "end": date(2024, 12, 31), "period": period, "clear": NO_GROWTH}
    )
    rules = Vegetation(endmembers=Endmembers(soil=0.1, vegetation=0.8))
    update = {"scenes": scenes, "vegetation": rules, "assessment": Assessment(ei=block)}
    return replace(area, settings=area.settings.model_copy(update=update))


def write_statistics(folder, rows=ROWS, region="田"):
    table = pd.DataFrame(rows, columns=["指标", "2024年", "单位"])
    table.insert(0, "地区", region)
    path = folder / "环境统计.csv"
    path.write_bytes(table.to_csv(index=False).encode("gbk"))
    return path


def plant_parcels(area, folder):
    """From west to east: forest, grassland, village, and a tenth of nothing registered; one parcel twice."""
    left, bottom, right, top = area.grid.block_bounds(area.grid.whole)
    cuts = left + (right - left) * np.array([0, 0.4, 0.7, 0.95])
    shapes = [shapely.box(west, bottom, east, top) for west, east in pairwise(cuts)]
    codes = ["0301", "0404", "0702", "0702"]
    outlines = [unproject(shape, area.grid.crs) for shape in [*shapes, shapes[0]]]
    parcels = gpd.GeoDataFrame({"land_class": codes}, geometry=outlines, crs="EPSG:4490")
    save_tables(folder, {"parcels": parcels})
    return shapes


@pytest.fixture
def assessed(run, planted, tmp_path):
    """EI of the planted area under a block; `days` are those of its scenes."""

    def assess(block, *, days=DAYS, **when):
        area = over(planted, block, **when)
        maps = make(run, area, plant_scenes(area, tmp_path / "scenes", days))
        plant_parcels(area, tmp_path)
        parcels = SimpleNamespace(path=tmp_path)
        return assess_ecological_index(Sources(run, maps, block, {"parcels": parcels}, {})), maps

    return assess


def block_of(tmp_path, rows=ROWS, **others):
    return StatusIndex(statistics=[{"path": str(write_statistics(tmp_path, rows))}], **others)


def test_planted_ground_months_and_statistics_come_back_as_sub_indices(assessed, tmp_path):
    found, maps = assessed(block_of(tmp_path))
    rows = found.tables["ecological_index"]
    values = rows[rows["counted"]].set_index("sub_index")["value"]
    area_km2 = maps.study.aoi.area_m2 / 1e6

    shares = found.tables["ecological_index_inputs"].query("sub_index == 'biological_abundance'")
    own = shares[shares["class_basis"].eq("registered")].set_index("input")["value"]
    assert own.sum() == pytest.approx(1)
    assert list(own.index) == ["closed_forest", "dense_grass", "rural"]
    habitat = 511.2642131067 * (
        0.21 * own["closed_forest"] + 0.126 * own["dense_grass"] + 0.016 * own["rural"]
    )
    assert values["biological_abundance"] == pytest.approx(habitat)

    grid, inside = maps.study.grid, maps.study.grid.mask_geometry(maps.study.outline, maps.study.grid.whole)
    slope = np.linspace(0, 0.1, grid.height)[:, None] * np.ones(grid.width)
    seen = inside.copy()
    seen[: grid.height // 2, : grid.width // 2] = False
    months = [0.5, 0.8, 0.85, 0.7]
    mean = (sum(level - slope[inside].mean() for level in months) + 0.6 - slope[seen].mean()) / 5
    assert values["vegetation_cover"] == pytest.approx(121.165124 * mean, abs=0.15)

    water = (84.3704083981 * 12 + 591.7908642005 * 0.3 + 86.3869548281 * (2.4 * 1.5 - 2.4)) / (3 * area_km2)
    assert values["water_network"] == pytest.approx(water)
    stress = 236.04356779 * (0.4 * 0.01 + 0.2 * 0.02 + 0.2 * own["rural"] * area_km2 + 0.2 * 0.05) / area_km2
    assert values["land_stress"] == pytest.approx(stress)
    load = (0.2 * 4.3937397289 * 40 + 0.2 * 40.1764754986 * 3.1) / (1105 * area_km2) + (
        0.2 * 0.0648660287 * 6 + 0.1 * 4.0904459321 * 7 + 0.2 * 0.5103049278 * 9 + 0.1 * 0.0749894283 * 2
    ) / area_km2
    assert values["pollution_load"] == pytest.approx(load)

    tenths = {name: round(value, 1) for name, value in values.items() if name != "ei"}
    total = (
        0.35 * tenths["biological_abundance"]
        + 0.25 * tenths["vegetation_cover"]
        + 0.15 * (tenths["water_network"] + 100 - tenths["land_stress"])
        + 0.10 * (100 - tenths["pollution_load"])
    )
    assert values["ei"] == pytest.approx(total)
    assert found.indicators.set_index("indicator").loc["ecological_index", "value"] == values["ei"]


def test_the_map_of_rules_tells_no_kinds_of_plants_so_that_its_basis_has_no_index(assessed, tmp_path):
    found, _ = assessed(block_of(tmp_path, class_basis="mapped"))
    rows = found.tables["ecological_index"].set_index(["sub_index", "class_basis"])
    mapped = rows.loc[("biological_abundance", "mapped")]
    assert (mapped["counted"], np.isnan(mapped["value"])) == (True, True)
    assert "land class" in mapped["reason"]
    assert "tell no kinds of plants" in mapped["reason"]
    assert rows.loc[("biological_abundance", "registered"), "value"] > 0
    total = found.tables["ecological_index"].iloc[-1]
    assert (np.isnan(total["value"]), total["known"]) == (True, 3)


def test_a_month_without_a_look_leaves_no_vegetation_cover_and_is_named(assessed, tmp_path):
    days = {day: level for day, level in DAYS.items() if day[0] != 7}
    found, _ = assessed(block_of(tmp_path), days=days)
    cover = found.tables["ecological_index"].set_index("sub_index").loc["vegetation_cover"]
    assert np.isnan(cover["value"])
    assert cover["reason"].startswith("2024-07 只有 0.0% 的面积有 NDVI")
    inputs = found.tables["ecological_index_inputs"].set_index("input")["value"]
    assert inputs[["ndvi_05", "ndvi_06", "ndvi_07"]].isna().to_list() == [False, False, True]


def test_told_ndvi_reads_no_month(assessed, tmp_path):
    rows = [*ROWS, ["5-9月NDVI月最大值均值", "6200", "万分之一"]]
    found, maps = assessed(block_of(tmp_path, rows, ndvi="statistics"))
    assert not maps.of("month_ndvi")
    values = found.tables["ecological_index"].set_index("sub_index")["value"]
    assert values["vegetation_cover"] == pytest.approx(0.62 * 121.165124)


@pytest.mark.parametrize(
    ("start", "period", "labels"),
    [
        (date(2024, 1, 1), "quarter", ["2024Q1", "2024Q2", "2024Q3", "2024Q4"]),
        (date(2024, 2, 1), "year", ["2024"]),
    ],
)
def test_periods_that_are_no_whole_years_have_no_index_and_say_why(assessed, tmp_path, start, period, labels):
    found, maps = assessed(block_of(tmp_path), start=start, period=period)
    rows = found.tables["ecological_index"]
    assert rows["period"].to_list() == labels
    assert rows["value"].isna().all()
    assert rows["reason"].str.contains("scenes.period: year").all()
    assert not maps.of("month_ndvi")
    assert found.indicators["reason"].notna().all()


def test_an_environmental_limit_of_the_config_binds_in_its_year(assessed, tmp_path):
    limits = [{"year": 2024, "level": 3, "reason": "重大突发环境事件"}, {"year": 2023, "level": 2}]
    found, _ = assessed(block_of(tmp_path, limits=limits))
    total = found.tables["ecological_index"].iloc[-1]
    assert total["limit_level"] == 3
    assert total["source"].endswith("环境限制 environmental limit 3: 重大突发环境事件")
    assert total["value"] == 54.9 < total["value_before_limit"]


def test_a_sub_index_that_cannot_be_is_a_finding_that_asks_whose_statistics_they_are(assessed, tmp_path):
    rows = [["河流长度", "30", "公里"], *ROWS[1:]]
    found, maps = assessed(block_of(tmp_path, rows))
    finding = found.findings.set_index("rule").loc["ecological_index_beyond"]
    assert finding["finding_id"] == "ecological_index_beyond:2024:water_network"
    assert "水网密度指数为" in finding["message_zh"]
    assert finding["geometry"].equals(maps.study.aoi.geometry)
    assert not len(assessed(block_of(tmp_path))[0].findings)


def test_statistics_of_a_county_over_the_ground_of_a_village_give_no_index(assessed, tmp_path):
    rows = [["河流长度", "900", "公里"], *ROWS[1:]]
    water, total = assessed(block_of(tmp_path, rows))[0].tables["ecological_index"].iloc[[3, -1]].itertuples()
    assert (water.sub_index, np.isnan(water.value), np.isnan(total.value)) == ("water_network", True, True)
    assert "超过 200" in water.reason


def test_zones_weigh_groups_of_land(assessed, tmp_path):
    found, _ = assessed(block_of(tmp_path, zone="forest"))
    inputs = found.tables["ecological_index_inputs"].query("class_basis == 'registered'").set_index("input")
    own = inputs["value"]
    expected = 417.4399622443 * (
        0.40 * own["closed_forest"] + 0.18 * own["dense_grass"] + 0.01 * own["rural"]
    )
    value = found.tables["ecological_index"].iloc[0]["value"]
    assert value == pytest.approx(expected)


def test_what_staff_wrote_wrong_is_a_row_of_rejects(assessed, tmp_path):
    rows = [row if row[0] != "年降水量" else ["年降水量", "1105", "吨"] for row in ROWS]
    found, _ = assessed(block_of(tmp_path, rows))
    rejected = found.tables["ecological_index_rejected"]
    assert rejected[["file", "row", "found"]].to_numpy().tolist() == [["环境统计.csv", 15, "吨"]]
    load = found.tables["ecological_index"].set_index("sub_index").loc["pollution_load"]
    assert "rain of a year of 2024" in load["reason"]


def test_files_that_are_missing_and_schemes_that_are_wrong_are_named_by_validate(planted, tmp_path):
    with pytest.raises(InputError) as error:
        ECOLOGICAL_INDEX.check(StatusIndex(statistics=[{"path": str(tmp_path / "no.xlsx")}]), planted.aoi)
    assert "no.xlsx" in error.value.problems[0].place
    scheme = tmp_path / "ei.yaml"
    scheme.write_text("name_zh: 甲\nvegetation_coefficient: {value: x}\n", encoding="utf-8")
    with pytest.raises(SettingsError) as wrong:
        ECOLOGICAL_INDEX.check(StatusIndex(scheme=str(scheme)), planted.aoi)
    assert any("vegetation_coefficient" in problem.place for problem in wrong.value.problems)


def test_every_file_that_decides_the_index_is_listed(tmp_path):
    block = block_of(tmp_path)
    assert [path.rpartition("/")[2] for path in ECOLOGICAL_INDEX.list_paths(block)] == [
        "ei.yaml",
        "环境统计.csv",
    ]
