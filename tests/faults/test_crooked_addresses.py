"""Addresses that clients read in two ways, rasters that name other files: no stranger is asked."""

import json
import subprocess
import sys
from itertools import product
from pathlib import Path

import numpy as np
import pytest
import rasterio
from rasterio.windows import Window

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset, InputError
from pipeline.ingest.layers.files import open_file
from pipeline.ingest.layers.layer import Layer
from pipeline.ingest.reading.assets import ItemReader
from pipeline.ingest.reading.gate import Gate, find_host, refuse_strangers
from pipeline.ingest.reading.readers import Source, open_reader
from pipeline.ingest.scenes.items import candidate_of
from pipeline.ingest.scenes.providers import read_catalog
from pipeline.outputs.delivered_rasters import open_raster
from pipeline.settings.layers import LayerFile
from pipeline.settings.sources import StaticCatalog
from tests.faults.strangers import standing_at
from tests.scenery import written
from tests.stac import raw_item

KIND, DOOR = "an address that is read in two ways", "catalogue"
NUMBERS = np.random.default_rng(3).integers(1, 9000, (512, 512), dtype=np.uint16)
WINDOW = Window(0, 0, 64, 64)
CROOKED = (
    "http://{stranger}\\@{provider}/red.tif",
    "http://{stranger}\\.{provider}/red.tif",
    "http://{provider}\t@{stranger}/red.tif",
    "http://{stranger} @{provider}/red.tif",
    "http:\\\\{stranger}/red.tif",
    "http:///{stranger}/red.tif",
    "http://[::1/red.tif",
    "http://[{provider}]/red.tif",
    "http://127.0.0.1%2e{stranger}/red.tif",
    "http://127.0.0.1:99999/red.tif",
    "http://①27.0.0.2/red.tif",
    "s3:///127.0.0.2/red.tif",
    "s3://127.0.0.1/../stranger/red.tif",
    "s3://127.0.0.1/%2e%2e/stranger/red.tif",
    "s3://127.0.0.1@stranger/red.tif",
    "s3://stranger\\@127.0.0.1/red.tif",
)


@pytest.fixture
def provider():
    with standing_at("127.0.0.1") as server:
        yield server


@pytest.fixture
def name_address(provider, stranger):
    """An address with the hosts of both in it."""
    hosts = {
        "provider": provider.url.removeprefix("http://"),
        "stranger": stranger.url.removeprefix("http://"),
    }
    return lambda crooked: crooked.format(**hosts)


@pytest.mark.parametrize("crooked", CROOKED)
def test_a_file_at_an_address_that_is_read_in_two_ways_is_refused(provider, stranger, name_address, crooked):
    catalog, item, href = (
        StaticCatalog(static=f"{provider.url}/catalog.json"),
        raw_item(),
        name_address(crooked),
    )
    item["assets"]["red"] = {"href": href}
    scene = candidate_of(item).scene
    with pytest.raises(InputError, match="Let items name files by their path"):
        refuse_strangers(catalog, [scene])
    with open_reader(Source()) as reader, pytest.raises(BrokenAsset, match="is not of the provider"):
        ItemReader(reader).read_window(Asset(href), WINDOW)
    assert stranger.hits == []


@pytest.mark.parametrize("status", [302, 307, 308])
@pytest.mark.parametrize("crooked", [one for one in CROOKED if one.isascii()])
def test_a_redirect_to_an_address_that_is_read_in_two_ways_is_not_followed(
    provider, stranger, name_address, crooked, status
):
    provider.answers["/red.tif"] = (status, {"Location": name_address(crooked)}, b"")
    gate = Gate.of(StaticCatalog(static=f"{provider.url}/catalog.json"))
    with open_reader(Source(gate=gate)) as reader, pytest.raises(BrokenAsset):
        ItemReader(reader).read_window(Asset(f"{provider.url}/red.tif"), WINDOW)
    assert stranger.hits == []


@pytest.mark.parametrize("relation", ["child", "item"])
@pytest.mark.parametrize("crooked", CROOKED)
def test_a_link_at_an_address_that_is_read_in_two_ways_leads_nowhere(
    provider, stranger, name_address, crooked, relation
):
    root = {"type": "Catalog", "links": [{"rel": relation, "href": name_address(crooked)}]}
    provider.answers["/catalog.json"] = (200, {}, json.dumps(root).encode())
    with pytest.raises(InputError, match=r"(lie where their provider does not|cannot be read)"):
        list(read_catalog(StaticCatalog(static=f"{provider.url}/catalog.json")))
    assert stranger.hits == []


