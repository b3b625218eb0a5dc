"""A host that has no address is given up soon; one that is busy is not."""

from datetime import date

import pytest
import shapely
from urllib3.connection import HTTPConnection
from urllib3.connectionpool import HTTPConnectionPool
from urllib3.exceptions import MaxRetryError, NameResolutionError, ProtocolError

from pipeline.errors import Interrupted, ProviderUnavailable
from pipeline.ingest.scenes import search
from pipeline.settings.sources import StacApi

NO_NAME = NameResolutionError(
    "no-such-host.invalid", HTTPConnection("no-such-host.invalid"), OSError(-2, "unknown")
)


POOL = HTTPConnectionPool("no-such-host.invalid")


def count_tries(error):
    patience, tries = search._RETRY, 1
    while tries < 50:
        try:
            patience = patience.increment("GET", "/", error=error, _pool=POOL)
        except MaxRetryError:
            return tries
        tries += 1
    raise AssertionError("never given up")


def test_a_name_that_does_not_resolve_is_asked_less_often_than_a_host_that_is_busy(caplog):
    assert count_tries(NO_NAME) == 5
    assert [record.message.endswith("asked again") for record in caplog.records] == [True]
    assert count_tries(ProtocolError("reset")) == 9


@pytest.mark.parametrize(
    ("raised", "kind"), [(Interrupted("stopped", 15), Interrupted), (OSError("x"), ProviderUnavailable)]
)
def test_a_signal_during_a_search_is_a_stop_and_no_fault_of_the_provider(monkeypatch, raised, kind):
    def ask(*_, **__):
        raise raised

    monkeypatch.setattr("requests.Session.send", ask)
    with pytest.raises(kind):
        list(
            search.search_items(
                StacApi(api="https://a.example/stac"),
                shapely.box(0, 0, 1, 1),
                date(2024, 1, 1),
                date(2024, 1, 2),
                ["sentinel-2"],
            )
        )
