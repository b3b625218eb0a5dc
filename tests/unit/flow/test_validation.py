"""What is refused before anything is computed because its parts do not fit each other."""

import geopandas as gpd
import pytest
import shapely
import yaml

from pipeline.engine.study import Study
from pipeline.errors import InputError, SettingsError
from pipeline.flow.validation import validate_all, validate_settings
from pipeline.ingest.parcels.land_register import read_parcels
from pipeline.settings import load_settings
from pipeline.settings.aoi import load_entry


def settings_of(tmp_path, **changes):
    scenes = {"provider": "simulated", "start": "2013-01-01", "end": "2024-12-31", **changes.pop("scenes")}
    path = tmp_path / "config.yaml"
    path.write_text(
        yaml.safe_dump({"label": "a", "aoi": ["guangyang_island"], "scenes": scenes, **changes}),
        encoding="utf-8",
    )
    return load_settings(path)


@pytest.mark.parametrize(
    ("test", "fit"),
    [
        ("mann-kendall", {"year", "month", "quarter", "season"}),
        ("ar1", {"year"}),
        ("hamed-rao", {"year"}),
        ("hirsch-slack", {"month", "quarter", "season"}),
    ],
)
def test_a_test_of_trend_goes_with_the_periods_that_it_is_for(tmp_path, test, fit):
    for period in ("year", "month", "quarter", "season"):
        settings = settings_of(tmp_path, scenes={"period": period}, greenness={"test": test})
        if period in fit:
            validate_settings(settings)
            continue
        with pytest.raises(SettingsError, match="does not fit the periods") as refused:
            validate_settings(settings)
        (problem,) = refused.value.problems
        assert problem.place == "greenness.test"
        assert period in problem.found
        assert "hirsch-slack" in problem.todo


@pytest.mark.parametrize("period", ["month", "quarter", "season", "year"])
def test_a_growing_season_goes_with_years_alone(tmp_path, period):
    settings = settings_of(tmp_path, scenes={"period": period}, vegetation={"ndvi": "growing-season"})
    if period == "year":
        validate_settings(settings)
        return
    with pytest.raises(SettingsError, match="growing season") as refused:
        validate_settings(settings)
    assert refused.value.problems[0].place == "vegetation.ndvi"
    validate_settings(settings_of(tmp_path, scenes={"period": period}, vegetation={"ndvi": "maximum"}))


def test_an_aoi_is_read_from_the_layer_that_the_config_names(tmp_path):
    for layer, left in (("核心区", 121.80), ("缓冲区", 121.85)):
        shape = shapely.box(left, 31.45, left + 0.01, 31.46)
        gpd.GeoDataFrame(geometry=[shape], crs="EPSG:4490").to_file(tmp_path / "area.gpkg", layer=layer)
    with pytest.raises(InputError, match="核心区, 缓冲区"):
        validate_settings(settings_of(tmp_path, scenes={"period": "year"}, aoi=["area.gpkg"]))
    named = {"path": "area.gpkg", "layer": "缓冲区"}
    settings = settings_of(tmp_path, scenes={"period": "year"}, aoi=[named])
    validate_settings(settings)
    assert Study.of(settings.aoi[0], settings).aoi.geometry.bounds[0] == 121.85


def test_towns_projects_and_statistics_are_read_through_and_all_mistakes_said_at_once(tmp_path):
    (tmp_path / "a.csv").write_text("地区,年份,指标,数值\nguangyang_island,2023,visits,5\n", encoding="utf-8")
    shape = [shapely.box(106.60, 29.50, 106.80, 29.70)]
    gpd.GeoDataFrame({"QLR": ["某"]}, geometry=shape, crs="EPSG:4490").to_file(tmp_path / "belts.gpkg")
    gpd.GeoDataFrame({"id": [None]}, geometry=shape, crs="EPSG:4490").to_file(tmp_path / "towns.gpkg")
    accounts = {
        "statistics": [{"path": "a.csv"}],
        "regions": {"path": "towns.gpkg"},
        "projects": [{"path": "belts.gpkg"}],
    }
    settings = settings_of(tmp_path, scenes={"period": "year"}, accounts=accounts)
    with pytest.raises(InputError) as refused:
        validate_all(settings)
    said = [str(problem) for problem in refused.value.problems]
    assert {word: sum(word in one for one in said) for word in ("towns.gpkg", "belts.gpkg", "a.csv")} == {
        "towns.gpkg": 1,
        "belts.gpkg": 2,
        "a.csv": 1,
    }


