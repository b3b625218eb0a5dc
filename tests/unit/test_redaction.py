"""Words for people and files tell no secret, however it is spelt."""

import base64
import logging
import subprocess
import sys
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline import redaction
from pipeline.errors import InputError, Problem
from pipeline.redaction import hide, hide_address, hide_environment, redact, strip_queries

SECRET = "s3cr+t/Tok9n"
LEAKING = """
import logging, sys, threading
from pipeline import redaction
redaction.watch_program()
redaction.hide("s3cr+t/Tok9n", "${NAME}")
logging.getLogger("other").warning("asked for /a?sig=xyz98 by %s", "s3cr+t/Tok9n")
try:
    raise OSError("by s3cr+t/Tok9n")
except OSError:
    logging.getLogger("ecoledger").exception("failed")
thread = threading.Thread(target=lambda: 1 / len([one for one in [] if "s3cr+t/Tok9n"]))
thread.start(); thread.join()
raise ValueError("https://u:s3cr+t%2FTok9n@h/a?sig=xyz98 and s3cr%2Bt%2FTok9n")
"""


@pytest.fixture(autouse=True)
def knowing_one(monkeypatch):
    """A process that knows one secret."""
    monkeypatch.setattr(redaction, "_HIDDEN", redaction._Hidden())
    hide(SECRET, "${NAME}")


def spell(secret):
    """A secret in the ways in which it may be met."""
    packed = base64.b64encode(secret.encode()).decode()
    coded = {quote(secret), quote(secret, safe=""), quote(secret, safe="").lower()}
    return {secret, secret.upper(), secret.lower(), packed, *coded}


@given(
    st.sampled_from(sorted(spell(SECRET))),
    st.sampled_from(["{}", "a {} b", "https://h/{}/x", '{{"k": "{}"}}', "%2F{}"]),
)
def test_a_hidden_secret_is_told_by_its_name_however_it_is_spelt(spelt, around):
    told = redact(around.format(spelt))
    assert spelt not in told
    assert "${NAME}" in told


@given(
    st.text(st.characters(codec="ascii", categories=["L", "N"]), min_size=8).map(lambda text: f"Zq7{text}")
)
def test_addresses_are_told_without_user_query_and_named_fragment_though_nothing_is_hidden(secret):
    for form in ("https://u:{}@h/p", "https://h/p?sig={}", "HTTP://h/p#token={}", "s3://b/p?{}"):
        assert secret not in redact(f"cannot open '{form.format(secret)}' (403)")
    assert secret not in strip_queries(f"Max retries exceeded with url: /p?sig={secret} (Caused by x)")


def test_what_holds_no_secret_stays_as_it_is():
    for text in ("what? a file a?b.csv", "https://host/a.tif#3", "${NAME}", "2024Q3: 0.93", "C:\\data"):
        assert redact(text) == text


def test_an_address_behind_letters_without_end_is_told_without_its_user():
    told = redact(f"{'x' * 10**6}+https://clerk:secret@host/a")
    assert told.endswith("x+https://host/a")
    assert "secret" not in told


def test_what_is_short_is_hidden_as_a_word_alone_and_what_is_shorter_not_at_all():
    hide("2024", "${YEAR}")
    hide("abc12", "${SHORT}")
    assert redact("2024Q3 of abc123, abc12") == "2024Q3 of abc123, ${SHORT}"


def test_the_keys_of_an_address_are_hidden_wherever_they_are_repeated():
    hide_address("https://clerk:pw%2Fabcdef@h/x?key=keyabcdef&year=201920")
    assert redact("pw/abcdef keyabcdef 201920") == "... ... 201920"


def test_keys_of_s3_and_users_of_proxies_are_hidden(monkeypatch):
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "aws+secret/1")
    monkeypatch.setenv("https_proxy", "http://clerk:proxy-pw-1@proxy:3128")
    hide_environment()
    assert redact("aws+secret/1, proxy-pw-1") == "${AWS_SECRET_ACCESS_KEY}, ..."


def test_an_error_tells_no_secret():
    problem = Problem(f"https://u:pw@h/a?k=v, {SECRET}", SECRET.upper(), SECRET, SECRET)
    error = InputError(f"at {SECRET}", [problem])
    assert not any(spelt in str(error) + repr(error.problems) for spelt in spell(SECRET))


def test_a_program_logs_and_ends_without_telling_a_secret():
    done = subprocess.run([sys.executable, "-c", LEAKING], capture_output=True, text=True, check=False)
    assert done.returncode == 1
    assert "ValueError: https://h/a" in done.stderr
    said = done.stderr.replace(LEAKING, "")
    assert not any(spelt in said for spelt in (*spell(SECRET), "xyz98", "s3cr+t%2FTok9n"))
    assert "asked for /a by ${NAME}" in said
    assert "OSError: by ${NAME}" in said


def test_a_record_of_a_library_is_told_without_queries():
    record = logging.LogRecord("urllib3", logging.WARNING, "", 1, "GET %s", ("/a?sig=xyz98",), None)
    assert redaction.REDACTION.filter(record)
    assert record.getMessage() == "GET /a"
