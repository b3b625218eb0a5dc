"""Where files are found: hosts, tokens, S3; and the providers that we ship."""

import json
from urllib.parse import urlsplit

import pytest
import urllib3

from pipeline.ingest.reading.signing import SignedAddress, Signer, Token
from pipeline.ingest.scenes.items import candidate_of
from pipeline.redaction import redact
from pipeline.settings.access import S3, Access
from pipeline.settings.sources import load_providers
from tests.scenery import SHARED, needs_responses

BLOB = "https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/32/U/PU/B04_10m.tif"
ANSWERS = {
    "earth-search": "earthsearch_v1_sentinel-2-c1-l2a_10items.json",
    "planetary-computer": "planetarycomputer_sentinel-2-l2a_search-page-1.json",
    "cdse": "cdse_stac_v1_sentinel-2-l2a_search_4items.json",
}


def signer(access: Access) -> Signer:
    return Signer(access, urllib3.PoolManager())


def test_without_hosts_a_file_may_come_from_anywhere_and_is_not_signed():
    for href in ("/data/a.tif", "https://any.example/a.tif"):
        assert signer(Access()).sign(href) == SignedAddress(href)


def test_a_token_is_asked_once_for_all_files_of_a_container_and_joined_to_what_is_there(monkeypatch):
    asked = []

    def token(_, url):
        asked.append(url)
        return Token("sig=secret")

    monkeypatch.setattr(Signer, "request_token", token)
    ours = signer(load_providers()["planetary-computer"].access)
    assert ours.sign(BLOB).path == f"{BLOB}?sig=secret"
    assert ours.sign(f"{BLOB}?part=1").path == f"{BLOB}?part=1&sig=secret"
    ours.sign(BLOB.replace("sentinel2-l2", "other"))
    service = "https://planetarycomputer.microsoft.com/api/sas/v1/token/sentinel2l2a01"
    assert asked == [f"{service}/sentinel2-l2", f"{service}/other"]


def test_a_file_on_s3_is_read_by_the_options_of_its_provider_and_no_key_is_among_them():
    cdse = signer(load_providers()["cdse"].access)
    assert cdse.sign("s3://eodata/Sentinel-2/a.jp2").path == "/vsis3/eodata/Sentinel-2/a.jp2"
    assert cdse.gdal_options("s3://eodata/a.jp2") == {
        "CPL_VSIL_CURL_ALLOWED_FILENAME": "/vsis3/eodata/a.jp2",
        "AWS_S3_ENDPOINT": "eodata.dataspace.copernicus.eu",
        "AWS_VIRTUAL_HOSTING": "FALSE",
    }
    usgs = signer(load_providers()["usgs-landsatlook"].access).gdal_options("s3://usgs-landsat/a.tif")
    assert usgs["AWS_REQUEST_PAYER"] == "requester"
    assert cdse.gdal_options("https://any.example/a.tif") == {}
    assert not {"key", "secret", "token"} & {part for name in S3.model_fields for part in name.split("_")}


def test_a_text_is_told_without_what_its_urls_carry():
    text = f"cannot open '/vsicurl/{BLOB}?sv=1&sig=a%2Fb' (HTTP 403 on {BLOB}?sig=b)"
    assert redact(text) == f"cannot open '/vsicurl/{BLOB}' (HTTP 403 on {BLOB}"


@needs_responses
@pytest.mark.parametrize("name", sorted(ANSWERS))
def test_the_files_of_recorded_answers_come_from_the_hosts_that_the_provider_names(name, monkeypatch):
    monkeypatch.setattr(Signer, "request_token", lambda *_: Token("sig=secret"))
    answer = json.loads((SHARED / "data" / "stac_responses" / ANSWERS[name]).read_text(encoding="utf-8"))
    ours = signer(load_providers()[name].access)
    scenes = [found.scene for item in answer["features"] if (found := candidate_of(item))]
    hrefs = [asset.href for scene in scenes for asset in [*scene.assets.values(), scene.mask]]
    assert len(hrefs) > 8
    for href in hrefs:
        assert ours.sign(href).path.startswith(("/vsis3/", "https://")), urlsplit(href).netloc
