"""What the manifest warns of: an area that nobody is named for, rows not used, templates that nobody read."""

import json
from types import SimpleNamespace

import pytest

from pipeline.flow.supplement import list_catalogue_warnings
from pipeline.settings.catalogue import Catalogue
from pipeline.storage.cause import sha256_of_file


@pytest.fixture
def delivery(tmp_path):
    """The folder of a published delivery with its template."""
    folder = tmp_path / "bay" / "2024"
    folder.mkdir(parents=True)
    template = folder / "bay_2024_supplement.xlsx"
    template.write_bytes(b"as published")
    files = {template.name: {"bytes": 12, "sha256": sha256_of_file(template)}}
    manifest = {"aoi": "bay", "label": "2024", "config": {}, "files": files}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def warn(folder, *supplement, organisation=None):
    catalogue = Catalogue(organisation=organisation)
    settings = SimpleNamespace(label="2024", catalogue=catalogue)
    study = SimpleNamespace(aoi=SimpleNamespace(id="bay"), target=folder, settings=settings)
    return list(list_catalogue_warnings(study, SimpleNamespace(supplement=supplement), None))


def test_a_template_as_it_was_published_is_nothing_to_warn_of(delivery):
    assert warn(delivery) == []
    assert warn(delivery.parent / "2025") == [], "nor one that is not there"


def test_a_template_that_was_completed_and_is_not_read_is_named_with_the_way_out(delivery):
    (delivery / "bay_2024_supplement.xlsx").write_bytes(b"completed")
    (text,) = warn(delivery)
    assert text.startswith("bay_2024_supplement.xlsx ")
    assert "catalogue.supplement" in text
    assert "kept/" in text


def test_one_whose_copy_is_read_is_nothing_to_warn_of(delivery, tmp_path):
    (delivery / "bay_2024_supplement.xlsx").write_bytes(b"completed")
    copy = tmp_path / "copy.xlsx"
    copy.write_bytes(b"completed")
    assert warn(delivery, copy) == []


def test_an_area_without_an_organisation_is_named_where_others_have_one(delivery):
    assert "bay" in warn(delivery, organisation={"island": "某局"})[0]
    assert warn(delivery, organisation={"bay": "某局"}) == []
    assert warn(delivery, organisation="某局") == []