def test_areas_of_one_id_are_refused_as_they_would_have_one_folder(tmp_path):
    for folder, left in (("old", 121.80), ("new", 121.85)):
        (tmp_path / folder).mkdir()
        shape = shapely.box(left, 31.45, left + 0.01, 31.46)
        gpd.GeoDataFrame(geometry=[shape], crs="EPSG:4490").to_file(tmp_path / folder / "bay.gpkg")
    settings = settings_of(tmp_path, scenes={"period": "year"}, aoi=["old/bay.gpkg", "new/bay.gpkg"])
    with pytest.raises(SettingsError, match="one id") as refused:
        validate_settings(settings)
    (problem,) = refused.value.problems
    assert ("old/bay.gpkg" in problem.place, "new/bay.gpkg" in problem.place) == (True, True)
    assert problem.found == "the id bay 2 times"
    validate_settings(settings.model_copy(update={"aoi": settings.aoi[:1]}))


def write_register(tmp_path, headings, west=106.70):
    shapes = [shapely.box(west + 0.001 * n, 29.572, west + 0.001 * n + 0.0009, 29.573) for n in range(3)]
    cells = (["A-1", "A-2", "A-3"], ["0301", None, "1101"], ["甲村", "乙村", "某公司"], [1.0, 1.0, 1.0])
    table = gpd.GeoDataFrame(dict(zip(headings, cells, strict=True)), geometry=shapes, crs="EPSG:4490")
    table.to_file(tmp_path / "register.gpkg", layer="地块")
    return settings_of(tmp_path, scenes={"period": "year"}, parcels={"path": "register.gpkg"})


@pytest.mark.parametrize(
    "headings",
    [
        ("地块编号", "地类编码", "权利人", "面积"),
        ("宗地编号", "地类代码", "权利人名称", "面积（亩）"),
        ("PARCEL_NO", "DLBM", "right_holder", "宗地面积 (公顷)"),
        (" 地块编号", "地类编码 ", "权 利 人", "面积_平方米"),
    ],
)
def test_a_register_is_told_back_as_it_is_read(tmp_path, headings):
    (told,) = validate_all(write_register(tmp_path, headings))
    assert "3 parcels in guangyang_island, 2 of them with a land class" in told
    ours = ("parcel_no", "dlbm", "right_holder", "area_registered_m2")
    for theirs, name in zip(headings, ours, strict=True):
        assert f"{theirs} → {name}" in told


@pytest.mark.parametrize(
    ("heading", "unit"), [("面积(亩)", "mu"), ("图斑面积/公顷", "ha"), ("面积[m²]", "m2")]
)
def test_an_area_is_in_the_unit_that_its_heading_names(tmp_path, heading, unit):
    settings = write_register(tmp_path, ("地块编号", "地类编码", "权利人", heading))
    register = read_parcels(settings.parcels, load_entry("guangyang_island"))
    (batch,) = register.batches()
    size = {"m2": 1.0, "ha": 10_000.0, "mu": 10_000 / 15}[unit]
    assert batch["area_registered_m2"].tolist() == pytest.approx([size] * 3)


def test_a_register_of_which_nothing_is_known_is_a_mistake(tmp_path):
    with pytest.raises(InputError, match="No column of the register is known") as refused:
        validate_all(write_register(tmp_path, ("bh_x", "c9", "zzz", "mm")))
    (problem,) = refused.value.problems
    assert {"bh_x", "c9", "zzz", "mm"} <= set(problem.found.split(", "))
    assert "parcels.columns" in problem.todo


def test_a_register_without_a_parcel_in_the_area_is_a_mistake_that_says_where_they_are(tmp_path):
    with pytest.raises(InputError, match="No parcel of the register lies in the area") as refused:
        validate_all(write_register(tmp_path, ("地块编号", "地类编码", "权利人", "面积"), west=108.0))
    (problem,) = refused.value.problems
    assert "108.001" in problem.found
    assert "106.674 to 106.729" in problem.expected
