"""The block of access and its rule: shipped figures have a source, mistakes are said with their lines."""

from datetime import date

import pytest
import yaml

from pipeline.aoi import PROJECT_ROOT
from pipeline.errors import SettingsError
from pipeline.legends import LAND_COVER
from pipeline.settings import Scenes, Settings
from pipeline.settings.green_access import PLACE_KINDS, GreenAccess, MappedGreen, ShapeFile, load_distances

SHIPPED = PROJECT_ROOT / "configs" / "access.yaml"


def test_a_run_without_the_block_does_not_name_it():
    scenes = Scenes(start=date(2024, 1, 1), end=date(2024, 12, 31))
    plain = Settings(label="t", aoi=["longyou_bay"], scenes=scenes)
    assert "access" not in plain.model_dump()
    asked = Settings(label="t", aoi=["longyou_bay"], scenes=scenes, access={})
    assert asked.access == GreenAccess()


def test_the_shipped_rule_says_of_each_figure_where_it_comes_from():
    rule = load_distances(GreenAccess())
    assert [rule.of(kind).limit_m.value for kind in PLACE_KINDS] == [300, 500]
    assert [rule.of(kind).limit_m.confirmed for kind in PLACE_KINDS] == [True, True]
    assert [rule.of(kind).least_m2.confirmed for kind in PLACE_KINDS] == [False, False]


def test_a_rule_of_the_office_goes_before_the_shipped_one(tmp_path):
    content = yaml.safe_load(SHIPPED.read_text(encoding="utf-8"))
    content["park"]["limit_m"] = {"value": 400, "source": "市级标准", "confirmed": True}
    path = tmp_path / "own.yaml"
    path.write_text(yaml.safe_dump(content, allow_unicode=True), encoding="utf-8")
    assert load_distances(GreenAccess(distances=str(path))).park.limit_m.value == 400


def test_mistakes_of_a_rule_are_all_said_with_their_lines(tmp_path):
    path = tmp_path / "own.yaml"
    text = SHIPPED.read_text(encoding="utf-8")
    path.write_text(
        text.replace("value: 300", "value: -1").replace("confirmed: true", "", 1), encoding="utf-8"
    )
    with pytest.raises(SettingsError) as caught:
        load_distances(GreenAccess(distances=str(path)))
    assert len(caught.value.problems) == 2
    assert all(str(path) in problem.place for problem in caught.value.problems)


def test_a_rule_that_is_not_there_is_refused_by_its_key(tmp_path):
    with pytest.raises(SettingsError) as caught:
        load_distances(GreenAccess(distances=str(tmp_path / "none.yaml")))
    assert caught.value.problems[0].place == "access.distances"


def test_green_is_a_file_or_the_classes_of_the_map():
    assert isinstance(GreenAccess.model_validate({"green": {"path": "g.gpkg"}}).green, ShapeFile)
    mapped = GreenAccess.model_validate({"green": {"classes": ["vegetation"], "least_fvc": 0.4}}).green
    assert mapped == MappedGreen(least_fvc=0.4)
    with pytest.raises(ValueError, match="classes"):
        GreenAccess.model_validate({"green": {"classes": ["meadow"]}})


@pytest.mark.parametrize("key", [entry.key for entry in LAND_COVER.classes])
def test_every_class_of_the_map_may_be_green(key):
    assert MappedGreen(classes=[key]).classes == [key]
