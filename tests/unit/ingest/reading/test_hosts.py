"""Files come from the hosts of their provider, and from no other unless it is allowed."""

import json
from dataclasses import replace

import pytest

from pipeline.contracts import Asset
from pipeline.errors import InputError, ProviderUnavailable
from pipeline.ingest.reading.hosts import hosts_of, refuse_foreign
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
        (StaticCatalog(static="catalog.json"), "/data/B04.tif"),
        (StaticCatalog(static=REMOTE), "https://STAC.example.org/b/B04.tif"),
        (StaticCatalog(static=REMOTE, allowed_hosts=("*.cdn.net",)), "https://a.cdn.net/B04.tif"),
        (StaticCatalog(static="catalog.json", allowed_hosts=("bucket",)), "s3://bucket/B04.tif"),
        (LocalArchive(local="scenes", allowed_hosts=("a.org",)), "http://a.org:8080/B04.tif"),
        (StacApi(api="http://127.0.0.1:8080"), "http://127.0.0.1:9090/B04.tif"),
        (StacApi(api="https://a.org", access=Access(hosts=("b.org",))), "https://b.org/B04.tif"),
    ],
)
def test_files_of_the_provider_and_of_allowed_hosts_pass(scene, provider, href):
    refuse_foreign(provider, [at(scene, href)])


@pytest.mark.parametrize(
    ("provider", "href", "host", "key"),
    [
        (StaticCatalog(static="catalog.json"), "https://evil.org/B04.tif", "evil.org", "allowed_hosts"),
        (StaticCatalog(static=REMOTE), "http://169.254.169.254/latest", "169.254.169.254", "allowed_hosts"),
        (StaticCatalog(static=REMOTE), "https://example.org/B04.tif", "example.org", "allowed_hosts"),
        (StaticCatalog(static=REMOTE), "https://stac.example.org@evil.org/B04.tif", "evil.org", "allowed"),
        (LocalArchive(local="scenes"), "s3://bucket/B04.tif", "bucket", "allowed_hosts"),
        (StacApi(api="https://a.org"), "https://b.org/B04.tif", "b.org", "access.hosts"),
        (StaticCatalog(static="catalog.json"), "/vsicurl/https://b.org/1.tif", "vsicurl", "allowed_hosts"),
        (LocalArchive(local="scenes"), "/vsis3/bucket/B04.tif", "vsis3", "allowed_hosts"),
    ],
)
def test_files_of_other_hosts_are_refused_with_what_to_do(scene, provider, href, host, key):
    told = rf"addresses at {host}, such as .*If you trust {host}, name it in {key}"
    with pytest.raises(InputError, match=told):
        refuse_foreign(provider, [at(scene, href)])


def test_every_foreign_host_is_named_once_and_no_signature_is_shown(scene):
    scenes = [
        at(scene, f"https://b.org/{number}.tif?sig=SECRET", f"https://a.org/{number}.tif")
        for number in range(3)
    ]
    with pytest.raises(InputError) as caught:
        refuse_foreign(StaticCatalog(static="catalog.json"), scenes)
    assert [problem.found.split(",")[0] for problem in caught.value.problems] == [
        "3 addresses at a.org",
        "3 addresses at b.org",
    ]
    assert "SECRET" not in str(caught.value)


def test_the_providers_that_we_ship_name_their_hosts():
    for provider in load_providers().values():
        assert hosts_of(provider) == provider.access.hosts != ()


def test_a_catalogue_that_leads_to_another_host_is_not_followed(tmp_path):
    path = write_catalogue(tmp_path, [raw_item("S2A_51RUQ_20240501_0_L2A")])
    catalog = json.loads(path.read_text(encoding="utf-8"))
    catalog["links"].append({"rel": "item", "href": "http://127.0.0.1:9/evil.json"})
    path.write_text(json.dumps(catalog), encoding="utf-8")
    with pytest.raises(InputError, match=r"1 addresses at 127\.0\.0\.1, such as http://127\.0\.0\.1:9/evil"):
        list(read_catalog(StaticCatalog(static=str(path))))
    allowed = StaticCatalog(static=str(path), allowed_hosts=("127.0.0.1",))
    with pytest.raises(ProviderUnavailable, match="does not answer"):
        list(read_catalog(allowed))
