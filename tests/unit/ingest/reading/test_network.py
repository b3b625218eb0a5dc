"""A host that has no address is given up soon, with a word before; what fails is told in a few words."""

import socket
import time

import pytest
import requests
import urllib3
from rasterio.windows import Window
from urllib3 import exceptions

from pipeline.errors import BrokenAsset, ProviderUnavailable
from pipeline.ingest.reading import network
from pipeline.ingest.reading.network import Host, explain_failure
from pipeline.ingest.reading.reader import Trail
from pipeline.ingest.reading.readers import Source, open_reader
from pipeline.settings.access import Access

NOWHERE = "https://no-such-host.invalid"


@pytest.fixture
def nameless(monkeypatch):
    """No name resolves; patience ends after half a second. Every name that was asked for."""
    asked = []

    def resolve(name, *_, **__):
        asked.append(name)
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr("urllib3.util.connection.socket.getaddrinfo", resolve)
    monkeypatch.setattr(network, "_NAMELESS_S", 0.5)
    return asked


def test_files_of_a_host_without_an_address_end_a_run_soon_and_the_next_are_not_asked_for(nameless, caplog):
    with open_reader(Source(Access(hosts=("no-such-host.invalid",)))) as reader:
        begun = time.monotonic()
        with pytest.raises(ProviderUnavailable, match=r"no-such-host\.invalid has no address") as refused:
            reader.read_window(f"{NOWHERE}/a.tif", Trail(), Window(0, 0, 8, 8))
        assert time.monotonic() - begun < 5
        assert refused.value.exit_code == 75
        count = len(nameless)
        assert count > 1
        with pytest.raises(ProviderUnavailable):
            reader.read_header(f"{NOWHERE}/b.tif", Trail())
        assert len(nameless) == count
    words = [record.getMessage() for record in caplog.records if "no address" in record.getMessage()]
    assert words == ["no-such-host.invalid has no address; asked again"]


def test_a_host_that_answers_again_has_all_patience_again(monkeypatch):
    now = [0.0]
    monkeypatch.setattr(network.time, "monotonic", lambda: now[0])
    host = Host("a.example")
    for moment in (0, 10, 19):
        now[0] = moment
        host.miss_address()
    assert not host.nameless
    host.note_answer()
    for moment in (30, 45):
        now[0] = moment
        host.miss_address()
        host.refuse_nameless()
    now[0] = 50.5
    host.miss_address()
    with pytest.raises(ProviderUnavailable):
        host.refuse_nameless()


POOL = urllib3.connectionpool.HTTPSConnectionPool("a.example")
CONNECTION = urllib3.connection.HTTPConnection("a.example")
NO_NAME = exceptions.NameResolutionError("a.example", CONNECTION, socket.gaierror(-2, "unknown"))


@pytest.mark.parametrize(
    ("error", "words"),
    [
        (NO_NAME, "its host has no address"),
        (exceptions.MaxRetryError(POOL, "/x", NO_NAME), "its host has no address"),
        (requests.ConnectionError(exceptions.MaxRetryError(POOL, "/x", NO_NAME)), "its host has no address"),
        (exceptions.NewConnectionError(CONNECTION, "refused"), "its host takes no connection"),
        (exceptions.ReadTimeoutError(POOL, "/x", "slow"), "no answer in time"),
        (OSError("HTTP 500 for https://a.example/x"), "HTTP 500 for https://a.example/x"),
        (BrokenAsset("gone"), "gone"),
    ],
)
def test_what_fails_is_told_in_a_few_words_whatever_library_asked(error, words):
    assert explain_failure(error) == words


def test_the_error_behind_another_is_found():
    outer = RuntimeError("wrapped")
    outer.__cause__ = NO_NAME
    assert explain_failure(outer) == "its host has no address"
