"""Causes and their keys."""

import os
import subprocess
import sys
from dataclasses import replace

import pytest

from pipeline.storage.cause import Cause, checksums_of, files_of, keys_in

CAUSE = Cause("composite", 3, {"bands": ["red", "nir"], "clear": {"scl": [4, 5], "open_px": 2}}, ["a", "b"])


def test_every_part_of_a_cause_makes_its_key():
    others = [
        replace(CAUSE, step="cover"),
        replace(CAUSE, version=4),
        replace(CAUSE, settings={**CAUSE.settings, "bands": ["nir", "red"]}),
        replace(CAUSE, settings={**CAUSE.settings, "clear": {"scl": [4, 5], "open_px": 3}}),
        replace(CAUSE, settings={**CAUSE.settings, "new": None}),
        replace(CAUSE, settings={}),
        replace(CAUSE, inputs=["b", "a"]),
        replace(CAUSE, inputs=["a", "b", "c"]),
        replace(CAUSE, inputs=["ab"]),
        replace(CAUSE, inputs=[]),
    ]
    assert len({CAUSE.key, *(cause.key for cause in others)}) == len(others) + 1


def test_nothing_but_the_cause_makes_the_key():
    turned = {"clear": {"open_px": 2, "scl": [4, 5]}, "bands": ["red", "nir"]}
    assert replace(CAUSE, settings=turned).key == CAUSE.key
    assert replace(CAUSE, inputs=("a", "b")).key == CAUSE.key
    assert len(CAUSE.key) == 64
    code = "from pipeline.storage.cause import Cause; print(Cause('s', 1, {'b': 1, 'a': '区'}, ['x']).key)"
    keys = {
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            text=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    }
    assert keys == {Cause("s", 1, {"a": "区", "b": 1}, ["x"]).key + "\n"}


def test_the_keys_that_a_cause_names_are_found_wherever_they_stand_in_it():
    one, two, three = (replace(CAUSE, version=number).key for number in (1, 2, 3))
    cause = Cause(
        "classifier", 1, {"from": [{"axis": three}], "名": "ab" * 40}, [f"{two}|{one}", one, "S2A_1|05"]
    )
    assert keys_in(cause.text) == sorted([one, two, three])
    assert keys_in(CAUSE.text) == []


@pytest.mark.parametrize(
    ("named", "parts", "others"),
    [
        ("a.shp", ["a.shp", "a.shx", "a.dbf", "a.prj", "a.cpg"], ["b.dbf", "a.txt"]),
        ("a.tab", ["a.tab", "a.dat", "a.map", "a.id"], ["b.dat", "a.txt"]),
        ("a.mif", ["a.mif", "a.mid"], ["b.mid"]),
        ("a.gpkg", ["a.gpkg", "a.gpkg-wal"], ["a.gpkg-shm", "b.gpkg-wal"]),
    ],
)
def test_every_file_that_holds_a_dataset_counts(tmp_path, named, parts, others):
    for name in [*parts, *others]:
        (tmp_path / name).write_text(name)
    assert files_of(tmp_path / named) == sorted(tmp_path / name for name in parts)
    for name in parts:
        before = checksums_of([tmp_path / named])
        (tmp_path / name).write_text("changed")
        assert checksums_of([tmp_path / named]) != before
