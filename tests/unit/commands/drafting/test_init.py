"""`ecoledger init`: from a folder with somebody's files to a config that validates."""

import json
import string
from datetime import date
from pathlib import Path

import geopandas as gpd
import jsonschema
import pytest
import shapely
import yaml
from typer.testing import CliRunner

from pipeline.aoi import load_aoi
from pipeline.cli import app
from pipeline.commands.drafting import Wishes, choose_inputs, find_inputs, list_questions, take_answer
from pipeline.commands.drafting.texts import _read_texts
from pipeline.errors import SettingsError
from pipeline.settings import Settings, load_settings
from tests.newcomers import (
    CRS,
    SHORE,
    lay_out_folder,
    lay_out_parcels,
    write_register,
    write_workbook,
)

TODAY = date(2025, 3, 1)


@pytest.fixture(scope="module")
def laid_out(tmp_path_factory):
    """A folder of files, which tests only look into."""
    return lay_out_folder(tmp_path_factory.mktemp("files") / "示范区")


@pytest.fixture
def folder(tmp_path):
    """The same, to write into."""
    return lay_out_folder(tmp_path / "示范区")


def begin(folder: Path, *words: object):
    """What `init` says and how it ends, without a terminal to ask at."""
    return CliRunner().invoke(app, ["init", str(folder), *map(str, words)])


def roles_of(folder: Path) -> dict[str, str]:
    return {one.path.name: one.role for one in find_inputs(folder)}


def facts_of(folder: Path, name: str, language="zh") -> str:
    (found,) = (one for one in find_inputs(folder) if one.path.name == name)
    return "\n".join(found.tell(language))


def test_every_file_is_known_for_what_it_is(laid_out):
    assert roles_of(laid_out) == {
        "catalog.json": "scenes",
        "地块.shp": "parcels",
        "监测结果.xlsx": "samples",
        "断面.csv": "sections",
    }


def test_a_register_is_told_with_its_layer_crs_encoding_and_columns(laid_out):
    told = facts_of(laid_out, "地块.shp")
    assert "图层 地块，4 个要素" in told
    assert "EPSG:4528" in told
    assert "文字编码 gbk" in told
    assert "地块编号 → parcel_no" in told
    assert "面积（亩） → area_registered_m2 (mu)" in told or "面积（亩）" in told
    assert "未用的列" in told
    assert "备注" in told


def test_a_workbook_is_told_with_its_sheets_sections_days_parameters_and_what_it_loses(laid_out):
    told = facts_of(laid_out, "监测结果.xlsx", "en")
    assert "2 sections, 60 readings, 2024-01-05 to 2024-12-05" in told
    assert "CODMn, NH3N, TP" in told
    assert "2024年监测" in told
    assert "13 not read" in told
    assert "(12); the sheet is empty (1)" in told


def test_scenes_are_told_with_their_missions_days_and_place(laid_out):
    told = facts_of(laid_out, "catalog.json", "en")
    assert "sentinel-2 4 scenes, 2023-04-01 to 2024-11-20" in told
    assert "121.70–121.90, 31.40–31.60" in told


def test_the_config_names_what_was_found_and_validates(folder):
    ended = begin(folder)
    assert ended.exit_code == 0, ended.output
    settings = load_settings(folder / "ecoledger.yaml")
    assert settings.label == "2024"
    assert (settings.scenes.start, settings.scenes.end) == (date(2023, 1, 1), date(2024, 12, 31))
    assert settings.scenes.missions == ["sentinel-2"]
    assert Path(settings.scenes.provider.static) == folder / "影像" / "catalog.json"
    assert Path(settings.parcels.path) == folder / "登记" / "地块.shp"
    assert [Path(one.path) for one in settings.samples] == [folder / "水质" / "监测结果.xlsx"]
    assert Path(settings.sections.register_path) == folder / "断面.csv"
    assert "4 parcels in 示范区, 4 of them with a land class" in ended.output
    assert f"ecoledger run {folder / 'ecoledger.yaml'}" in ended.output


def test_an_area_that_nobody_gave_is_the_hull_of_the_register_and_says_so(folder):
    ended = begin(folder, "--language", "zh")
    assert "没有给出范围" in ended.output
    area = load_aoi("area.geojson", relative_to=folder)
    assert area.id == "示范区"
    assert "待官方边界替换" in area.source
    assert area.geometry.buffer(1e-9).covers(SHORE)
    assert area.geometry.symmetric_difference(SHORE).area < 0.01 * SHORE.area


@pytest.mark.parametrize("language", ["zh", "en"])
def test_every_block_of_the_config_stands_there_explained_in_the_language(folder, language):
    assert begin(folder, "--language", language).exit_code == 0
    text = (folder / "ecoledger.yaml").read_text(encoding="utf-8")
    for key in Settings.model_fields:
        assert f"\n{key}:" in text or f"\n# {key}:" in text, key
    assert yaml.safe_load(text)["language"] == language
    comments = [line for line in text.splitlines() if line.startswith("# ") and ": {" not in line]
    wrong = "批次名" if language == "en" else "Land register"
    assert not any(wrong in line for line in comments)


