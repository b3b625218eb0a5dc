"""The examples of docs/adding do what their pages say."""

import shutil
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest
import yaml

from pipeline.accounts import valuing
from pipeline.accounts.price_index import PriceIndex
from pipeline.accounts.services import registry
from pipeline.errors import InputError
from pipeline.flow.assessment import registry as parts
from pipeline.flow.deliveries import deliver
from pipeline.flow.inputs import find_inputs
from pipeline.flow.measures import measure_aoi
from pipeline.flow.scenes import make_scene_table
from pipeline.flow.validation import validate_all
from pipeline.ingest.scenes import sensors
from pipeline.ingest.scenes.items import Candidate, candidate_of
from pipeline.ingest.scenes.looks import look_of
from pipeline.ingest.scenes.providers import resolve
from pipeline.maps.encoding import from_ratio
from pipeline.maps.making import make_maps
from pipeline.maps.registry import STEPS
from pipeline.rights_registry import findings, inventory
from pipeline.settings import products, sources
from pipeline.zonal import measures
from pipeline.zonal.ground import lay_ground
from tests.account_worlds import OPTIONS, build_book, build_statistics, build_sums
from tests.mapmaking import make, rasters_of, rows_of
from tests.pages import ROOT, read_yaml, run_example
from tests.scenery import grid_of_px, written
from tests.stac import raw_item

GRID = grid_of_px(40, 70)


def test_the_step_maps_bare_ground_and_tells_its_share(run, planted):
    step = run_example("step")["BARENESS"]
    table = make_scene_table(run, planted, find_inputs(run, planted)).table
    maps = make_maps(run, planted, table, (*STEPS, step))
    (period,) = planted.periods
    cover = from_ratio(maps.open("cover", period)["fvc"].to_numpy())
    bare = rasters_of(maps, step)[f"bareness_{period.label}"]
    assert np.allclose(from_ratio(bare), 1 - cover, atol=1e-9, equal_nan=True)
    row = rows_of(maps, step)["bare_share", period.label]
    assert row["value"] == pytest.approx(row["numerator"] / row["denominator"])
    assert np.nanmin(1 - cover) < row["value"] < np.nanmax(1 - cover)


def test_the_measures_are_told_of_the_aoi_over_its_ground(run, planted, monkeypatch):
    entries = run_example("measure")["WETNESS"]
    monkeypatch.setattr(measures, "MEASURES", (*measures.MEASURES, *entries))
    maps, ground = make(run, planted), lay_ground(run.cluster, planted)
    (period,) = planted.periods
    store = maps.path("spectral", period)

    def sum_under(under):
        wetness = under.read_layer(store, "mndwi").astype(float)
        known = np.isfinite(wetness)
        return under.weight_m2[known] @ np.array([wetness**0, wetness, wetness >= 0]).T[known]

    area, wet, reached = sum(ground.map(sum_under))
    told = measure_aoi(ground, maps).set_index("measure")["value"]
    assert told["mndwi_mean"] == pytest.approx(wet / area)
    assert told["wet_share"] == pytest.approx(reached / area)
    assert 0 < told["wet_share"] < 1


def test_the_layer_brings_rain_onto_the_grid_as_the_mean_of_finer_pixels(tmp_path):
    rain = np.random.default_rng(3).uniform(20, 90, (80, 140)).astype(np.float32)
    path = written(tmp_path / "rain.tif", rain, pixel_m=5)
    found = run_example("layer")["read_rain"](path, GRID)
    assert np.allclose(found, rain.reshape(40, 2, 70, 2).mean(axis=(1, 3)), rtol=1e-6)


def test_the_service_is_valued_on_orchards_alone_and_is_indicative(monkeypatch):
    service = run_example("service")["POLLINATION"]
    for room in (registry, valuing):
        monkeypatch.setattr(room, "SERVICES", {**registry.SERVICES, service.code: service})
    book = build_book(("pollinated_fruit", 2.5), ("fruit_price", 4000.0))
    ground = [
        ("p1", "镇", "0201", "农田", "农田", 30_000.0, {}),
        ("p2", "镇", "0101", "农田", "农田", 10_000.0, {}),
    ]
    method = valuing.Method((service.code,), OPTIONS, 2024)
    found = valuing.value_services(
        build_sums(*ground), build_statistics(), book, PriceIndex({}), method, aoi_id="area"
    ).items.query("basis == 'registered'")
    assert found["unit_id"].tolist() == ["p1@镇"]
    assert found["quantity"].tolist() == pytest.approx([7.5])
    assert found["value_yuan"].tolist() == pytest.approx([30_000.0])
    assert found["indicative"].all()


