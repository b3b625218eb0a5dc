"""What `validate` says of water samples: readings, and the sections of each area."""

import json

import pytest

from pipeline.flow.section_words import describe_sections
from pipeline.ingest.samples import read_tables
from pipeline.settings import load_settings
from tests.newcomers import lay_out_folder

NAMED = "断面编号,断面名称,经度,纬度,aoi\nS1,东滩闸,121.745,31.46,{}\nS2,北湖桥,106.7,29.57,{}\n"


@pytest.fixture
def settings(tmp_path):
    """A config over the planted files, for two shipped areas."""
    folder = lay_out_folder(tmp_path / "files")
    content = {
        "label": "2024",
        "aoi": ["chongming_wetlands", "guangyang_island"],
        "scenes": {"start": "2024-01-01", "end": "2024-12-31"},
        "samples": [{"path": str(folder / "水质" / "*.xlsx")}],
        "sections": {"register": str(folder / "断面.csv")},
    }
    path = tmp_path / "my.yaml"
    path.write_text(json.dumps(content), encoding="utf-8")
    return load_settings(path)


def tell(settings) -> str | None:
    return describe_sections(settings, settings.aoi, lambda: read_tables(settings.samples))


@pytest.mark.parametrize(
    ("named", "expected"),
    [
        (("", ""), {"chongming_wetlands": "0 of 2", "guangyang_island": "1 of 2"}),
        (
            ("chongming_wetlands", "chongming_wetlands"),
            {"chongming_wetlands": "2 of 2", "guangyang_island": "0 of 2"},
        ),
        (("elsewhere", "elsewhere"), {"chongming_wetlands": "0 of 2", "guangyang_island": "0 of 2"}),
    ],
)
def test_sections_of_each_area_are_counted_as_a_run_takes_them(settings, tmp_path, named, expected):
    (tmp_path / "files" / "断面.csv").write_text(NAMED.format(*named), encoding="utf-8")
    told = tell(settings)
    assert "60 readings, 2024-01-05 to 2024-12-05" in told
    for area, count in expected.items():
        assert f"  {area}: {count} sections" in told


def test_a_register_that_cannot_be_read_is_left_to_its_own_check(settings, tmp_path):
    (tmp_path / "files" / "断面.csv").write_text("nonsense\n1\n", encoding="utf-8")
    assert tell(settings) is None