def test_every_offered_block_is_valid_once_it_is_uncommented(folder):
    begin(folder)
    path = folder / "ecoledger.yaml"
    lines = path.read_text(encoding="utf-8").splitlines()
    known = tuple(f"# {key}: " for key in Settings.model_fields)
    offers = [line[2:] for line in lines if line.startswith(known)]
    assert len(offers) > 10
    path.write_text("\n".join([*lines, *offers]), encoding="utf-8")
    assert load_settings(path).outputs.shapefile


def test_the_config_leads_editors_to_a_schema_that_lies_beside_it_and_fits(folder):
    begin(folder)
    first, _, rest = (folder / "ecoledger.yaml").read_text(encoding="utf-8").partition("\n")
    assert first == "# yaml-language-server: $schema=./ecoledger.schema.json"
    schema = json.loads((folder / "ecoledger.schema.json").read_text(encoding="utf-8"))
    content = yaml.safe_load(rest)
    content["scenes"] |= {day: str(content["scenes"][day]) for day in ("start", "end")}
    assert jsonschema.Draft202012Validator(schema).is_valid(content)


@pytest.mark.parametrize("there", ["ecoledger.yaml", "area.geojson"])
def test_nothing_is_written_over(folder, there):
    (folder / there).write_text("{}", encoding="utf-8")
    ended = begin(folder, "--aoi", folder / "nowhere.gpkg") if there == "ecoledger.yaml" else begin(folder)
    assert ended.exit_code != 0
    assert (folder / there).read_text(encoding="utf-8") == "{}"
    assert not (folder / "ecoledger.schema.json").exists()


def test_of_several_registers_none_is_taken_first_come(folder):
    write_register(folder / "登记" / "旧地块.shp")
    with pytest.raises(SettingsError, match=r"2 files that may be meant.*--parcels") as refused:
        choose_inputs(find_inputs(folder), Wishes(), TODAY)
    assert "旧地块.shp" in str(refused.value)
    named = Wishes(parcels=folder / "登记" / "旧地块.shp")
    assert choose_inputs(find_inputs(folder), named, TODAY).parcels.path.name == "旧地块.shp"


def test_all_that_is_not_told_is_asked_for_at_once(folder):
    write_register(folder / "登记" / "旧地块.shp")
    (folder / "断面旧.csv").write_bytes((folder / "断面.csv").read_bytes())
    with pytest.raises(SettingsError) as refused:
        choose_inputs(find_inputs(folder), Wishes(aoi=str(folder / "gone.gpkg")), TODAY)
    assert [one.place for one in refused.value.problems] == ["--aoi", "--parcels", "--sections"]


def test_without_area_and_register_the_shipped_areas_are_offered(tmp_path):
    write_workbook(tmp_path / "水.xlsx")
    with pytest.raises(SettingsError, match="guangyang_island"):
        choose_inputs(find_inputs(tmp_path), Wishes(), TODAY)
    chosen = choose_inputs(find_inputs(tmp_path), Wishes(aoi="guangyang_island"), TODAY)
    assert (chosen.start, chosen.end, chosen.label) == (date(2023, 1, 1), date(2024, 12, 31), "2024")
    assert chosen.provider == "earth-search"


def test_a_shapefile_without_its_prj_is_told_and_takes_the_crs_that_is_given(tmp_path):
    write_register(tmp_path / "地块.shp", told=False)
    assert roles_of(tmp_path) == {"地块.shp": "unread"}
    assert CRS in facts_of(tmp_path, "地块.shp")
    ended = begin(tmp_path, "--crs", CRS)
    assert ended.exit_code == 0, ended.output
    assert load_settings(tmp_path / "ecoledger.yaml").parcels.crs == CRS


def test_a_layer_is_named_where_a_file_has_several(tmp_path):
    path = tmp_path / "库.gpkg"
    lay_out_parcels().to_file(path, layer="宗地")
    towns = gpd.GeoDataFrame({"XZQMC": ["甲"] * 60}, geometry=[SHORE] * 60, crs="EPSG:4490")
    towns.to_file(path, layer="XZQ")
    assert begin(tmp_path).exit_code == 0
    assert load_settings(tmp_path / "ecoledger.yaml").parcels.layer == "宗地"


def test_an_outline_is_taken_as_the_area_and_a_red_line_only_offered(folder):
    outline = gpd.GeoDataFrame({"name": ["核心区"]}, geometry=[SHORE.buffer(0.001)], crs="EPSG:4490")
    outline.to_file(folder / "范围.gpkg")
    outline.to_file(folder / "生态保护红线.gpkg")
    assert begin(folder).exit_code == 0
    settings = load_settings(folder / "ecoledger.yaml")
    assert [Path(one) for one in settings.aoi] == [folder / "范围.gpkg"]
    assert settings.restricting == []
    text = (folder / "ecoledger.yaml").read_text(encoding="utf-8")
    assert "# restricting: [{path: 生态保护红线.gpkg, kind: ecological_red_line}]" in text
    assert not (folder / "area.geojson").exists()


