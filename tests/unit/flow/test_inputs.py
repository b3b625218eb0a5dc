"""What was given is known by the bytes of every file of it, so that no change goes unseen."""

from dataclasses import replace

import geopandas as gpd
import pytest
import shapely

from pipeline import addresses, redaction
from pipeline.flow.inputs import Inputs, is_asked_so, note_asking
from pipeline.settings import SampleFile, StaticCatalog
from pipeline.settings.parcels import ParcelFile
from pipeline.settings.sources import StacApi
from pipeline.settings.text import fill_variables
from pipeline.storage.cause import Artifact


def inputs(*, samples=(), parcels=None):
    return Inputs(
        StaticCatalog(static="/nowhere/catalog.json"),
        tuple(SampleFile(path=str(path)) for path in samples),
        None,
        ParcelFile(path=str(parcels)) if parcels else None,
    )


def written(path, text):
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="utf-8")
    return path


def test_two_tables_of_one_name_in_two_folders_are_both_known(tmp_path):
    old, new = written(tmp_path / "2023" / "水质.csv", "a"), written(tmp_path / "2024" / "水质.csv", "b")
    before = inputs(samples=[old, new]).checksums
    assert {"2023/水质.csv", "2024/水质.csv"} < set(before)
    written(old, "changed")
    after = inputs(samples=[old, new]).checksums
    assert [name for name in before if before[name] != after[name]] == ["2023/水质.csv"]


@pytest.mark.parametrize("name", ["register.shp", "register.gdb"])
def test_owners_that_change_beside_the_outlines_are_seen(tmp_path, name):
    """A Shapefile holds its attributes in another file, a geodatabase is a folder."""
    register = gpd.GeoDataFrame({"owner": ["甲"]}, geometry=[shapely.box(120, 31, 121, 32)], crs=4490)
    register.to_file(tmp_path / name, driver="OpenFileGDB" if name.endswith("gdb") else None)
    before = inputs(parcels=tmp_path / name).checksums
    assert len(before) > 2
    attributes = next(path for path in sorted(tmp_path.rglob("*")) if path.suffix in {".dbf", ".gdbtable"})
    attributes.write_bytes(attributes.read_bytes()[:-1] + b"!")
    assert inputs(parcels=tmp_path / name).checksums != before


def test_the_tables_of_products_and_rights_are_inputs_too():
    assert set(inputs().checksums) == {"products.yaml", "rights.yaml"}


def test_layers_that_restrict_use_are_inputs_too(tmp_path):
    layer = written(tmp_path / "redline.geojson", "{}")
    given = replace(inputs(), restricting=(layer,))
    before = given.checksums
    written(layer, "{ }")
    after = replace(inputs(), restricting=(layer,)).checksums
    assert [name for name in before if before[name] != after[name]] == ["redline.geojson"]


@pytest.fixture
def knowing_nothing(monkeypatch):
    monkeypatch.setattr(addresses, "_KNOWN", addresses._Known())
    monkeypatch.setattr(redaction, "_HIDDEN", redaction._Hidden())


def build_provider(monkeypatch, address, **environment):
    """The provider of a config that takes variables of the environment."""
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    content, unset = fill_variables({"api": address})
    assert not unset
    return StacApi.model_validate(content)


@pytest.mark.usefixtures("knowing_nothing")
def test_what_was_asked_with_another_value_of_a_variable_is_asked_anew(monkeypatch, tmp_path):
    artifact = Artifact("k", tmp_path)
    first = build_provider(monkeypatch, "https://stac.example/${TOKEN}", TOKEN="tk-9Zq4w7Lm")
    assert not is_asked_so(artifact, first), "an answer that notes nothing was asked without a secret"
    note_asking(tmp_path, first)
    assert is_asked_so(artifact, build_provider(monkeypatch, "https://stac.example/${TOKEN}"))
    other = build_provider(monkeypatch, "https://stac.example/${TOKEN}", TOKEN="tk-of-another-year")
    assert str(other.api) == str(first.api)
    assert not is_asked_so(artifact, other)
    noted = [path.read_text("utf-8") for path in tmp_path.iterdir()]
    assert not any("tk-" in text for text in noted)


@pytest.mark.usefixtures("knowing_nothing")
def test_what_was_asked_without_a_secret_is_noted_nowhere_and_stays(monkeypatch, tmp_path):
    plain = build_provider(monkeypatch, "https://stac.example/v1")
    note_asking(tmp_path, plain)
    assert not list(tmp_path.iterdir())
    assert is_asked_so(Artifact("k", tmp_path), plain)
