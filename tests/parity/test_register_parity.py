"""The published unit of 崇明东滩, and official parcels of three countries, against strangers."""

import json
from pathlib import Path

import geopandas as gpd
import numpy as np
import pyogrio
import pytest
import shapely
from pyproj import Geod

from pipeline.aoi import Aoi, Part
from pipeline.geodesy import CGCS2000, MAX_EDGE_DEG, measure_area_m2
from pipeline.ingest.parcels import ATTRIBUTES, read_parcels
from pipeline.settings.parcels import ParcelFile
from tests import registers

SHARED = Path(__file__).parents[3] / "shared"
FACTS = SHARED / "knowledge" / "domain" / "worked_examples.json"
EXTRACTS = SHARED / "data" / "parcels"
ELLIPSOID = Geod(a=6378137.0, rf=298.257222101)
KINDS = {"wetland": ("SDMJ", "ZRZY_SD"), "water": ("SZYMJ", "ZRZY_SZY"), "forest": ("SLMJ", "ZRZY_SL"),
         "grass": ("CYMJ", "ZRZY_CY"), "other": ("QTMJ", "")}  # fmt: skip
CLASSES = {"wetland": "1105", "water": "1101", "forest": "0301", "grass": "0404", "other": "1206"}
WEST, SOUTH, WIDTH = 121.75, 31.42, 0.18
OFFICIAL = [
    ("brpgewaspercelen_definitief_2023.gpkg", "EPSG:32631"),
    ("referentiepercelen.gpkg", "EPSG:32631"),
    ("lwb_nutzungsflaechen_v2_0_lv95.gpkg", "EPSG:32632"),
    ("jp_field_polygons_2024.parquet", "EPSG:32654"),
]


@pytest.fixture(scope="module")
def published():
    if not FACTS.is_file():
        pytest.skip("the fact base is not beside the repository")
    examples = json.loads(FACTS.read_text(encoding="utf-8"))
    return next(entry for entry in examples if entry["id"] == "dongtan_register_sum")


def strip_of(area_ha: float, south: float) -> shapely.Polygon:
    """A rectangle of degrees, northwards from a parallel, of exactly this ellipsoidal area."""
    width = WIDTH if area_ha > 1000 else 0.001
    low, high = south, south + 1.0
    for _ in range(60):
        middle = (low + high) / 2
        enough = measure_area_m2(shapely.box(WEST, south, WEST + width, middle)) >= area_ha * 1e4
        low, high = (low, middle) if enough else (middle, high)
    return shapely.box(WEST, south, WEST + width, high)


def unit_of(published) -> gpd.GeoDataFrame:
    """The unit's parts as parcels of their registered areas, side by side, each with its kind."""
    shapes, south = [], SOUTH
    for area_ha in published["inputs"].values():
        shapes.append(strip_of(area_ha, south))
        south = shapes[-1].bounds[3]
    kinds = list(published["inputs"])
    columns = {
        "ZRZYDJDYH": "310151500000001",
        "DJDYMC": "崇明东滩国际重要湿地",
        "DJDYLX": "50",
        "SYQZT": "1",
        "DLBM": [CLASSES[kind] for kind in kinds],
        "MJ": list(published["inputs"].values()),
    }
    return gpd.GeoDataFrame(columns, geometry=shapes, crs=CGCS2000)


def area_of(bounds, crs="EPSG:32651"):
    outline = shapely.box(*bounds)
    return Aoi("a", "东滩", "a", (Part("1", "东滩", "a", outline, None),), crs, "drawn", "exact")


def around(bounds):
    return bounds[0] - 0.01, bounds[1] - 0.01, bounds[2] + 0.01, bounds[3] + 0.01


@pytest.mark.parametrize("crs", [CGCS2000, "EPSG:4550", "EPSG:4529"])
def test_the_parts_of_dongtan_sum_to_the_published_unit(published, tmp_path, crs):
    unit = unit_of(published)
    dense = unit.set_geometry(shapely.segmentize(unit.geometry.to_numpy(), 0.001))
    dense.to_crs(crs).to_file(tmp_path / "unit.gpkg")
    file = ParcelFile(path=str(tmp_path / "unit.gpkg"), area_unit="ha")
    register = read_parcels(file, area_of(around(unit.total_bounds)))
    prepared = registers.prepare(
        registers.parcels_in(register), area_of(around(unit.total_bounds)), area_tolerance=1e-6
    )
    measured_ha = prepared.parcels["area_m2"].to_numpy() / 1e4
    assert measured_ha.sum() == pytest.approx(published["expected"], abs=0.01)
    assert measured_ha == pytest.approx(list(published["inputs"].values()), abs=0.01)
    assert prepared.parcels["area_registered_m2"].sum() / 1e4 == pytest.approx(
        published["expected"], abs=1e-6
    )
    assert prepared.parcels["owner_type"].tolist() == ["1"] * 5
    assert prepared.parcels["owner_subject"].tolist() == ["全民所有"] * 5
    assert prepared.findings.empty


