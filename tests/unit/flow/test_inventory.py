"""The inventory and its findings, listed some parcels at a time."""

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from pipeline.contracts import SECTION_STATUS
from pipeline.flow import inventory
from pipeline.geodesy import CGCS2000
from pipeline.grid import BlockPlan
from pipeline.maps.step import Maps, Show, Step, each_period
from pipeline.rights_registry.findings import build_findings, evaluate_rules, join_observations
from pipeline.rights_registry.rules import RULES
from pipeline.settings.vegetation import Endmembers, Vegetation
from pipeline.storage.blocks import Layer, create_store
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import load_layer, save_json, save_parts, save_tables

RED = "ecological_red_line"


@pytest.fixture
def study(planted):
    vegetation = Vegetation(endmembers=Endmembers(soil=0.1, vegetation=0.8))
    object.__setattr__(planted, "settings", planted.settings.model_copy(update={"vegetation": vegetation}))
    return planted


@pytest.fixture
def maps(study, tmp_path):
    (period,) = study.periods
    create_store(tmp_path / "land_cover", {"land_cover": Layer("uint8", 255, {})}, study.grid, 512)
    bands = Step("composite", 1, "", each_period, bands=lambda *_: ("red", "nir"), show=Show())
    layout, made = BlockPlan(512, 1), {("land_cover", period): Artifact("1", tmp_path / "land_cover")}
    return Maps(study, (bands,), (), layout, layout, made)


@pytest.fixture
def parcels(parcels, tmp_path):
    """The artifact of the register: four parcels, two of them in a red line, one twice as drawn."""
    folder = tmp_path / "parcels"
    folder.mkdir()
    land = parcels.assign(land_class=["1101", "0301", None, None], land_class_basis=None)
    save_parts(folder / "parcels.parquet", [land])
    inside = land.iloc[[1, 3]]
    pieces = gpd.GeoDataFrame(
        {"parcel_id": inside["parcel_id"], "kind": RED, "inside_m2": 90.0, "area_m2": inside["area_m2"]},
        geometry=inside.geometry,
    )
    twice = build_findings(RULES["geometry_duplicate"], land.iloc[[2]].assign(same_as="A"))
    save_tables(folder, {"pieces": pieces.reset_index(drop=True), "findings": twice})
    save_json(folder / "missing.json", ["owner_type"])
    return Artifact("p" * 24, folder)


@pytest.fixture
def statistics(parcels, measures_of, study, tmp_path):
    folder, (period,) = tmp_path / "statistics", study.periods
    folder.mkdir()
    land = load_layer(parcels.path, "parcels")
    shares = [{"water": 1.0}, {"built": 0.9, "bare": 0.1}, {}, {"vegetation": 0.4, "built": 0.6}]
    cover = [0.05, 0.1, None, 0.6]
    rows = zip(land["parcel_id"], land["area_m2"], shares, cover, strict=True)
    table = measures_of(*((key, period.label, area, share, fvc) for key, area, share, fvc in rows))
    save_parts(folder / "parcel_measures.parquet", [table])
    return Artifact("s" * 24, folder)


@pytest.fixture
def sections(tmp_path):
    folder = tmp_path / "sections"
    folder.mkdir()
    columns = [*SECTION_STATUS.columns, "parcel_id"]
    none = gpd.GeoDataFrame({name: [] for name in columns}, geometry=[], crs=CGCS2000)
    save_tables(folder, {"sections": none, "findings": build_findings(RULES["gap"], none)})
    return Artifact("c" * 24, folder)


@pytest.fixture
def make(run, maps, parcels, statistics, sections, monkeypatch):
    """The tables of the artifact, made so many parcels at a time."""

    def build(at_once):
        monkeypatch.setattr(inventory, "_PARCELS_AT_ONCE", at_once)
        words = dict.fromkeys(maps.study.periods, "scenes")
        made = inventory.make_inventory(
            run, maps, parcels, statistics, sections, None, {}, words, simulated=at_once < 4, supplement=None
        )
        assert sorted(path.name for path in made.path.iterdir()) == ["findings.parquet", "inventory.parquet"]
        return load_layer(made.path, "inventory"), load_layer(made.path, "findings")

    return build


def test_an_inventory_is_the_same_however_many_parcels_are_taken_at_once(make):
    one, whole = make(1), make(4)
    of_one = one[0].assign(data_source=one[0]["data_source"].str.removesuffix("；模拟数据"))
    for parted, together in ((of_one, whole[0]), (one[1], whole[1])):
        pd.testing.assert_frame_equal(pd.DataFrame(parted), pd.DataFrame(together))
    assert list(dict.fromkeys(whole[0]["parcel_id"])) == ["A", "B", "C", "D"]


def test_findings_stand_rule_by_rule_though_parcels_are_seen_one_by_one(make, maps, parcels, statistics):
    found = make(1)[1]
    assert found["rule"].iloc[0] == "geometry_duplicate"
    assert found["finding_id"].is_unique
    assert (found["rule"] == "missing_column").sum() == 1
    land, measures = (
        load_layer(parcels.path, "parcels"),
        pd.read_parquet(statistics.path / "parcel_measures.parquet"),
    )
    rows = join_observations(land, measures, maps.study.periods)
    seen = evaluate_rules(rows, aoi=maps.study.aoi, missing_columns=["owner_type"])
    of_maps = found[found["rule"].isin(set(seen["rule"]))]
    assert list(of_maps["finding_id"]) == list(seen["finding_id"])
    assert len(set(seen["rule"])) > 2
    runs = found["rule"].ne(found["rule"].shift()).sum()
    assert runs == len(set(found["rule"]))
    restricted = found[found["message_zh"].str.contains("红线")]
    assert set(restricted["parcel_id"]) == {"B", "D"}
    assert shapely.equals(
        restricted.geometry.to_numpy(),
        land.set_index("parcel_id").geometry.reindex(restricted["parcel_id"]).to_numpy(),
    ).all()
