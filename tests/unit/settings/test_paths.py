"""Paths of a config are told from the folder of its file, and nothing else in it is."""

from pathlib import Path

import pytest

from pipeline.aoi import list_aois
from pipeline.settings.paths import AoiName, ConfigFolder, ConfigPath, OptionalPath, SchemeName, list_schemes
from pipeline.settings.strict import Strict

FOLDER = ConfigFolder(Path("/configs"))


class Block(Strict):
    """One path of each kind."""

    path: ConfigPath = "by/default"
    cache: OptionalPath | None = None
    aoi: AoiName = list_aois()[0]
    scheme: SchemeName = list_schemes()[0]


@pytest.mark.parametrize(
    ("written", "absolute"),
    [
        ("a.csv", "/configs/a.csv"),
        ("../a/*.csv", "/configs/../a/*.csv"),
        ("/data/a.csv", "/data/a.csv"),
        ("s3://bucket/a.csv", "s3://bucket/a.csv"),
    ],
)
def test_a_relative_path_is_told_from_the_folder_of_the_config(written, absolute):
    fields = dict.fromkeys(Block.model_fields, written)
    assert set(Block.model_validate(fields, context=FOLDER).model_dump().values()) == {absolute}
    assert set(Block.model_validate(fields).model_dump().values()) == {written}


def test_shipped_ids_and_what_is_empty_are_no_paths():
    block = Block.model_validate({"cache": ""}, context=FOLDER)
    assert (block.path, block.cache) == ("/configs/by/default", "")
    assert (block.aoi, block.scheme) == (list_aois()[0], list_schemes()[0])


def test_a_block_knows_its_keys_and_stays_as_it_is():
    with pytest.raises(ValueError, match="nope"):
        Block.model_validate({"nope": 1})
    with pytest.raises(ValueError, match="frozen"):
        Block().path = "b"
