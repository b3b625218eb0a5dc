"""Files come from where their provider is, and from nowhere else unless it is allowed."""

import json
from dataclasses import replace

import pytest

from pipeline.contracts import Asset
from pipeline.errors import BrokenAsset, InputError
from pipeline.ingest.reading.gate import Gate, find_host, refuse_strangers
from pipeline.ingest.scenes.items import candidate_of
from pipeline.ingest.scenes.providers import read_catalog
from pipeline.settings.access import Access
from pipeline.settings.sources import LocalArchive, StacApi, StaticCatalog, load_providers
from tests.stac import raw_item, write_catalogue

REMOTE = "https://stac.example.org/sentinel/catalog.json"


@pytest.fixture
def scene():
    return candidate_of(raw_item("S2A_51RUQ_20240501_0_L2A")).scene


def at(scene, red, mask="/data/scl.tif"):
    """A scene of two files."""
    return replace(scene, assets={"red": Asset(red)}, mask=Asset(mask))


@pytest.mark.parametrize(
    ("provider", "href"),
    [
        (StaticCatalog(static="/data/catalog.json"), "/data/scene/B04.tif"),
        (StaticCatalog(static="/data/catalog.json", allowed_folders=("/archive",)), "/archive/B04.tif"),
        (StaticCatalog(static="/data/catalog.json"), "file:///data/B04.tif"),
        (StaticCatalog(static=REMOTE, allowed_folders=("/archive",)), "/archive/B04.tif"),
        (LocalArchive(local="/data"), "/data/scene/../B04.tif"),
        (StacApi(api="https://a.org", access=Access(folders=("/archive",))), "/archive/B04.tif"),
        (StaticCatalog(static=REMOTE), "https://STAC.example.org/b/B04.tif"),
        (StaticCatalog(static=REMOTE, allowed_hosts=("*.cdn.net",)), "https://a.cdn.net/B04.tif"),
        (StaticCatalog(static="catalog.json", allowed_hosts=("bucket",)), "s3://bucket/B04.tif"),
        (LocalArchive(local="scenes", allowed_hosts=("a.org",)), "http://a.org:8080/B04.tif"),
        (StacApi(api="http://127.0.0.1:8080"), "http://127.0.0.1:9090/B04.tif"),
        (StacApi(api="https://a.org", access=Access(hosts=("b.org",))), "https://b.org/B04.tif"),
    ],
)
def test_files_of_the_provider_and_of_allowed_hosts_pass(scene, provider, href):
    refuse_strangers(provider, [at(scene, href, href)])
    assert Gate.of(provider).let_pass(href) == href


@pytest.mark.parametrize(
    ("provider", "href", "host", "key"),
    [
        (StaticCatalog(static="catalog.json"), "https://evil.org/B04.tif", "evil.org", "allowed_hosts"),
        (StaticCatalog(static=REMOTE), "http://169.254.169.254/latest", "169.254.169.254", "allowed_hosts"),
        (StaticCatalog(static=REMOTE), "https://example.org/B04.tif", "example.org", "allowed_hosts"),
        (StaticCatalog(static=REMOTE), "https://stac.example.org@evil.org/B04.tif", "evil.org", "allowed"),
        (LocalArchive(local="scenes"), "s3://bucket/B04.tif", "bucket", "allowed_hosts"),
        (StacApi(api="https://a.org"), "https://b.org/B04.tif", "b.org", "access.hosts"),
    ],
)
def test_files_of_other_hosts_are_refused_with_what_to_do(scene, provider, href, host, key):
    told = rf"addresses at {host}, such as .*If you trust {host}, name it in {key}"
    with pytest.raises(InputError, match=told):
        refuse_strangers(provider, [at(scene, href, href)])


@pytest.mark.parametrize(
    "provider",
    [
        StaticCatalog(static=REMOTE, allowed_hosts=("*",)),
        StaticCatalog(static="/data/catalog.json", allowed_hosts=("*",)),
        LocalArchive(local="/data", allowed_hosts=("*",)),
        StacApi(api="https://a.org", access=Access(hosts=("*",), folders=("/data",))),
    ],
)
@pytest.mark.parametrize(
    "href",
    [
        "/vsicurl/https://b.org/1.tif",
        "/vsicurl_streaming/https://b.org/1.tif",
        "/vsicached?file=/vsicurl/https://b.org/1.tif",
        "/vsisubfile/0_99,/vsicurl/https://b.org/1.tif",
        "/vsis3/bucket/B04.tif",
        "/vsizip//data/a.zip/B04.tif",
        "/vsimem/a.tif",
        "/vsistdin/",
        "GTIFF_DIR:1:/vsicurl/https://b.org/1.tif",
        "GTIFF_RAW:/data/B04.tif",
        "vrt:///data/B04.tif?bands=1",
        "vrt://https://b.org/1.tif",
        "NETCDF:/data/a.nc:red",
        "WMS:https://b.org/wms",
        "<VRTDataset/>",
        "ftp://b.org/1.tif",
        "gopher://b.org/1.tif",
        "data:image/tiff;base64,AAAA",
    ],
)
def test_nothing_but_paths_http_and_s3_is_ever_opened(scene, provider, href):
    with pytest.raises(InputError, match="Let items name files by their path"):
        refuse_strangers(provider, [at(scene, href, href)])
    with pytest.raises(BrokenAsset, match="is not of the provider"):
        Gate.of(provider).let_pass(href)


