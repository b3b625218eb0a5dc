"""Endmembers kept by name: which delivery they are taken from, and that JSON loses nothing of them."""

import json
from dataclasses import asdict, replace
from types import SimpleNamespace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pipeline.flow.kept_endmembers import load_ends, take_kept
from pipeline.indices.vegetation import ClassEndmembers, EndmemberPair

NAME = "quarterly"
ndvi = st.floats(-1, 1)
pairs = st.builds(EndmemberPair, ndvi, ndvi, st.text(max_size=20))
own = st.lists(st.tuples(st.integers(1, 4), ndvi, ndvi), max_size=4).map(tuple)
by_class = st.builds(ClassEndmembers, own, pairs, st.text(max_size=20))


@pytest.fixture
def asking(planted, tmp_path):
    """The planted study, under a config that keeps endmembers, with deliveries in a folder of its own."""
    vegetation = planted.settings.vegetation.model_copy(update={"keep_endmembers": NAME, "freeze": True})
    changed = {"vegetation": vegetation, "out": str(tmp_path), "label": "now"}
    return replace(planted, settings=planted.settings.model_copy(update=changed))


def deliver(study, label, since, soil, *, name=NAME):
    """A delivery whose manifest keeps endmembers, all but their soil as in every other."""
    ends = asdict(EndmemberPair(soil, 0.9, "p"))
    kept = {"name": name, "since": since, "rules": study.settings.vegetation.endmember_rules, "ends": ends}
    folder = study.target.parent / label
    folder.mkdir(parents=True)
    ours = {"aoi": folder.parent.name, "label": label, "config": {}, "files": {}}
    manifest = {**ours, "endmembers": {"kept": kept}}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return folder


def taken(study, repeats=None):
    (found,) = take_kept(SimpleNamespace(repeats=repeats), [study])
    return found.endmembers and found.endmembers.ends.soil


def test_those_of_its_own_place_come_before_those_of_latest_and_these_before_all_others(asking):
    assert taken(asking) is None
    deliver(asking, "2020", "2020", 0.1)
    deliver(asking, "2021", "2020", 0.2, name="others")
    assert taken(asking) == 0.1
    deliver(asking, "2019", "2019", 0.3)
    (asking.target.parent / "latest").write_text("2019\n", encoding="utf-8")
    assert taken(asking) == 0.3
    deliver(asking, "now", "2018", 0.4)
    assert taken(asking) == 0.4


def test_a_delivery_repeated_takes_its_own_and_the_one_that_found_them_finds_them_anew(asking):
    deliver(asking, "2020", "2020", 0.1)
    repeated = deliver(asking, "elsewhere", "2017", 0.5)
    assert taken(asking, repeated) == 0.5
    deliver(asking, "now", "now", 0.6)
    assert taken(asking) is None


def test_a_manifest_that_cannot_be_read_is_no_evidence(asking):
    (asking.target.parent / "broken").mkdir(parents=True)
    for content in ("{", "[]", "{}"):
        (asking.target.parent / "broken" / "manifest.json").write_text(content, encoding="utf-8")
        assert taken(asking) is None


@given(ends=st.one_of(pairs, by_class))
def test_no_figure_changes_on_its_way_from_one_run_to_the_next(ends):
    assert load_ends(json.loads(json.dumps(asdict(ends)))) == ends
