from dataclasses import replace

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.errors import ContractError
from pipeline.geodesy import measure_area_m2
from pipeline.outputs.layers import LAYERS, build_layer_rows, to_multipolygons
from tests.deliveries import EAST, WEST, small_delivery

BY_NAME = {layer.name: layer for layer in LAYERS}
SQUARE = shapely.box(0, 0, 2, 3)


def test_the_layers_are_the_six_that_users_rely_on():
    assert sorted(BY_NAME) == ["aoi", "change_patches", "findings", "inventory", "parcels", "sections"]


def test_rows_are_sorted_by_their_id(delivery):
    rows = build_layer_rows(BY_NAME["parcels"], delivery)
    assert rows["parcel_id"].is_monotonic_increasing
    assert delivery.parcels["parcel_id"].is_monotonic_decreasing


def test_sorting_keeps_geometry_and_row_together(delivery):
    rows = build_layer_rows(BY_NAME["change_patches"], delivery).set_index("patch_id")
    for number, patch in enumerate(delivery.change_patches["patch_id"]):
        assert rows.geometry[patch].equals(shapely.MultiPolygon([delivery.change_patches.geometry[number]]))


def test_lists_become_text(delivery):
    assert "自相交;重复点" in set(build_layer_rows(BY_NAME["parcels"], delivery)["repairs"].dropna())


def test_simulated_rows_are_labelled_and_observed_rows_are_not(delivery):
    assert set(build_layer_rows(BY_NAME["findings"], delivery)["data_label"]) == {"模拟数据"}
    assert "data_label" not in build_layer_rows(BY_NAME["findings"], replace(delivery, simulated=False))


def test_the_aoi_has_a_row_for_each_part_with_its_own_area(delivery):
    rows = build_layer_rows(BY_NAME["aoi"], delivery).set_index("id")
    assert rows["area_m2"]["east"] == measure_area_m2(EAST)
    assert rows["area_m2"]["west"] == measure_area_m2(WEST)
    assert rows["layout_crs"]["east"] == "EPSG:4550"
    assert pd.isna(rows["layout_crs"]["west"])


def test_a_missing_column_is_a_breach_of_contract(delivery):
    broken = replace(delivery, findings=delivery.findings.drop(columns="rule"))
    with pytest.raises(ContractError, match="rule"):
        build_layer_rows(BY_NAME["findings"], broken)


def test_another_crs_is_a_breach_of_contract(delivery):
    with pytest.raises(ContractError, match="32651"):
        build_layer_rows(BY_NAME["parcels"], replace(delivery, parcels=delivery.parcels.to_crs("EPSG:32651")))


def test_polygons_of_mixed_geometries_are_kept_and_lines_fall_away():
    collection = shapely.GeometryCollection(
        [shapely.LineString([(0, 0), (1, 1)]), shapely.MultiPolygon([SQUARE, shapely.box(5, 5, 6, 7)])]
    )
    shapes = np.array([shapely.LineString([(0, 0), (1, 1)]), collection, None, SQUARE], dtype=object)
    found = to_multipolygons(shapes)
    assert [shape and shape.geom_type for shape in found] == [None, "MultiPolygon", None, "MultiPolygon"]
    assert found[1].area == 8
    assert found[3].equals(SQUARE)


def test_a_section_without_a_place_has_no_geometry():
    delivery = small_delivery()
    sections = delivery.sections.copy()
    sections.geometry = [shapely.Point(), None, *sections.geometry[2:]]
    rows = build_layer_rows(BY_NAME["sections"], replace(delivery, sections=sections))
    assert rows.geometry.isna().sum() == 2
    assert isinstance(rows, gpd.GeoDataFrame)