@pytest.mark.parametrize(
    ("provider", "href", "key"),
    [
        (StaticCatalog(static=REMOTE), "/etc/passwd", "allowed_folders"),
        (StaticCatalog(static=REMOTE), "file:///etc/passwd", "allowed_folders"),
        (StaticCatalog(static="/data/catalog.json"), "/data/../etc/passwd", "allowed_folders"),
        (StaticCatalog(static="/data/catalog.json"), "/database/B04.tif", "allowed_folders"),
        (LocalArchive(local="/data"), "/etc/passwd", "allowed_folders"),
        (StacApi(api="https://a.org"), "/etc/passwd", r"access\.folders"),
    ],
)
def test_files_of_this_machine_lie_below_their_catalogue_or_a_named_folder(scene, provider, href, key):
    with pytest.raises(InputError, match=f"If files may be read from .*, name it in {key}"):
        refuse_strangers(provider, [at(scene, href, href)])


@pytest.mark.parametrize(
    "host",
    [
        *("127.0.0.1", "10.1.2.3", "169.254.169.254", "[::1]", "localhost", "0.0.0.0", "224.0.0.1"),
        *("2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:127.0.0.1]", "[::127.0.0.1]"),
        *("[64:ff9b::7f00:1]", "[64:ff9b::a9fe:a9fe]", "[2002:7f00:1::]", "[fec0::1]", "[fe80::1]"),
    ],
)
def test_a_private_address_passes_where_it_is_named_and_not_by_a_wildcard(host):
    href = f"http://{host}:8080/B04.tif"
    named = find_host(href)
    assert Gate.of(StaticCatalog(static=REMOTE, allowed_hosts=("*",))).find_stranger(href) == named
    assert Gate.of(StaticCatalog(static=REMOTE, allowed_hosts=("*", named))).find_stranger(href) == ""
    assert Gate.of(StaticCatalog(static=f"http://{host}/catalog.json")).find_stranger(href) == ""


def test_every_foreign_host_is_named_once_and_no_signature_is_shown(scene):
    scenes = [
        at(scene, f"https://b.org/{number}.tif?sig=SECRET", f"https://a.org/{number}.tif")
        for number in range(3)
    ]
    with pytest.raises(InputError) as caught:
        refuse_strangers(StaticCatalog(static="/data/catalog.json"), scenes)
    assert [problem.found.split(",")[0] for problem in caught.value.problems] == [
        "3 addresses at a.org",
        "3 addresses at b.org",
    ]
    assert "SECRET" not in str(caught.value)


def test_the_providers_that_we_ship_name_their_hosts():
    for provider in load_providers().values():
        assert Gate.of(provider).hosts == provider.access.hosts != ()


def test_a_catalogue_that_leads_to_another_host_is_not_followed(tmp_path):
    path = write_catalogue(tmp_path, [raw_item("S2A_51RUQ_20240501_0_L2A")])
    catalog = json.loads(path.read_text(encoding="utf-8"))
    catalog["links"].append({"rel": "item", "href": "http://127.0.0.1:9/evil.json"})
    path.write_text(json.dumps(catalog), encoding="utf-8")
    with pytest.raises(InputError, match=r"1 addresses at 127\.0\.0\.1, such as http://127\.0\.0\.1:9/evil"):
        list(read_catalog(StaticCatalog(static=str(path))))
    allowed = StaticCatalog(static=str(path), allowed_hosts=("127.0.0.1",))
    told = [candidate_of(item) for item in read_catalog(allowed)]
    assert [one for one in told if isinstance(one, str)] == ["cannot be read (its host takes no connection)"]
    assert len(told) == 2


def test_a_catalogue_that_names_itself_or_one_twice_is_read_once(tmp_path):
    path = write_catalogue(tmp_path, [raw_item("S2A_51RUQ_20240501_0_L2A")])
    catalog = json.loads(path.read_text(encoding="utf-8"))
    catalog["links"] += [{"rel": "child", "href": "./catalog.json"}, catalog["links"][0]]
    path.write_text(json.dumps(catalog), encoding="utf-8")
    assert [item["id"] for item in read_catalog(StaticCatalog(static=str(path)))] == [
        "S2A_51RUQ_20240501_0_L2A"
    ]


@pytest.mark.parametrize(
    "text", ["[" * 100_000, '{"type":"Catalog","links":7}', '{"type":"Catalog","links":[7]}', "[]"]
)
def test_a_catalogue_of_another_shape_is_refused_by_name(tmp_path, text):
    path = tmp_path / "catalog.json"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read"):
        list(read_catalog(StaticCatalog(static=str(path))))
