"""Tiles of a layer over a network that fails: what comes is right, and what does not come is no unknown."""

import pickle

import numpy as np
import pytest

from pipeline.errors import BrokenAsset
from pipeline.ingest.layers.door import open_layer
from pipeline.ingest.layers.gridding import read_layer
from pipeline.ingest.layers.layer import Layer
from pipeline.ingest.reading.readers import Source, open_reader
from pipeline.ingest.scenes import search
from pipeline.settings.layers import LayerCollection
from tests.faults.server import Faults, serving
from tests.scenery import LEFT, TOP, UTM, written
from tests.stac import HERE, raw_item, write_catalogue
from tests.unit.ingest.layers.planted import GRID

KIND, DOOR = "the network fails", "layers"
HEIGHTS = np.random.default_rng(9).integers(1, 900, (40, 70)).astype(np.uint16)


HEIGHT = Layer("height", "A toy height", "m", "nearest")


def tiles(server, folder):
    """The items of two tiles of heights, whose files are the server's."""
    for name, cols in (("a", slice(0, 30)), ("b", slice(30, 70))):
        written(folder / f"{name}.tif", HEIGHTS[:, cols], left=LEFT + 10 * cols.start, top=TOP)
        asset = {"href": f"{server.url}/{name}.tif", "raster:bands": [{"unit": "m"}]}
        yield {**raw_item(name), "assets": {"data": asset}, "bbox": list(HERE.bounds), "collection": "dem"}


def over(server, folder, reader):
    """The heights through a catalogue that lies here."""
    catalogue = write_catalogue(folder / "catalogue", list(tiles(server, folder)))
    provider = {"static": str(catalogue), "allowed_hosts": ["127.0.0.1"]}
    given = LayerCollection(collection="dem", asset="data", provider=provider)
    return open_layer(HEIGHT, given, GRID, reader=reader)


@pytest.mark.parametrize("fault", ["error", "cut", "short"])
def test_tiles_come_over_a_network_that_loses_answers(tmp_path, fault):
    with serving(tmp_path, Faults(**{f"{fault}_share": 0.25}, only=".tif")) as server:
        for _ in range(4):
            with open_reader(Source()) as reader:
                assert (read_layer(over(server, tmp_path, reader), GRID, GRID.whole) == HEIGHTS).all()
        assert any(request.fault == fault for request in server.requests)


def test_a_tile_that_is_gone_is_an_error_of_the_network_and_no_hole(tmp_path):
    with serving(tmp_path) as server, open_reader(Source()) as reader:
        found = over(server, tmp_path, reader)
        for tile in found.rasters[0].tiles:
            tile.file.reader.shelf.close()
        (tmp_path / "b.tif").unlink()
        with pytest.raises(BrokenAsset, match=r"b\.tif"):
            read_layer(found, GRID, GRID.whole)
    assert found.rasters[0].place.crs == UTM


def test_a_collection_is_read_with_the_access_of_its_own_provider(tmp_path, monkeypatch):
    """Its files need tokens, and the run's scenes come from elsewhere without any."""
    with serving(tmp_path, Faults(token_ttl_s=60.0)) as server, open_reader(Source()) as reader:
        items = list(tiles(server, tmp_path))
        monkeypatch.setattr(search, "search_collection", lambda *_: iter(items))
        access = {"hosts": ["127.0.0.1"], "token_url": f"{server.url}/token/{{account}}/{{container}}"}
        provider = {"api": "http://127.0.0.1/stac", "access": access}
        given = LayerCollection(collection="dem", asset="data", provider=provider)
        found = open_layer(HEIGHT, given, GRID, reader=reader)
        assert (read_layer(pickle.loads(pickle.dumps(found)), GRID, GRID.whole) == HEIGHTS).all()
        assert server.tokens
