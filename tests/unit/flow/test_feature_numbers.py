import json
import sqlite3
from contextlib import closing
from dataclasses import replace

import pyogrio
import pytest

from pipeline.flow.feature_numbers import KEYS, find_last_numbers, read_former_numbers
from pipeline.outputs.geopackage import write_geopackage
from tests.deliveries import small_delivery

DELIVERY = small_delivery()


def published(area, label, parcels, former, *, latest=True):
    """A delivery as far as its numbers go; what its GeoPackage and its manifest hold of them."""
    numbered = former.number("parcels", parcels)
    products = former.number("inventory", DELIVERY.inventory)
    delivery = replace(DELIVERY, label=label, parcels=numbered, inventory=products)
    folder = area / label
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / delivery.name_file(".gpkg")
    path.unlink(missing_ok=True)
    write_geopackage(delivery, path)
    told = former.describe(**find_last_numbers(path))
    manifest = {"aoi": area.name, "label": label, "config": {}, "files": {path.name: {}}, "feature_ids": told}
    (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    if latest:
        (area / "latest").write_text(f"{label}\n", encoding="utf-8")
    rows = pyogrio.read_dataframe(path, layer="parcels", fid_as_index=True, read_geometry=False)
    return {key: number for number, key in rows["parcel_id"].items()}, told


def test_a_first_delivery_numbers_in_order_and_says_that_it_kept_none(tmp_path):
    numbers, told = published(tmp_path, "2023", DELIVERY.parcels, read_former_numbers(tmp_path / "2023"))
    assert numbers == {key: place for place, key in enumerate(sorted(DELIVERY.parcels["parcel_id"]), start=1)}
    assert told == {"kept_from": [], "last": {"parcels": len(numbers), "inventory": len(DELIVERY.inventory)}}


def test_the_next_delivery_keeps_numbers_and_never_gives_one_again(tmp_path):
    land = DELIVERY.parcels
    first, _ = published(tmp_path, "2023", land, read_former_numbers(tmp_path / "2023"))
    gone = max(first, key=first.get)
    second, told = published(
        tmp_path, "2024", land[land["parcel_id"] != gone], read_former_numbers(tmp_path / "2024")
    )
    assert second == {key: number for key, number in first.items() if key != gone}
    (source,) = told["kept_from"]
    assert source["delivery"] == "2023"
    assert len(source["sha256"]) == 64
    renamed = land.assign(parcel_id=land["parcel_id"].replace({gone: "NEW"}))
    third, _ = published(tmp_path, "2025", renamed, read_former_numbers(tmp_path / "2025"))
    assert third["NEW"] == len(first) + 1
    assert {key: third[key] for key in second} == second


def test_the_same_label_again_keeps_its_own_numbers_before_those_of_the_latest(tmp_path):
    land = DELIVERY.parcels
    first, _ = published(tmp_path, "2023", land.iloc[:30], read_former_numbers(tmp_path / "2023"))
    later, _ = published(tmp_path, "2024", land, read_former_numbers(tmp_path / "2024"))
    again, told = published(
        tmp_path, "2023", land.iloc[:30], read_former_numbers(tmp_path / "2023"), latest=False
    )
    assert again == first
    assert [source["delivery"] for source in told["kept_from"]] == ["2023", "2024"]
    assert told["last"]["parcels"] == len(later)


def test_a_repeated_delivery_has_the_numbers_of_the_one_that_it_repeats(tmp_path):
    land = DELIVERY.parcels
    published(tmp_path / "there", "2023", land.iloc[20:], read_former_numbers(tmp_path / "there" / "2023"))
    there, _ = published(tmp_path / "there", "2024", land, read_former_numbers(tmp_path / "there" / "2024"))
    target = tmp_path / "here" / "2024"
    here, _ = published(
        tmp_path / "here", "2024", land, read_former_numbers(target, tmp_path / "there" / "2024")
    )
    assert here == there


def write_texts(path):
    """A file of the same layers in which the numbers of features are texts."""
    path.unlink()
    with closing(sqlite3.connect(path)) as file, file:
        for layer, key in KEYS.items():
            file.execute(f'CREATE TABLE "{layer}" ("{key}" TEXT, fid TEXT)')
            file.execute(f'INSERT INTO "{layer}" VALUES (?, ?)', ["A", "one"])


@pytest.mark.parametrize(
    ("damage", "reason"),
    [
        (write_texts, "cannot be read"),
        (lambda path: path.write_bytes(b"no database at all" * 99), "cannot be read"),
        (lambda path: path.unlink(), "cannot be read"),
    ],
)
def test_a_damaged_former_delivery_stops_nothing_and_is_named_with_the_reason(tmp_path, damage, reason):
    published(tmp_path, "2023", DELIVERY.parcels, read_former_numbers(tmp_path / "2023"))
    damage(next((tmp_path / "2023").glob("*.gpkg")))
    former = read_former_numbers(tmp_path / "2024")
    assert not any(former.known.values())
    (source,) = former.sources
    assert reason in source["reason"]


def test_a_number_below_one_that_others_wrote_is_not_kept_and_the_others_are(tmp_path):
    land = DELIVERY.parcels
    first, _ = published(tmp_path, "2023", land, read_former_numbers(tmp_path / "2023"))
    with closing(sqlite3.connect(next((tmp_path / "2023").glob("*.gpkg")))) as file, file:
        for (name,) in file.execute("SELECT name FROM sqlite_master WHERE type = 'trigger'").fetchall():
            file.execute(f'DROP TRIGGER "{name}"')
        file.execute("UPDATE parcels SET fid = -7000000 WHERE fid = 1")
    second, _ = published(tmp_path, "2024", land, read_former_numbers(tmp_path / "2024"))
    moved = min(first, key=first.get)
    assert second == {**first, moved: max(first.values()) + 1}
    third, _ = published(tmp_path, "2023", land, read_former_numbers(tmp_path / "2023"))
    assert third == second


def test_numbers_of_a_former_release_are_too_great_to_be_kept(tmp_path):
    land = DELIVERY.parcels
    hashed = read_former_numbers(tmp_path / "2023")
    hashed = replace(hashed, last={"parcels": 2**51, "inventory": 0})
    published(tmp_path, "2023", land, hashed)
    former = read_former_numbers(tmp_path / "2024")
    assert "32" in former.sources[0]["reason"]
    numbers, _ = published(tmp_path, "2024", land, former)
    assert max(numbers.values()) == len(land)
