"""All that is wrong with a config is told at once, once, and with its line."""

import re
from collections import Counter

import geopandas as gpd
import pytest
import shapely
import yaml
from hypothesis import HealthCheck, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from pipeline.errors import InputError, NoScenes, PipelineError, SettingsError
from pipeline.flow.validation import explain_config, read_config
from pipeline.settings import load_settings
from pipeline.settings.aoi import load_entry
from tests.stac import raw_item, write_catalogue

SOUND = {
    "label": "2024",
    "aoi": ["guangyang_island"],
    "scenes": {"provider": "simulated", "start": "2023-01-01", "end": "2024-12-31"},
}
WRONG = """\
label: "2024"
aoi: [guangyang_island, atlantis]
scenes:
  provider: {static: gone.json}
  start: 2024-13-01
  end: 2024-02-31
  period: yeer
  missions: [sentinel-2, landsat-77]
indices: [ndvi, nvdi]
vegetatoin: {cover_threshold: 0.3}
parcels: {path: nowhere.gpkg}
samples: [{path: "none/*.csv"}]
sections: {register: nosuch.csv, schemes: [mars_2020]}
restricting: [{path: red.gpkg, kind: blue_line}]
water: {seldom: 2}
notify: {command: [/usr/local/bin/nosuchprogram]}
"""


def write(folder, content):
    path = folder / "run.yaml"
    text = content if isinstance(content, str) else yaml.safe_dump(content, allow_unicode=True)
    path.write_text(text, encoding="utf-8")
    return path


def list_lines(error):
    """Line and key of every problem."""
    return [re.search(r"run\.yaml:(\d+), (\S+)$", one.place).groups() for one in error.problems]


@pytest.mark.parametrize("read", [read_config, explain_config])
def test_wrong_days_schema_names_and_missing_files_are_one_list_in_the_order_of_the_file(tmp_path, read):
    with pytest.raises(SettingsError) as refused:
        read(write(tmp_path, WRONG))
    assert list_lines(refused.value) == [
        ("2", "aoi.1"),
        ("4", "scenes.provider.static"),
        ("5", "scenes.start"),
        ("6", "scenes.end"),
        ("7", "scenes.period"),
        ("8", "scenes.missions.1"),
        ("9", "indices.1"),
        ("10", "vegetatoin"),
        ("11", "parcels.path"),
        ("12", "samples.0.path"),
        ("13", "sections.schemes.0"),
        ("13", "sections.register"),
        ("14", "restricting.0.kind"),
        ("14", "restricting.0.path"),
        ("15", "water.seldom"),
        ("16", "notify.command"),
    ]
    assert f"{len(refused.value.problems)} mistake" in refused.value.message


def test_nothing_is_said_twice_and_no_words_of_python_are_in_it(tmp_path):
    right = WRONG.replace("2024-13-01", "2024-01-01").replace("02-31", "02-28").replace("yeer", "year")
    right = right.replace("landsat-77", "landsat-8").replace("vegetatoin: {cover_threshold: 0.3}\n", "")
    right = right.replace("blue_line", "ecological_red_line").replace("seldom: 2", "seldom: 0.1")
    with pytest.raises(SettingsError) as refused:
        explain_config(write(tmp_path, right))
    assert len(refused.value.problems) == 9
    counts = Counter(
        path
        for path in ("nowhere.gpkg", "red.gpkg", "gone.json", "nosuch.csv", "none/")
        for one in refused.value.problems
        if path in str(one)
    )
    assert set(counts.values()) == {1}
    text = str(refused.value)
    assert not re.search(r"Errno|FileNotFound|datetime\.date|\{'|None", text)


