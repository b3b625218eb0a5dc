"""Two hundred registers, each spoilt in its own way: each is refused or gives a finding that names the fault.

Some kinds of faults are tried by default; `make test-slow` tries 200 registers of all kinds with random
numbers of their own, and delivers the tables of those that are not refused.
"""

from dataclasses import replace

import numpy as np
import pyogrio
import pytest

from pipeline.errors import InputError
from pipeline.ingest.parcels import read_parcels
from pipeline.outputs.geopackage import write_geopackage
from tests import registers
from tests.deliveries import small_delivery
from tests.mutated_registers import AOI, KINDS, REFUSED, Mutation, base, write

KIND, DOOR = "a spoilt register", "parcels"
COUNT = 200
SOME = (
    "bow tie",
    "left out",
    "far away",
    "zone next door",
    "prefix in the file only",
    "no CRS",
    "a damaged text",
    "GBK read as UTF-8",
    "renamed",
    "nested values",
    "areas in mu",
    "no byte",
    "huge text",
    "formula",
    "path in an id",
)


def outcome(file):
    """The rules that were broken, or that the register was refused with what was found."""
    try:
        register = read_parcels(file, AOI)
    except InputError as error:
        told = [problem for problem in error.problems if problem.found and problem.expected]
        return {REFUSED} if told else set(), None
    prepared = registers.prepare(registers.parcels_in(register), AOI)
    rules = set(prepared.findings["rule"])
    rules |= {"missing_column"} if register.missing else set()
    rules |= {"register_elsewhere"} if register.elsewhere else set()
    return rules, prepared


def deliver(prepared, folder):
    """The tables as they are delivered; whatever stands in them is text and no more."""
    whole = small_delivery(simulated=False)
    delivery = replace(whole, parcels=prepared.parcels, findings=prepared.findings, rasters=())
    write_geopackage(delivery, folder / "inventory.gpkg")
    written = pyogrio.read_dataframe(folder / "inventory.gpkg", layer="parcels", read_geometry=False)
    assert sorted(written["parcel_id"]) == sorted(prepared.parcels["parcel_id"])
    assert list(folder.iterdir()) == [folder / "inventory.gpkg"]


@pytest.mark.parametrize("kind", SOME)
def test_a_fault_of_any_kind_is_refused_or_found(kind, tmp_path):
    make, expected = KINDS[kind]
    found, _ = outcome(write(make(np.random.default_rng(7)), tmp_path))
    assert found & expected, found


def test_the_register_is_sound_before_it_is_spoilt(tmp_path):
    found, prepared = outcome(write(Mutation(base()), tmp_path))
    assert found == set()
    assert len(prepared.parcels) == 12
    (tmp_path / "delivery").mkdir()
    deliver(prepared, tmp_path / "delivery")


@pytest.mark.slow
@pytest.mark.parametrize("number", range(COUNT))
def test_two_hundred_spoilt_registers_are_refused_or_found_and_delivered_as_text(number, tmp_path):
    kind = list(KINDS)[number % len(KINDS)]
    make, expected = KINDS[kind]
    found, prepared = outcome(write(make(np.random.default_rng([2024, number])), tmp_path))
    assert found & expected, (kind, found)
    if prepared is not None:
        (tmp_path / "delivery").mkdir()
        deliver(prepared, tmp_path / "delivery")
