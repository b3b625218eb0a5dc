"""Surveys of the simulated world: all that is planted comes back from its files, in years and in quarters."""

import json
from datetime import date
from itertools import chain
from pathlib import Path

import pandas as pd
import pytest

from pipeline.assessment.species.change import compare_periods
from pipeline.assessment.species.counts import count_species, list_species
from pipeline.assessment.species.habitats import link_habitats
from pipeline.assessment.species.indicators import build_species_indicators
from pipeline.assessment.species.surveys import assign_periods
from pipeline.assessment.species.waterbirds import hold_waterbirds
from pipeline.ingest.parcels import read_parcels
from pipeline.ingest.rejects import tabulate_rejects
from pipeline.ingest.simulate.parcels import write_register
from pipeline.ingest.simulate.species import write_species
from pipeline.ingest.simulate.species_paths import complete_species
from pipeline.ingest.simulate.world import plan_world
from pipeline.ingest.species.surveys import read_species
from pipeline.periods import PERIODS_A_YEAR, list_periods
from pipeline.settings.aoi import load_entry
from pipeline.settings.parcels import ParcelFile
from pipeline.settings.species import Species


class Planted:
    """What was written over an area, what is read of it, and the truth beside it."""

    def __init__(self, folder, area, kind):
        self.aoi, self.cycle = load_entry(area), PERIODS_A_YEAR[kind]
        self.periods = list_periods(date(2023, 1, 1), date(2024, 12, 31), kind)
        world = plan_world(self.aoi, self.periods, resolution_m=60)
        write_register(world, folder)
        self.folder = folder / kind
        self.folder.mkdir()
        write_species(world, folder, self.folder)
        self.tables = read_species(complete_species(Species(), self.folder), self.aoi)
        self.records = assign_periods(self.tables.records, self.periods)
        self.truth = json.loads((self.folder / "truth.json").read_text("utf-8"))
        self.counts = count_species(self.records, self.periods)
        self.change = compare_periods(self.records, self.periods, self.cycle)
        self.birds = hold_waterbirds(self.records, self.tables.estimates)
        self.world, self.register = world, folder / "register.gpkg"


@pytest.fixture(
    scope="module", params=[("guangyang_island", "year"), ("chongming_wetlands", "quarter")], ids=str
)
def planted(request, tmp_path_factory):
    return Planted(tmp_path_factory.mktemp("species"), *request.param)


def find(value):
    return None if pd.isna(value) else value


def test_every_planted_count_of_species_comes_back(planted):
    found = {
        (row.period, row.species_group): (
            find(row.species_count), find(row.not_found_count), row.surveys, row.sites, find(row.known_count)
        )
        for row in planted.counts.itertuples()
    }  # fmt: skip
    for period, group in found:
        told = planted.truth["counts"][period][group]
        known = planted.truth["known"][period][group]
        expected = (told["species"], told["not_found"], told["surveys"], told["sites"])
        assert found[period, group][:4] == expected, (period, group)
        assert (found[period, group][4] or 0) == known, (period, group)
    assert {group for _, group in found} == set(planted.truth["known"][planted.periods[0].label])


def test_every_species_that_was_found_stands_in_the_list(planted):
    rows = list_species(planted.records)
    for period, groups in planted.truth["counts"].items():
        of_period = rows[(rows["period"] == period) & (rows["species_status"] == "found")]
        assert set(of_period["species"]) == set(groups["animal"]["found"]) | set(groups["plant"]["found"])


def test_every_species_that_came_or_went_comes_back(planted):
    rows = planted.change[planted.change["comparison"] == "year_ago"]
    assert set(rows["period"]) == set(planted.truth["change"])
    for period, told in planted.truth["change"].items():
        of_period = rows[rows["period"] == period]
        assert set(of_period["period_before"]) == {told["before"]}
        for change in ("new", "lost", "kept", "unknown_new", "unknown_lost"):
            assert sorted(of_period.loc[of_period["species_change"] == change, "species"]) == told[change]
        assert told["lost"]
        assert told["new"]
        assert told["unknown_lost"]
        assert told["unknown_new"]


def test_every_waterbird_has_its_planted_count_share_and_decision(planted):
    for period, told in planted.truth["waterbirds"].items():
        rows = planted.birds[planted.birds["period"] == period].set_index("species")
        assert set(rows.index) == set(told)
        for species, one in told.items():
            row = rows.loc[species]
            assert (row["count_low"], find(row["count_high"])) == (one["low"], one["high"]), species
            assert (find(row["share_low"]) or 0) == pytest.approx(one["share_low"] or 0)
            assert find(row["reaches_one_percent"]) == one["reaches"], species
            assert row["indicative"] == one["about"]


def test_the_number_at_1_per_cent_is_the_planted_one(planted):
    rows = build_species_indicators(
        planted.periods, planted.cycle, planted.counts, planted.change, planted.birds, has_estimates=True
    )
    for row in rows:
        if row["indicator"] == "waterbird_species_1pct":
            told = [one["reaches"] for one in planted.truth["waterbirds"][row["period"]].values()]
            limits = [one["one_percent"] for one in planted.truth["waterbirds"][row["period"]].values()]
            undecided = sum(
                one is None and limit is not None for one, limit in zip(told, limits, strict=True)
            )
            assert (row["value"], row["high"]) == (told.count(True), told.count(True) + undecided)
            assert row["value"] >= 4
            assert undecided >= 1


def test_names_that_are_none_and_entries_that_stand_twice_are_named(planted):
    rejects = tabulate_rejects(planted.tables.rejects)
    assert set(planted.truth["unused_names"]) <= set(rejects["found"])
    assert rejects["expected"].str.contains("一处即可").sum() == 2
    assert rejects["expected"].str.contains("估计年份").sum() == 1
    assert rejects["expected"].str.contains("最近一次估计").sum() == 1
    assert len(rejects) == 8


def test_habitats_are_the_planted_parcels(planted):
    read = read_parcels(ParcelFile(path=str(planted.register)), planted.aoi)
    parcels = pd.concat(list(read.batches()))
    links, unknown = link_habitats(
        planted.tables.sites, planted.tables.habitats, parcels.assign(parcel_id=parcels["parcel_no"])
    )
    assert len(unknown) == 1
    for site_id, told in planted.truth["sites"].items():
        own = links[links["site_id"] == site_id]
        if told["parcel"]:
            assert (set(own["parcel_id"]), set(own["habitat_basis"])) == ({told["parcel"]}, {"table"})
        if told["place"]:
            assert len(own) >= 1
            assert set(own["habitat_basis"]) == {"place"}


def test_names_of_persons_are_masked_and_everything_is_called_simulated(planted):
    assert not any("模拟员" in name for name in planted.tables.records["observers"].dropna())
    assert planted.tables.sites["site"].str.endswith("（模拟）").all()
    assert planted.tables.estimates["source"].str.contains("模拟").all()
    assert "模拟" in planted.truth["note"]


def test_the_same_world_writes_the_same_bytes(planted, tmp_path):
    write_species(planted.world, planted.register.parent, tmp_path)
    for path in chain(tmp_path.glob("*.*"), tmp_path.glob("surveys/*")):
        assert path.read_bytes() == (planted.folder / path.relative_to(tmp_path)).read_bytes(), path.name


def test_what_the_config_names_is_not_simulated():
    given = Species.model_validate({"names": "own.csv"})
    made = complete_species(given, Path("made"))
    assert (made.names.path, made.sites.path) == ("own.csv", "made/sites.csv")
