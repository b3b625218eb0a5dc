import json

import geopandas as gpd
import pandas as pd
import pyogrio
import pytest
import shapely

from pipeline.commands.diff import (
    compare_deliveries,
    count_differences,
    count_events,
    dump_comparison,
    write_comparison,
)
from pipeline.errors import InputError, SettingsError
from pipeline.geodesy import CGCS2000

LEFT, RIGHT = shapely.box(121, 31, 121.01, 31.01), shapely.box(121.01, 31, 121.02, 31.01)
WHOLE = shapely.box(121, 31, 121.02, 31.01)
PLACE = shapely.box(120.9, 30.9, 121.1, 31.1)


def manifest(**changes):
    scenes = [
        {"id": f"s{year}", "item_sha256": "ab", "datetime": f"{year}-05-06 02:30:00+00:00"}
        for year in (2023, 2024)
    ]
    query = {"start": "2023-01-01", "end": "2024-12-31", "period": "year", "composite": "median"}
    content = {
        "scenes": scenes,
        "config": {
            "scenes": query,
            "parcels": {"path": "/data/register.gpkg"},
            "vegetation": {"freeze": True},
        },
        "inputs": {"register.gpkg": "1", "products.yaml": "1"},
        "versions": {"ecoledger": "0.1.0"},
    }
    return content | changes


@pytest.fixture
def deliver(tmp_path):
    """A delivery folder with the layers that are compared."""

    def build(name, parcels, *, values=(0.5, 0.6), findings=("f1",), aoi="here", unit="ha", told=None):
        folder = tmp_path / name
        folder.mkdir()
        ids = list(parcels)
        rows = [
            {
                "product_id": f"{key}-{period}",
                "parcel_id": key,
                "cat1_code": "R",
                "cat2_code": "REG-01",
                "cat3_name": "x",
                "period": period,
                "quantity_unit": unit,
                "quality_value": value,
            }
            for key in ids
            for period, value in zip(("2023", "2024"), values, strict=True)
        ]
        said = {"rule": "r", "severity": "info", "parcel_id": ids[0], "period": "2023", "message_zh": "事"}
        layers = {
            "aoi": gpd.GeoDataFrame({"id": ["part"], "aoi": [aoi]}, geometry=[PLACE], crs=CGCS2000),
            "parcels": gpd.GeoDataFrame(
                {"parcel_id": ids, "dlbm": "0101"}, geometry=list(parcels.values()), crs=CGCS2000
            ),
            "inventory": gpd.GeoDataFrame(pd.DataFrame(rows), geometry=[PLACE] * len(rows), crs=CGCS2000),
            "findings": gpd.GeoDataFrame(
                [{"finding_id": name, **said, "message_en": "thing"} for name in findings],
                geometry=[PLACE] * len(findings),
                crs=CGCS2000,
            ),
        }
        for layer, table in layers.items():
            pyogrio.write_dataframe(table, folder / "inventory.gpkg", layer=layer)
        if told:
            (folder / "manifest.json").write_text(json.dumps(told), encoding="utf-8")
        return folder

    return build


def test_a_delivery_beside_itself_has_nothing_to_tell(deliver):
    folder = deliver("a", {"p": LEFT, "q": RIGHT}, told=manifest())
    found = compare_deliveries(folder, folder)
    assert found.revisions.parcels["kind"].tolist() == ["same", "same"]
    assert found.figures.empty
    assert found.findings.empty
    assert found.reasons.empty
    assert found.revisions.balance.set_index("item").loc["difference", "value"] == 0


def test_a_split_its_figures_and_findings_are_told(deliver):
    old = deliver("old", {"p": WHOLE}, findings=("f1", "f2"))
    new = deliver("new", {"p": LEFT, "q": RIGHT}, values=(0.5, 0.7), findings=("f2", "f3"))
    found = compare_deliveries(old, new / "inventory.gpkg")
    (event,) = found.revisions.parcels.itertuples()
    assert (event.kind, event.old_ids, event.new_ids) == ("split", "p", "p;q")
    told = {(row.parcel_id, row.period, row.figure): row.reason for row in found.figures.itertuples()}
    assert set(told) == {("p", "2024", "quality_value"), ("q", "2023", "row"), ("q", "2024", "row")}
    assert set(told.values()) == {"地块变化 / parcel split"}
    assert found.findings[["state", "finding_id"]].to_numpy().tolist() == [["new", "f3"], ["resolved", "f1"]]


