"""Whether a provider answers is told by what stands in the way."""

import json
import socket
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest

from pipeline.ingest.scenes import reach
from pipeline.ingest.scenes.reach import explain_silence
from pipeline.settings.sources import StacApi


@contextmanager
def serve(status: int, content: bytes, location: str = "", promised: int | None = None):
    class Answers(BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(status)
            self.send_header("Content-Length", str(promised or len(content)))
            if location:
                self.send_header("Location", location)
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_):
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield StacApi(api=f"http://127.0.0.1:{server.server_port}/v1")
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("status", "content", "location", "told"),
    [
        (200, json.dumps({"stac_version": "1.1.0"}).encode(), "", ""),
        (200, b"<html>sign in", "", "127.0.0.1 answers, but not as a STAC API"),
        (200, b'{"name": "router"}', "", "127.0.0.1 answers, but not as a STAC API"),
        (503, b"", "", "127.0.0.1 answers with HTTP 503"),
        (302, b"", "http://169.254.169.254/", "127.0.0.1 answers, but not as a STAC API"),
    ],
)
def test_an_answer_is_one_of_a_stac_api_or_says_what_it_is(status, content, location, told):
    with serve(status, content, location) as api:
        assert explain_silence(api) == told


@pytest.mark.parametrize("most", [reach._MOST_BYTES, 8])
def test_an_answer_that_breaks_off_or_is_too_long_is_not_said_to_be_of_another_service(monkeypatch, most):
    monkeypatch.setattr(reach, "_MOST_BYTES", most)
    content = json.dumps({"stac_version": "1.1.0"}).encode()
    with serve(200, content, promised=len(content) + 9) as api:
        assert explain_silence(api) == "127.0.0.1 answers, but its answer does not end in time, or breaks off"


def test_a_host_that_nobody_listens_at_cannot_be_reached():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    assert "cannot be reached" in explain_silence(StacApi(api=f"http://127.0.0.1:{port}/"))


def test_a_host_that_never_answers_is_given_up(monkeypatch):
    monkeypatch.setattr(reach, "_SECONDS", 0.2)
    with socket.create_server(("127.0.0.1", 0)) as silent:
        told = explain_silence(StacApi(api=f"http://127.0.0.1:{silent.getsockname()[1]}/"))
    assert told == "127.0.0.1 does not answer within 0.2 s"


def test_a_name_without_an_address_says_so():
    assert "has no address" in explain_silence(StacApi(api="http://catalogue.invalid/"))
