"""Habitats: the parcels of a site by table or by place, their area and what maps show of them."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from pipeline.assessment.species.habitats import describe_sites, link_habitats, measure_habitats, place_sites
from pipeline.geodesy import CGCS2000
from tests.unit.assessment.species.records import build, record

PARCELS = gpd.GeoDataFrame(
    {
        "parcel_id": ["P1", "P2", "P3"],
        "parcel_no": ["C1", "C2", "C2"],
        "unit_no": ["U1", "U2", "U3"],
        "area_m2": [100.0, 200.0, 400.0],
    },
    geometry=[shapely.box(x, 31, x + 0.1, 31.1) for x in (121, 122, 123)],
    crs=CGCS2000,
)
SITES = pd.DataFrame(
    {
        "site_id": ["S1", "S2", "S3", "S4"],
        "site": ["甲", "乙", "丙", "丁"],
        "site_complex": "A",
        "lon": [121.05, 121.05, 120.0, None],
        "lat": [31.05, 31.05, 31.05, None],
    }
).astype({"lon": float, "lat": float})


def table(*pairs):
    rows = [(site, parcel, "h.csv", "", number) for number, (site, parcel) in enumerate(pairs, start=2)]
    return pd.DataFrame(rows, columns=["site_id", "parcel", "file", "sheet", "row"])


@pytest.mark.parametrize(
    ("code", "parcels"), [("P2", ["P2"]), ("C1", ["P1"]), ("C2", ["P2", "P3"]), ("U3", ["P3"])]
)
def test_a_parcel_is_named_by_its_id_code_or_unit(code, parcels):
    links, unknown = link_habitats(SITES, table(("S2", code)), PARCELS)
    assert list(links[links["site_id"] == "S2"]["parcel_id"]) == parcels
    assert set(links[links["site_id"] == "S2"]["habitat_basis"]) == {"table"}
    assert unknown.empty


def test_without_a_row_of_the_table_a_site_has_the_parcel_that_it_lies_in():
    links, unknown = link_habitats(SITES, table(("S2", "P9")), PARCELS)
    assert links[["site_id", "parcel_id", "habitat_basis"]].to_numpy().tolist() == [["S1", "P1", "place"]]
    assert list(unknown["row"]) == [2]


def test_no_register_leaves_every_site_without_a_habitat():
    links, unknown = link_habitats(SITES, table(("S2", "P1")), PARCELS.iloc[:0])
    assert links.empty
    assert len(unknown) == 1


def test_means_are_weighted_by_the_area_that_was_seen():
    links = pd.DataFrame({"site_id": "S1", "parcel_id": ["P1", "P2"], "habitat_basis": "table"})
    measures = pd.DataFrame(
        [
            ("P1", "2024", "fvc_mean", 0.2, 100.0),
            ("P2", "2024", "fvc_mean", 0.8, 300.0),
            ("P2", "2024", "water_share", None, 0.0),
        ],
        columns=["parcel_id", "period", "measure", "value", "covered_area_m2"],
    )
    shown = measure_habitats(links, measures)
    assert shown.loc[("S1", "2024"), "fvc_mean"] == pytest.approx((0.2 * 100 + 0.8 * 300) / 400)
    assert pd.isna(shown.loc[("S1", "2024"), "water_share"])


def test_a_site_says_its_surveys_its_habitat_or_why_it_has_none():
    links, _ = link_habitats(SITES, table(("S2", "C2")), PARCELS)
    records = build(
        record("鹤", "2024-01-15"), record("雁", "2024-01-16"), record("鹤", "2024-01-15", 0, site="S2")
    )
    shown = pd.DataFrame(
        {"water_share": [0.5], "fvc_mean": [0.25], "flooded_share": [0.75]},
        index=pd.MultiIndex.from_tuples([("S1", "2024")], names=["site_id", "period"]),
    )
    areas = PARCELS.set_index("parcel_id")["area_m2"]
    rows = describe_sites(records, SITES, links, areas, shown, ["2023", "2024"]).set_index(
        ["period", "site_id"]
    )
    first, second = rows.loc[("2024", "S1")], rows.loc[("2024", "S2")]
    assert (first["surveys"], first["species_count"], first["habitat_area_m2"], first["flooded_share"]) == (
        2,
        2,
        100,
        0.75,
    )
    assert (second["species_count"], second["parcels"], second["habitat_area_m2"]) == (0, "P2;P3", 600)
    assert pd.isna(rows.loc[("2023", "S1"), "species_count"])
    assert pd.isna(second["fvc_mean"])
    assert "没有关联" in rows.loc[("2024", "S3"), "reason"]
    assert "经纬度" in rows.loc[("2024", "S4"), "reason"]


def test_the_layer_has_the_sites_with_a_place_and_what_was_found_at_each():
    records = build(
        record("鹤", "2023-01-15"), record("雀", "2024-01-16"), record("鹤", "2019-01-15", site="S2")
    )
    layer = place_sites(records, SITES).set_index("site_id")
    assert list(layer.index) == ["S1", "S2", "S3"]
    first = layer.loc["S1"]
    assert (first["surveys"], first["species_count"], first["waterbird_count"]) == (2, 2, 1)
    assert (first["first_survey"], first["last_survey"]) == ("2023-01-15", "2024-01-16")
    assert (layer.loc["S2", "surveys"], pd.isna(layer.loc["S2", "last_survey"])) == (0, True)