def test_a_host_is_told_as_the_client_asks_it():
    told = {
        "https://STAC.example.org:8443/a b.tif": "stac.example.org",
        "https://user:p%40ss@example.org/a": "example.org",
        "http://[::1]:80/a": "::1",
        "s3://eodata/a/b..c/d.tif": "eodata",
        "s3://my_bucket.x": "my_bucket.x",
    }
    assert {href: find_host(href) for href in told} == told


def vrt_of(url: str) -> str:
    return (
        '<VRTDataset rasterXSize="512" rasterYSize="512"><SRS>EPSG:32651</SRS>'
        '<VRTRasterBand dataType="Byte" band="1"><SimpleSource>'
        f'<SourceFilename relativeToVRT="0">/vsicurl/{url}/x.tif</SourceFilename>'
        "<SourceBand>1</SourceBand></SimpleSource></VRTRasterBand></VRTDataset>"
    )


def point_by_a_tag(path: Path, url: str) -> None:
    with rasterio.open(path, "r+") as file:
        file.update_tags(ns="OVERVIEWS", OVERVIEW_FILE=f"/vsicurl/{url}/x.tif")


def point_by_a_sidecar(path: Path, url: str) -> None:
    tag = f'<MDI key="OVERVIEW_FILE">/vsicurl/{url}/x.tif</MDI>'
    content = f'<PAMDataset><Metadata domain="OVERVIEWS">{tag}</Metadata></PAMDataset>'
    path.with_name(path.name + ".aux.xml").write_text(content, encoding="utf-8")


def point_by_a_mask(path: Path, url: str) -> None:
    path.with_name(path.name + ".msk").write_text(vrt_of(url), encoding="utf-8")


def point_by_overviews(path: Path, url: str) -> None:
    path.with_name(path.name + ".aux.xml").write_text("<PAMDataset/>", encoding="utf-8")
    path.with_name(path.name + ".ovr").write_text(vrt_of(url), encoding="utf-8")


def stand_for_another(path: Path, url: str) -> None:
    path.write_text(vrt_of(url), encoding="utf-8")


POINTERS = {
    "a tag of its overviews": point_by_a_tag,
    "a sidecar of its overviews": point_by_a_sidecar,
    "a mask that is a VRT": point_by_a_mask,
    "overviews that are a VRT": point_by_overviews,
    "a VRT by its name": stand_for_another,
}
ASK = "import sys; from tests.faults.test_crooked_addresses import read_all; read_all(*sys.argv[1:])"


def read_all(way: str, folder: str) -> None:
    """Read every raster of a folder in a way, and say so."""
    for path in sorted(Path(folder).glob("*/red.tif")):
        WAYS[way](str(path))
        print(path.parent.name)


def read_as_scene(path: str) -> None:
    with (
        open_reader(Source()) as reader,
        pytest.raises(BrokenAsset, match=r"overviews|not a TIFF|not recogn"),
    ):
        ItemReader(reader).read_thinned(Asset(path), (32, 32), lattice=False)


def read_as_layer(path: str) -> None:
    with pytest.raises(InputError, match=r"overviews|not a TIFF|not recogn"):
        open_file(Layer("height", "A toy height", "m", "nearest"), LayerFile(path=path))


def read_as_delivered(path: str) -> None:
    try:
        with open_raster(Path(path)) as file:
            file.read(1, out_shape=(32, 32))
            file.read_masks(1)
    except InputError as error:
        assert "A raster of the delivery cannot be read" in str(error)  # noqa: PT017  it may as well be read


WAYS = {"scene": read_as_scene, "layer": read_as_layer, "delivery": read_as_delivered}


@pytest.mark.parametrize("way", WAYS)
def test_a_raster_that_leads_elsewhere_leads_nowhere(tmp_path, stranger, fault, way):
    """In a process of its own: GDAL holds the interpreter while it asks, so that nobody here could answer."""
    stranger.answers["/x.tif"] = (200, {}, written(tmp_path / "x.tif", NUMBERS).read_bytes())
    cases = {
        f"a raster of {compress} with {pointer}": (compress, POINTERS[pointer])
        for compress, pointer in product(("deflate", "lzw"), POINTERS)
    }
    for case, (compress, point) in cases.items():
        point(written(tmp_path / "rasters" / case / "red.tif", NUMBERS, compress=compress), stranger.url)
    done = subprocess.run(
        [sys.executable, "-c", ASK, way, str(tmp_path / "rasters")],
        cwd=Path(__file__).parents[2],
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    for case in cases:
        with fault(case, door=way, must="refused by name, or read without what it names") as seen:
            assert case in done.stdout.splitlines(), done.stderr[-1500:]
            seen.happened = "nobody was asked"