def djdy(published, **changes) -> gpd.GeoDataFrame:
    """The unit as one row of ZRZY_DJDY, with its areas by kind."""
    areas = {KINDS[kind][0]: value for kind, value in published["inputs"].items()} | {"HDMJ": 0.0}
    total = published["expected"]
    row = {
        "ZRZYDJDYH": "310151500000001",
        "DJDYMC": "崇明东滩国际重要湿地",
        "DJDYLX": "50",
        "SYQZT": "1",
        "QLXSFS": "1",
        "DBXSZT": "自然资源部（含国家林草局）",
        "DJDYZMJ": total,
        "GYMJ": total,
        "JTMJ": 0.0,
        "ZYQMJ": 0.0,
        "DYNZRZYZMJ": total,
        "FZRZYZMJ": 0.0,
        **areas,
        **changes,
    }
    shape = strip_of(total, SOUTH)
    return gpd.GeoDataFrame({name: [value] for name, value in row.items()}, geometry=[shape], crs=CGCS2000)


def prepared_unit(frame, tmp_path):
    frame.to_file(tmp_path / "unit.gpkg", layer="ZRZY_DJDY")
    file = ParcelFile(path=str(tmp_path / "unit.gpkg"), profile="zrzy_djdy", area_unit="ha")
    aoi = area_of(around(frame.total_bounds))
    return registers.prepare(registers.parcels_in(read_parcels(file, aoi)), aoi)


def test_the_unit_as_its_register_has_it_adds_up_and_fits_its_outline(published, tmp_path):
    prepared = prepared_unit(djdy(published), tmp_path)
    (parcel,) = prepared.parcels.itertuples()
    assert prepared.findings.empty
    assert parcel.area_m2 / 1e4 == pytest.approx(32600.34, abs=0.01)
    assert parcel.area_registered_m2 == pytest.approx(326_003_400, abs=1e-3)
    assert parcel.state_area_m2 == pytest.approx(326_003_400, abs=1e-3)
    assert (parcel.collective_area_m2, parcel.disputed_area_m2) == (0, 0)
    assert (parcel.owner_type, parcel.exercise_mode) == ("1", "1")
    assert parcel.represent_subject == "自然资源部（含国家林草局）"


@pytest.mark.parametrize("column", ["SDMJ", "GYMJ", "FZRZYZMJ"])
def test_a_part_that_is_off_by_a_tenth_of_a_hectare_breaks_the_sum(published, tmp_path, column):
    frame = djdy(published)
    frame[column] += 0.1
    found = prepared_unit(frame, tmp_path).findings
    assert found["rule"].tolist() == ["area_sums"]
    assert column in found["message_zh"].iloc[0]


def geod_area(shape) -> float:
    """pyproj's own area of a polygon after the same densification, its shells less its holes."""

    def ring_m2(ring):
        dense = shapely.Polygon(shapely.segmentize(ring, MAX_EDGE_DEG))
        return abs(ELLIPSOID.geometry_area_perimeter(dense)[0])

    polygons = shapely.get_parts(shape)
    shells = sum(ring_m2(polygon.exterior) for polygon in polygons)
    return shells - sum(ring_m2(hole) for polygon in polygons for hole in polygon.interiors)


@pytest.mark.skipif(not EXTRACTS.is_dir(), reason="the official extracts are not beside the project")
@pytest.mark.parametrize(("name", "crs"), OFFICIAL)
def test_official_extracts_are_read_checked_and_measured_like_pyproj(name, crs):
    path = EXTRACTS / name
    truth = gpd.read_parquet(path) if name.endswith("parquet") else pyogrio.read_dataframe(path)
    aoi = area_of(around(truth.to_crs("EPSG:4326").total_bounds), crs)
    register = read_parcels(ParcelFile(path=str(path)), aoi)
    assert register.missing == ATTRIBUTES
    assert register.elsewhere is None
    prepared = registers.prepare(registers.parcels_in(register), aoi)
    assert len(prepared.parcels) == len(truth) == 100
    assert (prepared.parcels["share_inside"] == 1).all()
    assert prepared.parcels["repairs"].isna().all()
    assert set(prepared.findings["rule"]) <= {"sliver", "gap", "overlap"}
    measured = prepared.parcels["area_m2"].to_numpy()
    theirs = [geod_area(shape) for shape in prepared.parcels.geometry]
    np.testing.assert_allclose(measured, theirs, rtol=1e-9)
    own = truth.to_crs("EPSG:4326").to_crs(aoi.grid_crs).area.to_numpy()
    np.testing.assert_allclose(np.sort(measured), np.sort(own), rtol=0.01)


@pytest.mark.skipif(not EXTRACTS.is_dir(), reason="the official extracts are not beside the project")
def test_the_swiss_extract_states_the_areas_that_are_measured():
    """Its column of areas is in whole m2 of the national grid, whose scale is within 0.02 % here."""
    path = EXTRACTS / "lwb_nutzungsflaechen_v2_0_lv95.gpkg"
    truth = pyogrio.read_dataframe(path)
    aoi = area_of(around(truth.to_crs("EPSG:4326").total_bounds), "EPSG:32632")
    columns = {"area_registered_m2": "flaeche_m2", "parcel_id": "nutzungsidentifikator"}
    register = read_parcels(ParcelFile(path=str(path), columns=columns), aoi)
    parcels = registers.prepare(registers.parcels_in(register), aoi).parcels
    assert (parcels["area_registered_m2"] - parcels["area_m2"]).abs().max() < 30
    assert parcels["parcel_id"].is_unique