def test_the_reason_of_a_figure_comes_from_what_the_manifests_differ_in(deliver):
    before, after = manifest(), manifest()
    after["scenes"] = [*after["scenes"][:1], {**after["scenes"][1], "id": "other"}]
    after["config"] = {**after["config"], "vegetation": {"freeze": False}}
    after["inputs"] = {"register.gpkg": "2", "products.yaml": "1"}
    after["versions"] = {"ecoledger": "0.2.0"}
    old = deliver("old", {"p": LEFT}, told=before)
    new = deliver("new", {"p": LEFT}, values=(0.4, 0.9), told=after)
    found = compare_deliveries(old, new)
    assert list(zip(found.reasons["subject"], found.reasons["period"], strict=True)) == [
        ("scenes", "2024"),
        ("register", None),
        ("method", None),
        ("version", None),
    ]
    reason = found.figures.set_index("period")["reason"]
    assert "other scenes: 1 less, 1 more" in reason["2024"]
    assert "other scenes" not in reason["2023"]
    for words in ("register.gpkg", "vegetation", "0.1.0 → 0.2.0"):
        assert reason.str.contains(words, regex=False).all()
    assert found.revisions.parcels["aspects"].tolist() == ["measures"]


def test_a_change_that_nothing_explains_says_so(deliver):
    old = deliver("old", {"p": LEFT}, told=manifest())
    new = deliver("new", {"p": LEFT}, values=(0.5, 0.9), told=manifest())
    assert compare_deliveries(old, new).figures["reason"].str.contains("no manifest tells").all()


@pytest.mark.parametrize("unlike", [{"aoi": "there"}, {"unit": "t"}])
def test_deliveries_of_other_areas_or_units_are_refused_in_one_message(deliver, unlike):
    old, new = deliver("old", {"p": LEFT}, unit="kg"), deliver("new", {"p": LEFT}, **{"unit": "kg"} | unlike)
    with pytest.raises(SettingsError, match=r"of different areas|different units") as refused:
        compare_deliveries(old, new)
    assert len(refused.value.problems) == 1
    assert refused.value.exit_code == 2


def test_quantities_that_one_side_accounts_and_the_other_does_not_are_not_compared(deliver):
    found = compare_deliveries(deliver("old", {"p": LEFT}), deliver("new", {"p": LEFT}, unit="m3"))
    assert "quantity" not in set(found.figures["figure"])
    assert "只有一方核算" in "".join(found.reasons["what"])


@pytest.mark.parametrize("content", [None, b"", b"no database", "layers", "twice", "manifest"])
def test_what_is_no_delivery_is_refused_as_the_users_data(deliver, tmp_path, content):
    good = deliver("good", {"p": LEFT})
    bad = tmp_path / "bad"
    bad.mkdir()
    if isinstance(content, bytes):
        (bad / "inventory.gpkg").write_bytes(content)
    elif content == "layers":
        table = gpd.GeoDataFrame({"id": [1]}, geometry=[LEFT], crs=CGCS2000)
        pyogrio.write_dataframe(table, bad / "inventory.gpkg", layer="parcels")
    elif content == "twice":
        bad = deliver("twice", {"p": LEFT}, findings=("f", "f"))
    elif content == "manifest":
        bad = deliver("told", {"p": LEFT}, told={"config": {}})
    with pytest.raises(InputError, match="no delivery"):
        compare_deliveries(good, bad)


def test_everything_is_written_and_the_same_bytes_again(deliver, tmp_path):
    found = compare_deliveries(
        deliver("old", {"p": WHOLE}), deliver("new", {"x": LEFT, "y": RIGHT}, values=(0.5, 0.9))
    )
    for name in ("one", "two"):
        write_comparison(found, tmp_path / name)
    files = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert files == [
        *("balance.csv", "figures.csv", "findings.csv", "parcels.csv", "reasons.csv", "revisions.gpkg")
    ]
    assert all(
        (tmp_path / "one" / name).read_bytes() == (tmp_path / "two" / name).read_bytes() for name in files
    )
    pieces = gpd.read_file(tmp_path / "one" / "revisions.gpkg", layer="pieces")
    assert list(zip(pieces["kind"], pieces["old_id"], pieces["new_id"], strict=True)) == [
        ("split", "p", "x"),
        ("split", "p", "y"),
    ]
    assert set(pieces.geom_type) == {"MultiPolygon"}
    balance = pd.read_csv(tmp_path / "one" / "balance.csv", encoding="utf-8-sig").set_index("item")["value"]
    assert abs(balance["difference"]) < 1e-9
    assert json.loads(json.dumps(dump_comparison(found)))["parcels"][0]["kind"] == "split"
    assert count_events(found)[0]["原宗数 before"] == "1"
    assert any(
        "findings" in row["项目 item"] or "figures" in row["项目 item"] for row in count_differences(found)
    )


def test_a_folder_that_cannot_be_written_is_said(deliver, tmp_path):
    folder = deliver("a", {"p": LEFT})
    (tmp_path / "file").write_text("")
    with pytest.raises(SettingsError, match="cannot be written"):
        write_comparison(compare_deliveries(folder, folder), tmp_path / "file" / "out")