def test_products_below_a_catalogue_are_those_of_the_catalogue(folder):
    product = folder / "影像" / "LC08_L2SP_118038_20240503_20240510_02_T1"
    product.mkdir()
    assert {one.role for one in find_inputs(folder)} == {"scenes", "parcels", "samples", "sections"}
    (folder / "影像" / "catalog.json").unlink()
    assert [one.path for one in find_inputs(folder) if one.role == "archive"] == [folder / "影像"]
    assert choose_inputs(find_inputs(folder), Wishes(), TODAY).scenes.kind == "local"


def test_what_a_run_has_left_is_no_input(folder):
    begin(folder)
    published = folder / "delivery" / "a" / "2024"
    write_register(published / "parcels.shp")
    (published / "manifest.json").write_text("{}", encoding="utf-8")
    assert "parcels.shp" not in roles_of(folder)


def test_files_that_nothing_can_read_are_told_and_stop_nothing(folder):
    for name in ("坏.gpkg", "坏.shp", "坏.zip", "坏.parquet", "坏.xlsx", "坏.csv"):
        (folder / name).write_bytes(b"\x00\xff nonsense")
    (folder / "别的.json").write_text("[1, 2]", encoding="utf-8")
    roles = roles_of(folder)
    assert {roles[name] for name in roles if name.startswith("坏")} <= {"unread", "other"}
    assert "别的.json" not in roles
    assert begin(folder).exit_code == 0


def test_a_register_that_does_not_validate_says_why_with_its_exit_code(folder):
    far = lay_out_parcels().set_geometry(lay_out_parcels().translate(5, 0))
    far.to_file(folder / "登记" / "远.shp", encoding="GBK")
    outline = gpd.GeoSeries([SHORE], crs="EPSG:4490")
    outline.to_file(folder / "范围.gpkg")
    ended = begin(folder, "--parcels", folder / "登记" / "远.shp")
    assert ended.exception.exit_code == 3
    assert (folder / "ecoledger.yaml").exists()


def test_at_a_terminal_what_no_flag_tells_is_asked_with_what_was_found(laid_out):
    found = find_inputs(laid_out)
    asked = {one.field: one.default for one in list_questions(Wishes(start=date(2024, 1, 1)), found)}
    assert [*asked] == ["aoi", "parcels", "sections", "scenes", "period", "end"]
    assert asked["parcels"].endswith("地块.shp")
    assert asked["scenes"].endswith("catalog.json")
    assert asked["period"] == "year"


def test_answers_become_wishes_and_wrong_ones_are_named(laid_out):
    wishes = Wishes()
    for field, text in {
        "aoi": "longyou_bay",
        "period": " quarter ",
        "start": "2024-01-01",
        "end": "",
    }.items():
        wishes = take_answer(wishes, field, text)
    assert wishes == Wishes(aoi="longyou_bay", period="quarter", start=date(2024, 1, 1))
    assert take_answer(wishes, "scenes", "cdse").provider == "cdse"
    assert take_answer(wishes, "scenes", str(laid_out)).scenes == laid_out
    for field, text in {"start": "2024-13-01", "period": "yeer"}.items():
        with pytest.raises(SettingsError, match=text):
            take_answer(wishes, field, text)


def test_periods_are_whole_around_the_scenes(laid_out):
    chosen = choose_inputs(find_inputs(laid_out), Wishes(period="quarter"), TODAY)
    assert (chosen.start, chosen.end, chosen.label) == (date(2023, 4, 1), date(2024, 12, 31), "2024Q4")
    ordered = Wishes(start=date(2025, 1, 1))
    with pytest.raises(SettingsError, match="before the start"):
        choose_inputs(find_inputs(laid_out), ordered, TODAY)


def test_every_text_has_the_same_slots_in_both_languages():
    for key, texts in _read_texts().items():
        slots = [
            {slot for _, slot, _, _ in string.Formatter().parse(texts[name]) if slot} for name in ("zh", "en")
        ]
        assert slots[0] == slots[1], key


def test_a_hull_holds_every_parcel_of_a_scattered_register(tmp_path):
    boxes = [shapely.box(121 + x, 31 + y, 121.01 + x, 31.01 + y) for x, y in ((0, 0), (0.5, 0.1), (0.2, 0.4))]
    rows = {"地块编号": ["1", "2", "3"], "地类编码": ["0301"] * 3}
    gpd.GeoDataFrame(rows, geometry=boxes, crs="EPSG:4490").to_crs(CRS).to_file(tmp_path / "r.gpkg")
    assert begin(tmp_path).exit_code == 0
    hull = load_aoi("area.geojson", relative_to=tmp_path).geometry
    assert all(hull.covers(box) for box in boxes)
    assert hull.area == pytest.approx(shapely.union_all(boxes).convex_hull.area, rel=1e-3)