KEYS = {
    "aoi.0": lambda config: config["aoi"].__setitem__(0, "atlantis"),
    "indices.1": lambda config: config.update(indices=["ndvi", "nvdi"]),
    "parcels.path": lambda config: config.update(parcels={"path": "nowhere.gpkg"}),
    "sections.targets": lambda config: config.update(sections={"targets": "aims.csv"}),
    "restricting.0.path": lambda config: config.update(
        restricting=[{"path": "red.gpkg", "kind": "special_protection"}]
    ),
    "water.regimes.atlantis": lambda config: config.update(water={"regimes": {"atlantis": "tidal"}}),
    "notify.command": lambda config: config.update(notify={"command": ["no-such-program-here"]}),
    "accounts.regions.path": lambda config: config.update(accounts={"regions": {"path": "towns.gpkg"}}),
    "water.seldom": lambda config: config.setdefault("water", {}).update(seldom=2),
    "scenes.period": lambda config: config["scenes"].update(period="yeer"),
    "indixes": lambda config: config.update(indixes=["ndvi"]),
    "species.surveys.0.path": lambda config: config.update(species={"surveys": [{"path": "birds.csv"}]}),
}
JOINT = {"water.regimes.atlantis"}
"""What needs all of the config to be understood."""
SCHEMA = {"water.seldom", "scenes.period", "indixes"}