def test_the_sensor_takes_items_without_a_mask_and_tells_looks_by_orbit(monkeypatch):
    radar = run_example("sensor")["RADAR"]
    monkeypatch.setitem(sensors._SENSORS, radar.mission, radar)
    item = raw_item("pass", when="2024-05-01T22:00:00Z")
    item["collection"] = "example-gamma0"
    item["properties"] |= {"platform": "example-1a", "sat:absolute_orbit": 7}
    item["assets"] = {"VV": {"href": "vv.tif"}}
    candidate = candidate_of(item)
    assert isinstance(candidate, Candidate)
    assert candidate.scene.mission == "example-radar"
    assert candidate.scene.mask is None
    assert candidate.scene.assets["vv"].nodata == -9999
    assert look_of(candidate.scene, 121.8)[-1] == "7"


def test_the_provider_is_one_that_a_config_may_name(tmp_path, monkeypatch):
    entry = read_yaml("provider")
    shutil.copytree(ROOT / "configs", tmp_path / "configs")
    path = tmp_path / "configs" / "providers.yaml"
    path.write_text(path.read_text("utf-8") + yaml.safe_dump(entry), encoding="utf-8")
    monkeypatch.setattr(sources, "PROJECT_ROOT", tmp_path)
    provider = resolve("example-archive", ["sentinel-2", "landsat-9"])
    assert provider.collections["landsat-9"] == ["landsat-c2-l2"]
    assert provider.access.hosts == ("files.example.org", "*.tiles.example.org")


def test_the_rule_finds_a_reservoir_almost_without_water(parcels, measures_of, periods, aoi, monkeypatch):
    rule = run_example("rule")["RESERVOIR_DRY"]
    monkeypatch.setattr(findings, "OBSERVATION_RULES", (rule,))
    area = parcels["area_m2"].iloc[0]
    for dlbm, water, expected in [("1103", 0.05, 1), ("1103", 0.5, 0), ("1101", 0.05, 0), ("1103", None, 0)]:
        shares = {} if water is None else {"water": water, "bare": 0.8 - water}
        measures = measures_of(("A", "2023", area, shares, 0.1))
        land = parcels.iloc[[0]].assign(dlbm=dlbm)
        rows = findings.join_observations(land, measures, periods[:1])
        found = findings.evaluate_rules(rows, aoi=aoi)
        assert list(found["rule"]) == ["reservoir_dry"] * expected
        assert not expected or f"{water * area:.2f} m2" in found["message_en"].iloc[0]


def test_the_product_is_listed_for_reservoirs_alone(tmp_path, monkeypatch):
    content = yaml.safe_load((ROOT / "configs" / "products.yaml").read_text("utf-8"))
    content["ecosystems"]["湿地"] += read_yaml("product")
    (tmp_path / "configs").mkdir()
    (tmp_path / "configs" / "products.yaml").write_text(yaml.safe_dump(content, allow_unicode=True), "utf-8")
    monkeypatch.setattr(products, "PROJECT_ROOT", tmp_path)
    listed = inventory._list_products_by_class(products.load_products())
    assert set(listed.loc[listed["cat3_name"] == "水库渔获", "land_class"]) == {"1103"}


def test_the_part_delivers_its_trees_and_says_how_many_are_well(run, planted, tmp_path, monkeypatch):
    path = tmp_path / "trees.csv"
    path.write_text("树号,生长势\nA1,正常\nA2,衰弱\nA3,正常\n", encoding="utf-8")
    names = run_example("part")
    block = names["Trees"](table=str(path))
    part = replace(names["TREES"], find_block=lambda _: block)
    monkeypatch.setattr(parts, "PARTS", (part,))
    folder = deliver(run, planted).folder
    table = pd.read_csv(folder / "tables" / "indicators.csv", encoding="utf-8-sig").set_index("indicator")
    assert table.loc["trees_well_share", ["numerator", "denominator"]].tolist() == [2, 3]
    path.write_text("树号,生长势\nA1,\n", encoding="utf-8")
    with pytest.raises(InputError, match="row 2"):
        validate_all(planted.settings)
