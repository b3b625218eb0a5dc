"""The fault server: it does what it is asked to, and nothing else; seen by a client that is not GDAL."""

import random
import subprocess
import sys
from pathlib import Path

import pytest
import urllib3

from tests.faults.server import Faults, serving

CONTENT = random.Random(1).randbytes(10240)
POOL = urllib3.PoolManager(retries=False, timeout=5)


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "a.tif").write_bytes(CONTENT)
    return tmp_path


def asked(server, span="", path="/a.tif"):
    return POOL.request("GET", server.url + path, headers={"Range": f"bytes={span}"} if span else {})


@pytest.mark.parametrize(
    ("span", "expected"),
    [
        ("0-9", CONTENT[:10]),
        ("10000-", CONTENT[10000:]),
        ("-5", CONTENT[-5:]),
        ("10000-99999", CONTENT[10000:]),
    ],
    ids=["first", "open", "last", "over the end"],
)
def test_a_range_is_its_bytes_and_says_so(folder, span, expected):
    with serving(folder) as server:
        answer = asked(server, span)
    assert (answer.status, answer.data) == (206, expected)
    first = CONTENT.rindex(expected)
    assert answer.headers["Content-Range"] == f"bytes {first}-{first + len(expected) - 1}/{len(CONTENT)}"


def test_many_requests_use_one_connection_and_nothing_outside_the_folder_is_served(folder):
    with serving(folder) as server, urllib3.HTTPConnectionPool("127.0.0.1", server.server_address[1]) as pool:
        for _ in range(5):
            assert pool.request("GET", "/a.tif").data == CONTENT
        assert pool.num_connections == 1
        assert pool.request("GET", "/%2e%2e/%2e%2e/etc/passwd").status == 404
        assert pool.request("GET", "/a.tif", headers={"Range": "bytes=99999-"}).status == 416


def test_faults_are_a_share_of_the_requests_and_the_same_in_every_run(folder):
    faults = Faults(error_share=0.25, status=429, retry_after_s=7)

    def statuses():
        with serving(folder, faults) as server:
            answers = [asked(server, f"{first}-{first + 9}") for first in range(200)]
            assert {answer.headers.get("Retry-After") for answer in answers if answer.status == 429} == {"7"}
            return [answer.status for answer in answers]

    found = statuses()
    assert 30 < found.count(429) < 70
    assert found.count(206) == 200 - found.count(429)
    assert statuses() == found


def test_asking_again_is_a_new_draw(folder):
    with serving(folder, Faults(error_share=0.5)) as server:
        assert {asked(server, "0-9").status for _ in range(20)} == {206, 503}


def test_each_fault_is_what_its_name_says(folder):
    with serving(folder, Faults(short_share=1)) as server:
        assert asked(server, "0-99").data == CONTENT[:50]
        server.set(short_share=0, corrupt_share=1)
        turned = asked(server, "0-999").data
        assert len(turned) == 1000
        assert sum(a != b for a, b in zip(turned, CONTENT, strict=False)) == 64
        server.set(corrupt_share=0, whole_share=1)
        assert (asked(server, "0-9").status, asked(server, "0-9").data) == (200, CONTENT)
        server.set(whole_share=0, cut_share=1)
        with pytest.raises(urllib3.exceptions.ProtocolError):
            asked(server, "0-999")
        server.set(cut_share=0, stall_share=1, stall_s=0.3)
        with pytest.raises(urllib3.exceptions.ReadTimeoutError):
            POOL.request("GET", f"{server.url}/a.tif", timeout=0.1)
        server.set(only="other")
        assert asked(server, "0-9").data == CONTENT[:10]


def test_a_file_needs_a_token_that_has_not_expired(folder):
    with serving(folder, Faults(token_ttl_s=60)) as server:
        assert asked(server).status == 403
        token = asked(server, path="/token/x").json()["token"]
        assert asked(server, path=f"/a.tif?{token}").data == CONTENT
        server.revoke()
        assert asked(server, path=f"/a.tif?{token}").status == 403


def test_more_requests_than_the_bucket_holds_are_too_many(folder):
    with serving(folder, Faults(rate_per_s=0.01, burst=3, retry_after_s=1)) as server:
        assert [asked(server).status for _ in range(5)] == [200, 200, 200, 429, 429]
        assert server.statuses == {200: 3, 429: 2}


def test_it_starts_from_the_command_line_and_prints_its_address(folder):
    command = [sys.executable, Path(__file__).with_name("server.py"), folder, "--latency-ms", "1"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        address = process.stdout.readline().strip()
        try:
            assert POOL.request("GET", f"{address}/a.tif").data == CONTENT
        finally:
            process.kill()
