"""Promises about parcels that hold for all shapes, rasters and registers."""

from functools import cache

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from hypothesis import example, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from pipeline.aoi import Aoi, Part
from pipeline.contracts import FINDINGS, PARCELS
from pipeline.geodesy import CGCS2000, measure_area_m2
from pipeline.grid import build_grid
from pipeline.ingest.parcels import ATTRIBUTES, EXTRAS, NOTES
from pipeline.rights_registry.area_balance import build_area_balance
from pipeline.rights_registry.identifiers import derive_land_class
from pipeline.rights_registry.shapes import ParcelShapes
from tests import registers
from tests.parcel_overlay import ParcelLayers, measure, whole

OUTLINE = shapely.Polygon([(121.80, 31.40), (121.812, 31.4005), (121.811, 31.408), (121.806, 31.41)])
AOI = Aoi("a", "a", "a", (Part("1", "a", "a", OUTLINE, None),), "EPSG:32651", "drawn", "exact")
GRID = build_grid(AOI, resolution_m=10)

corners = st.tuples(st.floats(121.795, 121.816), st.floats(31.396, 31.414))
rings = st.lists(corners, min_size=3, max_size=8).map(shapely.Polygon)
drawings = st.lists(rings, max_size=6)
covers = arrays.arrays(
    np.uint8, GRID.shape, elements=st.sampled_from([1, 2, 3, 4, 255]), fill=st.just(np.uint8(2))
)
ratios = arrays.arrays(
    np.int16,
    GRID.shape,
    elements=st.one_of(st.just(-32768), st.integers(0, 10000)),
    fill=st.just(np.int16(4200)),
)


def prepare(register, area):
    parcels, findings, _ = registers.prepare(register, area)
    return parcels, findings


def raw(shapes, codes=None):
    frame = gpd.GeoDataFrame(geometry=list(shapes), crs=CGCS2000)
    for name in ("parcel_id", *ATTRIBUTES, *EXTRAS, *NOTES):
        frame[name] = None
    frame["parcel_id"] = codes if codes is not None else None
    return frame.astype({"area_registered_m2": float, "parcel_id": object})


@given(drawings, covers, ratios)
@settings(max_examples=25)
def test_classes_and_unknown_add_up_to_every_parcel(shapes, cover, ratio):
    parcels, _ = prepare(raw(shapes), AOI)
    counts = np.ones(GRID.shape, dtype=np.uint16)
    layers = ParcelLayers(cover, ratio, ratio, counts, counts)
    measures = measure(parcels, GRID, layers, block_px=4000)
    classes = measures[measures["measure"].str.startswith("class_area:")].groupby("parcel_id", sort=False)
    total = classes["value"].sum() + classes["unknown_area_m2"].first()
    assert np.allclose(total.to_numpy(), parcels["area_m2"].to_numpy(), rtol=1e-9)
    means = measures[measures["measure"].isin(["fvc_mean", "vegetated_share"])]["value"].dropna()
    assert means.between(-1e-12, 1 + 1e-12).all()
    assert (measures[["covered_area_m2", "unknown_area_m2"]] >= 0).all(axis=None)


@cache
def measures_of_the_area():
    area = whole(AOI)
    blank = ParcelLayers(
        np.full(GRID.shape, 255, np.uint8),
        *(np.full(GRID.shape, -32768, np.int16) for _ in range(2)),
        *(np.zeros(GRID.shape, np.uint16) for _ in range(2)),
    )
    return measure(area, GRID, blank)


@given(drawings)
@example(
    [shapely.Polygon([(121.8125, 31.3984375), (121.798888808, 31.398071885), (121.81558038, 31.40371655)])]
)
@settings(max_examples=40)
def test_parcels_less_overlaps_and_what_is_outside_make_the_area(shapes):
    parcels, _ = prepare(raw(shapes), AOI)
    measures = measures_of_the_area()
    value = build_area_balance(ParcelShapes.of(parcels), AOI, measures).set_index("item")["value_m2"]
    assert value["parcels"] - value["overlaps"] + value["outside"] == pytest.approx(value["aoi"], rel=1e-6)
    assert value["unknown"] == pytest.approx(value["aoi"], rel=1e-9)
    assert value["overlaps"] >= -1e-6 * value["aoi"]


@given(drawings, st.data())
@settings(max_examples=25)
def test_any_register_is_prepared_into_valid_parcels_inside_the_area(shapes, data):
    codes = data.draw(
        st.lists(
            st.one_of(st.none(), st.sampled_from("AB"), st.text()), min_size=len(shapes), max_size=len(shapes)
        )
    )
    parcels, findings = prepare(raw(shapes, codes), AOI)
    assert parcels["parcel_id"].is_unique
    assert findings["finding_id"].is_unique
    assert shapely.is_valid(parcels.geometry.to_numpy()).all()
    assert parcels.geometry.geom_type.isin(["Polygon", "MultiPolygon"]).all()
    assert (parcels["area_m2"] <= AOI.area_m2 * (1 + 1e-6)).all()
    assert (parcels["area_m2"] > 0).all()
    assert set(PARCELS.columns) <= set(parcels.columns)
    assert set(FINDINGS.columns) <= set(findings.columns)


@given(drawings)
@settings(max_examples=10)
def test_preparing_twice_gives_the_same(shapes):
    first, second = prepare(raw(shapes), AOI), prepare(raw(shapes), AOI)
    for one, other in zip(first, second, strict=True):
        assert one.to_json() == other.to_json()


@given(st.integers(0, 2**32), st.integers(3, 8))
@settings(max_examples=50)
def test_a_repair_of_lines_that_cross_keeps_every_lobe(seed, corner_count):
    """Corners at random cross but never touch; where lines touch, what is inside is a matter of reading."""
    rng = np.random.default_rng(seed)
    places = np.column_stack(
        [rng.uniform(121.795, 121.816, corner_count), rng.uniform(31.396, 31.414, corner_count)]
    )
    ring = shapely.Polygon(places)
    parcels, _ = prepare(raw([ring]), AOI)
    lobes = shapely.make_valid(ring, method="linework")
    inside = measure_area_m2(shapely.intersection(lobes, AOI.geometry))
    assert parcels["area_m2"].sum() >= inside * (1 - 1e-4) - 1e-2


@given(st.lists(st.one_of(st.none(), st.text())))
def test_any_text_for_a_land_class_gives_a_class_or_null(codes):
    found = derive_land_class(pd.Series(codes, dtype=object))
    assert len(found) == len(codes)
    assert found.dropna().str.fullmatch(r"\w{2,4}").all()
