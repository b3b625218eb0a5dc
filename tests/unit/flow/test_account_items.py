"""What accounts say of parcels is read in the order of the register, whatever its own."""

import pandas as pd
import pytest

from pipeline.flow.accounts import load_values, read_account_items
from pipeline.storage import sorted_rows
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import save_json, save_tables, zip_parts

IDS = [f"p{number * 7 % 50:02d}" for number in range(50)]
"""The register, in no order of its names."""
IDS_TOLD = set(sorted(IDS)[::2])


def plant_items(*bases):
    """Items of several years, the parcels of each by name, and one of ground outside."""
    rows = [
        {"kind": "parcel", "parcel_id": parcel, "period": period, "basis": basis, "service": service}
        for basis in bases
        for period in ("2023", "2024")
        for service in ("REG-01", "MAT-01")
        for parcel in sorted(IDS)[::2]
    ]
    outside = {"kind": "outside", "parcel_id": None, "period": "2024", "basis": bases[0], "service": "REG-01"}
    return pd.DataFrame([outside, *rows]) if rows else pd.DataFrame(columns=list(outside))


@pytest.fixture
def artifacts(tmp_path):
    """The folder to sort in, accounts without items, and the register."""
    folders = [tmp_path / name for name in ("work", "accounts", "parcels")]
    for folder in folders:
        folder.mkdir()
    work, accounts, parcels = folders
    save_tables(accounts, {"account_methods": pd.DataFrame({"service": ["REG-01"]})})
    save_json(accounts / "parameter_set.json", "set")
    save_tables(parcels, {"parcels": pd.DataFrame({"parcel_id": IDS})})
    return work, Artifact("a" * 24, accounts), Artifact("b" * 24, parcels)


def test_items_of_parcels_follow_the_register_and_their_own_order_within_a_parcel(artifacts, monkeypatch):
    work, accounts, parcels = artifacts
    items = plant_items("registered", "mapped")
    save_tables(accounts.path, {"account_parcels": items})
    monkeypatch.setattr(sorted_rows, "PLACES_AT_ONCE", 8)
    found = pd.concat(read_account_items(accounts, parcels, work), ignore_index=True)
    own = items[items["kind"].eq("parcel") & items["basis"].eq("registered")]
    order = own["parcel_id"].map(IDS.index).sort_values(kind="stable").index
    assert found.to_numpy().tolist() == own.loc[order].to_numpy().tolist()
    assert not list(work.iterdir())


def test_items_go_along_with_the_register_part_by_part(artifacts):
    work, accounts, parcels = artifacts
    save_tables(accounts.path, {"account_parcels": plant_items("mapped")})
    land = (pd.DataFrame({"parcel_id": IDS[start : start + 8]}) for start in range(0, 50, 8))
    for part, (own,) in zip_parts(land, read_account_items(accounts, parcels, work)):
        assert list(dict.fromkeys(own["parcel_id"])) == [one for one in part["parcel_id"] if one in IDS_TOLD]


def test_values_hold_no_item(artifacts):
    _, accounts, _ = artifacts
    save_tables(accounts.path, {"account_parcels": plant_items("mapped")})
    assert load_values(accounts).items.empty
    assert list(load_values(accounts).items) == list(plant_items("mapped"))