@examples(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(spoilt=st.sets(st.sampled_from(sorted(KEYS)), min_size=1))
def test_whatever_is_wrong_together_each_mistake_is_told_once_at_its_key(tmp_path, spoilt):
    config = yaml.safe_load(yaml.safe_dump(SOUND))
    for key in sorted(spoilt):
        KEYS[key](config)
    with pytest.raises(PipelineError) as refused:
        explain_config(write(tmp_path, config))
    told = Counter(key for _, key in list_lines(refused.value))
    assert told == Counter(spoilt - JOINT if spoilt & SCHEMA else spoilt)


def test_what_a_set_option_names_wrongly_is_told_as_the_option(tmp_path):
    path = write(tmp_path, SOUND)
    with pytest.raises(SettingsError) as refused:
        read_config(path, ["indices=[nvdi]", "parcels.path=nowhere.gpkg"])
    assert {one.place for one in refused.value.problems} == {"--set indices.0", "--set parcels.path"}


def test_an_area_that_nobody_knows_is_answered_with_those_of_the_config(tmp_path):
    shape = gpd.GeoDataFrame({"id": ["bay"]}, geometry=[shapely.box(121, 31, 121.1, 31.1)], crs="EPSG:4490")
    shape.to_file(tmp_path / "own.gpkg")
    path = write(tmp_path, {**SOUND, "aoi": ["longyou_bay", "own.gpkg"]})
    with pytest.raises(SettingsError) as refused:
        read_config(path, aoi=["zzz", "bay"])
    (problem,) = refused.value.problems
    assert (problem.place, problem.found) == ("--aoi", "'zzz'")
    assert "longyou_bay, bay" in problem.expected
    assert read_config(path, aoi=["bay"]).aoi == [str(tmp_path / "own.gpkg")]
    assert read_config(path, aoi=["guangyang_island"]).aoi == ["guangyang_island"]


def test_a_regime_of_an_area_that_is_not_run_this_time_is_no_mistake(tmp_path):
    config = {**SOUND, "aoi": ["guangyang_island", "longyou_bay"]}
    path = write(tmp_path, {**config, "water": {"regimes": {"longyou_bay": "tidal"}}})
    assert read_config(path, aoi=["guangyang_island"]).aoi == ["guangyang_island"]


def planted_scenes(tmp_path, items, **scenes):
    catalogue = write_catalogue(tmp_path / "catalogue", items)
    days = {"start": "2024-01-01", "end": "2024-12-31", "period": "quarter"}
    area = gpd.GeoDataFrame(geometry=[shapely.box(121.8, 31.5, 122.0, 31.55)], crs="EPSG:4490")
    area.to_file(tmp_path / "area.gpkg")
    provider = {"static": str(catalogue), "allowed_hosts": ["host"]}
    return write(
        tmp_path, {"label": "a", "aoi": ["area.gpkg"], "scenes": {"provider": provider, **days, **scenes}}
    )


def test_validate_tells_periods_without_scenes_and_ground_outside_all_of_them(tmp_path):
    items = [raw_item(f"S{month}", when=f"2024-{month:02d}-05T02:00:00Z") for month in (2, 3, 8)]
    (told,) = explain_config(planted_scenes(tmp_path, items))
    assert "3 scenes of 3 items" in told
    assert "2024-02-05 to 2024-08-05" in told
    assert "no scene in 2024Q2, 2024Q4" in told
    assert told.count("50.0% of the area lies outside all scenes") == 2  # the scenes end in its middle


def test_days_without_a_scene_do_not_pass_validate(tmp_path):
    path = planted_scenes(tmp_path, [raw_item()], start="2020-01-01", end="2020-12-31")
    with pytest.raises(NoScenes, match=r"121.800 to 122.000 E") as refused:
        explain_config(path)
    assert refused.value.exit_code == 2


@pytest.mark.parametrize("count", [6, 60])
def test_samples_too_few_to_train_on_do_not_pass_validate(tmp_path, count):
    points = [shapely.Point(106.69 + 0.0005 * n, 29.575 + 0.003 * (n % 5)) for n in range(count)]
    kinds = ["forest" if n % 2 else "built" for n in range(count)]
    inside = gpd.GeoDataFrame({"class": kinds}, geometry=points, crs="EPSG:4490")
    inside = inside[inside.intersects(load_area())]
    inside.to_file(tmp_path / "samples.gpkg")
    forest = {"block_m": 300, "least": 4, "test_share": 0.5}
    cover = {"method": "classifier", "samples": {"path": "samples.gpkg"}, "forest": forest}
    path = write(
        tmp_path, {**SOUND, "scenes": {**SOUND["scenes"], "start": "2024-01-01"}, "land_cover": cover}
    )
    if count > 20:
        assert len(inside) > 20
        assert explain_config(path) == []
        return
    with pytest.raises(InputError) as refused:
        explain_config(path)
    kinds = {one.place.rpartition(":")[2] for one in refused.value.problems}
    assert kinds == {f"10, land_cover.samples, class {kind}" for kind in ("built", "forest")}


def test_a_shapefile_without_prj_is_told_to_lack_its_crs_whatever_it_is_for(tmp_path):
    shapes = [shapely.box(106.69 + 0.002 * n, 29.57, 106.6915 + 0.002 * n, 29.572) for n in range(3)]
    columns = {
        "DLBM": ["0301", "0301", "1101"],
        "class": ["forest", "forest", "water"],
        "name": ["a", "b", "c"],
    }
    rows = gpd.GeoDataFrame({**columns, "id": columns["name"]}, geometry=shapes, crs="EPSG:4490")
    for name in ("area", "register", "red", "samples", "towns"):
        (rows.iloc[:1] if name == "area" else rows).to_file(tmp_path / f"{name}.shp", encoding="GBK")
        (tmp_path / f"{name}.prj").unlink()
    blocks = {
        "parcels": {"path": "register.shp"},
        "restricting": [{"path": "red.shp", "kind": "special_protection"}],
        "land_cover": {"method": "classifier", "samples": {"path": "samples.shp"}},
        "accounts": {"regions": {"path": "towns.shp"}},
    }
    with pytest.raises(PipelineError) as refused:
        explain_config(write(tmp_path, {**SOUND, "aoi": ["guangyang_island", "area.shp"], **blocks}))
    told = {re.search(r"\w+\.shp", one.place)[0]: one for one in refused.value.problems}
    assert set(told) == {"area.shp", "register.shp", "red.shp", "samples.shp", "towns.shp"}
    assert {one.found.partition(",")[0] for one in told.values()} == {"no coordinate reference system"}
    assert all("crs" in one.todo and "EPSG:4490" in str(one) for one in told.values())


def load_area():
    return load_entry("guangyang_island").geometry


def test_what_is_right_of_a_wrong_config_is_kept_whole(tmp_path):
    with pytest.raises(SettingsError) as refused:
        load_settings(write(tmp_path, WRONG))
    kept = refused.value.salvaged
    assert kept.aoi[0] == "guangyang_island"
    assert (kept.parcels.path, kept.restricting[0].path) == (
        str(tmp_path / "nowhere.gpkg"),
        str(tmp_path / "red.gpkg"),
    )
    assert kept.notify.command == ["/usr/local/bin/nosuchprogram"]


@pytest.mark.parametrize(
    "text", ["[1, 2]", "3", "aoi: 3", "scenes: []", "label: {a: 1}\naoi: []\nscenes: 7", ""]
)
def test_a_config_of_which_nothing_is_right_is_refused_all_the_same(tmp_path, text):
    with pytest.raises(SettingsError):
        read_config(write(tmp_path, text))
