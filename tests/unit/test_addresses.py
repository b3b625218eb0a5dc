"""Addresses are told without their secrets, and are whole in this process alone."""

import copy
import json
import pickle
from string import ascii_letters, digits
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from pipeline import addresses, redaction
from pipeline.addresses import (
    Address,
    Filled,
    digest,
    fill,
    hide_variable,
    is_lost,
    recall,
    seal,
    seal_href,
)

TOKEN = "tk-9Zq4w7Lm"
SECRETS = st.text(ascii_letters + digits, min_size=8, max_size=20).map(lambda text: f"Zq7{text}")


@pytest.fixture(autouse=True)
def knowing_nothing(monkeypatch):
    """A process that knows no secret but the variable TOKEN."""
    monkeypatch.setattr(addresses, "_KNOWN", addresses._Known())
    monkeypatch.setattr(redaction, "_HIDDEN", redaction._Hidden())
    hide_variable("TOKEN", TOKEN)


class Entry(BaseModel):
    """A part of a config."""

    place: Address
    name: str = ""


@pytest.mark.parametrize(
    ("template", "told"),
    [
        ("https://host/catalog.json", "https://host/catalog.json"),
        ("https://host/${TOKEN}/catalog.json", "https://host/${TOKEN}/catalog.json"),
        ("https://host/stac?key=${TOKEN}", "https://host/stac?key=${TOKEN}"),
        ("https://host/stac?key=literal", "https://host/stac?key=..."),
        ("https://host/stac?key=${TOKEN}&f=json#part", "https://host/stac?key=${TOKEN}&f=..."),
        ("https://clerk:literal@host/stac", "https://...:...@host/stac"),
        ("https://clerk:${TOKEN}@host/stac", "https://...:${TOKEN}@host/stac"),
        ("s3://bucket/${TOKEN}/a.tif", "s3://bucket/${TOKEN}/a.tif"),
    ],
)
def test_an_address_is_told_by_its_variables_and_without_what_stands_in_the_clear(template, told):
    filled = template.replace("${TOKEN}", TOKEN)
    sealed = seal(filled, template)
    assert (str(sealed), f"{sealed}", repr(sealed), json.dumps(sealed)) == (
        told,
        told,
        repr(told),
        json.dumps(told),
    )
    assert fill(sealed) == filled


def test_an_address_that_is_a_variable_as_a_whole_is_told_with_its_scheme_alone():
    whole = "https://clerk:pw-12345@host/path-98765/catalog.json"
    hide_variable("WHOLE", whole)
    sealed = seal(whole, "${WHOLE}")
    assert sealed == "https://${WHOLE}"
    assert fill(sealed) == fill(seal(str(sealed), str(sealed))) == whole


def test_a_path_of_this_machine_is_told_as_it_is():
    assert str(seal("/data/tk-9Zq4w7Lm/a.json", "/data/${TOKEN}/a.json")) == "/data/tk-9Zq4w7Lm/a.json"


def test_a_config_keeps_an_address_whole_in_memory_and_dumps_what_may_be_told():
    entry = Entry(place=Filled(f"https://host/{TOKEN}", "https://host/${TOKEN}"), name=Filled("a", "${A}"))
    again = Entry.model_validate(entry.model_dump())
    carried = pickle.loads(pickle.dumps(copy.deepcopy(entry)))
    assert {fill(one.place) for one in (entry, again, carried)} == {f"https://host/{TOKEN}"}
    assert json.loads(entry.model_dump_json()) == {"place": "https://host/${TOKEN}", "name": "a"}
    assert Entry.model_json_schema()["properties"]["place"]["type"] == "string"


@given(SECRETS, st.sampled_from(["https://h/{}/a.tif", "https://h/a.tif?sig={}", "https://u:{}@h/a.tif",
                                 "https://h/a.tif#key={}", "https://h/get?f=a.tif&token={}#2"]))  # fmt: skip
def test_an_address_of_a_file_tells_no_secret_and_is_filled_as_it_was(secret, way):
    hide_variable("SECRET", secret)
    for spelt in (secret, quote(secret, safe=""), secret.upper(), secret.lower()):
        href = way.format(spelt)
        kept = str(seal_href(href, "item/red"))
        assert spelt not in kept
        assert fill(recall(kept)) == fill(seal_href(href, "item/red")) == href


def test_files_whose_addresses_differ_in_their_query_alone_stay_two():
    red, nir = (seal_href(f"https://h/get?file={name}", f"item/{name}") for name in ("red", "nir"))
    assert red != nir
    assert (fill(recall(str(red))), fill(recall(str(nir)))) == (
        "https://h/get?file=red",
        "https://h/get?file=nir",
    )


def test_an_address_without_secrets_stays_as_it_is():
    for href in ("https://host/a.tif", "/data/a.tif", "data/a?b.tif", "s3://bucket/a.tif"):
        assert seal_href(href, "item/red") is href


def test_what_an_item_writes_as_a_variable_is_never_filled():
    """A catalogue that names a file `https://its.host/${AWS_SECRET_ACCESS_KEY}` is sent no key."""
    sealed = seal_href("https://its.host/${TOKEN}/a.tif", "item/red")
    assert TOKEN not in fill(sealed)
    assert TOKEN not in fill(recall(str(sealed)))


def test_an_address_that_was_signed_is_lost_where_nothing_is_known_of_it(monkeypatch):
    kept = str(seal_href("https://h/a.tif?sig=abc", "item/red"))
    assert not is_lost(kept)
    monkeypatch.setattr(addresses, "_KNOWN", addresses._Known())
    assert is_lost(kept)
    assert not is_lost("https://h/a.tif")


def test_a_value_that_changes_is_noticed_though_what_is_told_stays():
    one, other = (seal(f"https://h/{value}", "https://h/${TOKEN}") for value in ("tk-1111111", "tk-2222222"))
    assert one == other
    assert digest(one) != digest(other)
    assert digest(one) == digest(seal("https://h/tk-1111111", "https://h/${TOKEN}"))
    assert digest(Address("https://h/plain")) == ""
