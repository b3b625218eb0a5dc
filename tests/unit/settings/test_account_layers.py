"""The block of a config that names the rasters of the accounts."""

import pytest
from pydantic import ValidationError

from pipeline.settings.account_layers import AccountCollection, AccountFile, AccountLayers, AccountVariable
from pipeline.settings.paths import ConfigFolder


def test_each_layer_is_a_file_a_variable_or_a_collection(tmp_path):
    given = {
        "elevation": {"collection": "cop-dem-glo-30", "asset": "data", "convention": "copernicus-dem"},
        "rain": {"path": "rain_{year}.nc", "variable": "ppt", "convention": "terraclimate"},
        "npp": {"path": "npp_{year}.tif"},
    }
    layers = AccountLayers.model_validate(given, context=ConfigFolder(tmp_path))
    kinds = {name: type(source) for name, source in layers.sources.items()}
    assert kinds == {"elevation": AccountCollection, "rain": AccountVariable, "npp": AccountFile}
    assert layers.sources["npp"].path == str(tmp_path / "npp_{year}.tif")


def test_a_convention_that_does_not_know_the_layer_is_refused_by_name():
    given = {
        "rain": {"path": "a.tif", "convention": "mod17"},
        "clay": {"path": "b.tif", "convention": "chirps"},
    }
    with pytest.raises(ValidationError, match="rain: mod17 says nothing of it; clay: chirps says nothing"):
        AccountLayers.model_validate(given)


def test_a_strange_layer_is_a_mistake():
    with pytest.raises(ValidationError, match="slope"):
        AccountLayers.model_validate({"slope": {"path": "a.tif"}})
