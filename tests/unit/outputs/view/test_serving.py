"""A site that is served: its own files, read only, to those who call it by its name."""

import http.client
import socket
import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import SettingsError
from pipeline.outputs.view.serving import SiteServer, is_loopback, open_server, read_range
from pipeline.outputs.view.site import ViewSite

SECRET = b"not of the site"
TABLE = bytes(range(256)) * 40
NAME = "files/河口/2024 #1/表?%.csv"


@pytest.fixture(scope="module")
def server(tmp_path_factory):
    folder = tmp_path_factory.mktemp("served")
    (folder / "secret.txt").write_bytes(SECRET)
    (folder / "table.csv").write_bytes(TABLE)
    (folder / "empty.csv").write_bytes(b"")
    files = {"index.html": b"<p>page", NAME: folder / "table.csv", "files/empty.csv": folder / "empty.csv"}
    files["files/gone.csv"] = folder / "gone.csv"
    with open_server(ViewSite(files), "127.0.0.1", 0) as opened:
        thread = threading.Thread(target=opened.serve_forever, daemon=True)
        thread.start()
        yield opened
        opened.shutdown()
        thread.join()


@pytest.fixture
def ask(server):
    def ask_server(address, method="GET", **headers):
        line = http.client.HTTPConnection("127.0.0.1", server.server_address[1], timeout=10)
        line.putrequest(method, address, skip_host="Host" in headers)
        for name, value in headers.items():
            line.putheader(name, value)
        line.endheaders()
        answer = line.getresponse()
        body = answer.read()
        line.close()
        return answer, body

    return ask_server


QUOTED = "/files/%E6%B2%B3%E5%8F%A3/2024%20%231/%E8%A1%A8%3F%25.csv"


def test_files_of_the_site_are_given_also_under_odd_names(ask):
    answer, body = ask("/")
    assert (answer.status, body, answer.headers["Content-Type"]) == (
        200,
        b"<p>page",
        "text/html; charset=utf-8",
    )
    answer, body = ask(QUOTED)
    assert (answer.status, body) == (200, TABLE)
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert ask("/?a=b")[1] == b"<p>page"
    assert ask("/files/empty.csv")[1] == b""


@pytest.mark.parametrize(
    "address",
    [
        "/secret.txt", "/../secret.txt", "/files/../secret.txt", "/%2e%2e/secret.txt", "/..%2fsecret.txt",
        "//etc/passwd", "/files/", "/files", "/files/%E6%B2%B3%E5%8F%A3/", "/etc/passwd", "/%00",
        "/..\\secret.txt", "/C:/Windows/win.ini", "/files/gone.csv", "http://127.0.0.1/../secret.txt",
    ],
)  # fmt: skip
def test_nothing_else_is_given_neither_folders_nor_what_lies_beside_or_is_gone(ask, address):
    answer, body = ask(address)
    assert answer.status == 404
    assert SECRET not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "OPTIONS"])
def test_nothing_can_be_done_but_reading(ask, method):
    assert ask("/", method)[0].status == 501


def test_head_tells_the_size_and_sends_nothing(ask):
    answer, body = ask(QUOTED, "HEAD")
    assert (answer.status, answer.headers["Content-Length"], body) == (200, str(len(TABLE)), b"")


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:80", "127.0.0.1.evil.example", "", "10.0.0.7", "[::2]"]
)
def test_a_stranger_whose_name_leads_here_gets_nothing(ask, host):
    answer, body = ask("/", Host=host)
    assert answer.status == 421
    assert b"<p>page" not in body


@pytest.mark.parametrize("host", ["localhost:1", "127.0.0.1", "[::1]:80", "LOCALHOST"])
def test_this_machine_is_answered_under_each_of_its_names(ask, host):
    assert ask("/", Host=host)[0].status == 200


def test_where_it_was_told_to_serve_others_numbers_are_answered_and_names_of_strangers_are_not():
    with SiteServer(ViewSite({}), "0.0.0.0", 0) as opened:
        assert opened.knows("192.168.1.20:8000")
        assert opened.knows("localhost")
        assert not opened.knows("evil.example")
        assert opened.url.startswith("http://127.0.0.1:")


@given(st.integers(0, 400), st.integers(0, 500), st.integers(0, 500))
def test_a_range_is_what_python_cuts(size, first, last):
    content = bytes(size)
    assert content[read_range(f"bytes={first}-", size)] == content[first:]
    cut = read_range(f"bytes={first}-{last}", size)
    assert max(0, cut.stop - cut.start) == len(content[first : last + 1])
    cut = read_range(f"bytes=-{last}", size)
    assert cut.stop - cut.start == len(content[-last:] if last else b"")


@pytest.mark.parametrize("header", [None, "", "bytes=-", "bytes=1-2,4-5", "lines=1-2", "bytes=a-b"])
def test_a_range_that_is_none_is_all(header):
    assert read_range(header, 10) is None


def test_a_part_of_a_download_is_given_and_one_beyond_its_end_refused(ask):
    answer, body = ask(QUOTED, Range="bytes=300-309")
    assert (answer.status, body) == (206, TABLE[300:310])
    assert answer.headers["Content-Range"] == f"bytes 300-309/{len(TABLE)}"
    answer, body = ask(QUOTED, Range="bytes=999999-")
    assert (answer.status, body, answer.headers["Content-Range"]) == (416, b"", f"bytes */{len(TABLE)}")


def test_a_port_that_is_taken_is_refused_with_the_way_out():
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(SettingsError, match="Choose another --port"):
            open_server(ViewSite({}), "127.0.0.1", taken.getsockname()[1])


def test_a_host_that_is_none_is_refused():
    with pytest.raises(SettingsError, match=r"no\.such\.host\.invalid"):
        open_server(ViewSite({}), "no.such.host.invalid", 0)


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("127.0.0.1", True),
        ("127.8.8.8", True),
        ("localhost", True),
        ("::1", True),
        ("0.0.0.0", False),
        ("192.168.1.2", False),
        ("office-pc", False),
    ],
)
def test_loopback_is_this_machine_alone(host, expected):
    assert is_loopback(host) is expected
