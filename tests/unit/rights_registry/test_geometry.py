from functools import partialmethod

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely

from pipeline.contracts import PARCELS
from pipeline.geodesy import CGCS2000, measure_area_m2
from pipeline.rights_registry.area_balance import build_area_balance
from pipeline.rights_registry.shapes import PackedShapes, ParcelShapes
from tests import registers
from tests.parcel_overlay import measure, whole


def prepare(register, area):
    parcels, findings, _ = registers.prepare(register, area)
    return parcels, findings


def box(x, y, width=0.004, height=0.003):
    return shapely.box(121.82 + x, 31.41 + y, 121.82 + x + width, 31.41 + y + height)


def rules(findings):
    return findings["rule"].value_counts().to_dict()


def test_a_sound_parcel_passes_unchanged(register, aoi):
    parcels, findings = prepare(register([box(0, 0)], parcel_id=["A"]), aoi)
    assert findings.empty
    assert parcels["parcel_id"].tolist() == ["A"]
    assert parcels["area_m2"].tolist() == parcels["area_whole_m2"].tolist() == [measure_area_m2(box(0, 0))]
    assert parcels["share_inside"].tolist() == [1.0]
    assert parcels["repairs"].isna().all()


def test_a_bow_tie_keeps_both_wings_and_tells_what_was_wrong(register, aoi):
    corners = [(121.82, 31.41), (121.83, 31.42), (121.83, 31.41), (121.82, 31.42)]
    parcels, findings = prepare(register([shapely.Polygon(corners)]), aoi)
    wings = measure_area_m2(shapely.Polygon([(121.82, 31.41), (121.825, 31.415), (121.82, 31.42)]))
    assert parcels["area_m2"].iloc[0] == pytest.approx(2 * wings, rel=1e-6)
    assert rules(findings) == {"geometry_repaired": 1}
    assert "Self-intersection" in parcels["repairs"].iloc[0]
    assert f"→ {parcels['area_m2'].iloc[0]:.2f} m2" in findings["message_zh"].iloc[0]


def test_heights_are_dropped_and_leftover_lines_too(register, aoi):
    corners = [(121.82, 31.41), (121.824, 31.41), (121.824, 31.413), (121.83, 31.413), (121.824, 31.413)]
    spike = shapely.force_3d(shapely.Polygon([*corners, (121.82, 31.413)]), 3.0)
    parcels, _ = prepare(register([spike]), aoi)
    shape = parcels.geometry.iloc[0]
    assert not shape.has_z
    assert shape.geom_type in {"Polygon", "MultiPolygon"}
    assert parcels["area_m2"].iloc[0] == pytest.approx(measure_area_m2(box(0, 0)), rel=1e-6)


def test_measures_along_lines_are_dropped_and_make_no_other_outline(register, aoi):
    corners = shapely.get_coordinates(box(0, 0))
    said = ", ".join(f"{lon!r} {lat!r} {place}" for place, (lon, lat) in enumerate(corners.tolist()))
    parcels, findings = prepare(register([box(0, 0), shapely.from_wkt(f"POLYGON M (({said}))")]), aoi)
    assert not shapely.has_m(parcels.geometry.to_numpy()).any()
    assert rules(findings)["geometry_duplicate"] == 1


def test_parcels_without_a_usable_polygon_are_findings_and_are_not_measured(register, aoi):
    shapes = [
        None,
        shapely.Polygon(),
        shapely.LineString([(121.82, 31.41), (121.83, 31.42)]),
        shapely.Polygon([(121.82, 31.41), (121.83, 31.42), (121.82, 31.41)]),
        shapely.transform(box(0, 0), lambda points: np.where(points == 121.82, np.inf, points)),
        box(0, 0),
    ]
    parcels, findings = prepare(register(shapes, parcel_id=list("abcdef")), aoi)
    assert parcels["parcel_id"].tolist() == ["f"]
    assert rules(findings) == {"geometry_missing": 5}
    assert sorted(findings["parcel_id"]) == list("abcde")
    assert findings.geometry.geom_equals(gpd.GeoSeries([aoi.geometry] * 5, crs=CGCS2000)).all()


def test_a_hole_without_extent_is_repaired_and_a_parcel_without_extent_is_left_out(register, aoi):
    corner = [(121.821, 31.411)] * 4
    shapes = [shapely.Polygon(box(0, 0).exterior.coords, [corner]), shapely.Polygon(corner)]
    parcels, findings = prepare(register(shapes, parcel_id=["A", "B"]), aoi)
    assert parcels["parcel_id"].tolist() == ["A"]
    assert parcels["area_m2"].iloc[0] == pytest.approx(measure_area_m2(box(0, 0)), rel=1e-9)
    assert findings["finding_id"].tolist() == ["geometry_missing:B", "geometry_repaired:A"]


def test_a_parcel_across_the_edge_is_measured_inside_and_reported(register, aoi):
    across = shapely.box(121.81, 31.395, 121.83, 31.41)
    parcels, findings = prepare(register([across]), aoi)
    inside = measure_area_m2(shapely.intersection(across, aoi.geometry))
    assert parcels["area_m2"].iloc[0] == pytest.approx(inside, rel=1e-9)
    assert parcels["area_whole_m2"].iloc[0] == pytest.approx(measure_area_m2(across), rel=1e-9)
    assert parcels["share_inside"].iloc[0] == pytest.approx(inside / measure_area_m2(across))
    assert rules(findings) == {"part_outside": 1}
    assert f"{measure_area_m2(across) - inside:.2f}" in findings["message_en"].iloc[0]


def test_parcels_outside_are_dropped_and_counted_in_one_finding(register, aoi):
    shapes = [box(0, 0), box(1, 0), shapely.box(121.80, 31.44, 121.805, 31.445)]
    parcels, findings = prepare(register(shapes), aoi)
    assert len(parcels) == 1
    assert rules(findings) == {"outside_area": 1}
    assert "2 个地块" in findings["message_zh"].iloc[0]
    assert findings["finding_id"].tolist() == ["outside_area"]


@pytest.mark.parametrize("overlap_degrees", [0.0, 1e-12, 1e-9, 2e-8])
def test_a_neighbour_of_the_area_that_only_touches_it_is_no_parcel_and_no_finding(
    register, aoi, overlap_degrees
):
    edge = max(shapely.get_coordinates(aoi.geometry)[:, 0])
    corner = next((x, y) for x, y in shapely.get_coordinates(aoi.geometry) if x == edge)
    beside = shapely.box(edge - overlap_degrees, corner[1] - 1e-3, edge + 2e-3, corner[1] + 1e-3)
    parcels, findings = prepare(register([box(0, 0), beside], parcel_id=["A", "B"]), aoi)
    assert parcels["parcel_id"].tolist() == ["A"]
    assert rules(findings) == {"outside_area": 1}


def test_a_parcel_that_reaches_out_by_a_hair_is_no_finding_of_nothing(register, aoi):
    east = aoi.geometry.bounds[2]
    thin = aoi.geometry.intersection(shapely.box(east - 2e-3, 31, east, 32))
    hair = shapely.union(thin, thin.buffer(1e-10))
    parcels, findings = prepare(register([hair], parcel_id=["A"]), aoi)
    assert len(parcels) == 1
    assert "part_outside" not in rules(findings)


def test_ids_come_from_the_key_else_the_codes_else_the_row(register, aoi):
    shapes = [box(0.006 * n, 0) for n in range(4)]
    frame = register(
        shapes,
        parcel_id=["K", None, None, None],
        parcel_no=["1", "P", None, None],
        unit_no=[None, None, "U", None],
    )
    frame.index = [10, 20, 30, 40]
    parcels, _ = prepare(frame, aoi)
    assert parcels["parcel_id"].tolist() == ["K", "P", "U-1", "#40"]


def test_duplicate_codes_get_a_suffix_and_a_finding_each(register, aoi):
    shapes = [box(0.006 * n, 0) for n in range(4)]
    parcels, findings = prepare(register(shapes, parcel_id=["K", "K", "K-2", "K"]), aoi)
    assert parcels["parcel_id"].tolist() == ["K", "K-2", "K-2#2", "K-3"]
    assert rules(findings) == {"code_duplicate": 3}


def test_codes_of_the_wrong_form_and_unknown_classes_are_findings(register, aoi):
    frame = register([box(0, 0)], unit_no=["123"], parcel_no=["abc"], dlbm=["9999"])
    _, findings = prepare(frame, aoi)
    assert rules(findings) == {"unit_code_form": 1, "parcel_code_form": 1, "land_class_unknown": 1}


def test_the_same_outline_twice_is_found_whatever_its_first_corner(register, aoi):
    first = box(0, 0)
    again = shapely.Polygon([*first.exterior.coords[2:-1], *first.exterior.coords[:3]])
    parcels, findings = prepare(register([first, again], parcel_id=["A", "B"]), aoi)
    assert len(parcels) == 2
    assert rules(findings) == {"geometry_duplicate": 1, "overlap": 1}
    assert "A" in findings.set_index("rule").loc["geometry_duplicate", "message_zh"]


def test_overlaps_are_pairs_with_their_area_and_touching_is_none(register, aoi):
    shapes = [box(0, 0), box(0.003, 0), box(0.007, 0), box(0, 0.003)]
    _, findings = prepare(register(shapes, parcel_id=list("ABCD")), aoi)
    assert findings["finding_id"].tolist() == ["overlap:A:B"]
    shared = measure_area_m2(shapely.intersection(shapes[0], shapes[1]))
    assert f"{shared:.2f}" in findings["message_en"].iloc[0]


def test_slivers_are_thin_not_merely_small(register, aoi):
    degree_m = 111_000
    sliver = box(0, 0, 0.004, 3 / degree_m)
    small = box(0, 0.01, 4 / degree_m, 4 / degree_m)
    road = box(0, 0.02, 0.01, 12 / degree_m)
    _, findings = prepare(register([sliver, small, road], parcel_id=["sliver", "small", "road"]), aoi)
    assert findings["finding_id"].tolist() == ["sliver:sliver"]


def test_a_registered_area_off_by_more_than_one_percent_of_the_whole_parcel_is_found(register, aoi):
    across = shapely.box(121.81, 31.395, 121.83, 31.41)
    areas = [
        measure_area_m2(box(0, 0.005)) * 1.02,
        measure_area_m2(box(0.01, 0.005)) * 1.005,
        measure_area_m2(across),
    ]
    frame = register(
        [box(0, 0.005), box(0.01, 0.005), across], parcel_id=["A", "B", "C"], area_registered_m2=areas
    )
    _, findings = prepare(frame, aoi)
    assert findings.loc[findings["rule"] == "area_mismatch", "parcel_id"].tolist() == ["A"]


def test_an_empty_register_gives_empty_tables(register, aoi):
    parcels, findings = prepare(register([]), aoi)
    assert parcels.empty
    assert findings.empty
    assert set(PARCELS.columns) <= set(parcels.columns)


@pytest.mark.parametrize("empty", [False, True])
def test_the_balance_adds_up_over_overlaps_gaps_and_edges(register, aoi, grid, layers, empty):
    shapes = [
        box(0, 0),
        box(0.003, 0.001),
        box(0, 0.01, 0.1, 0.01),
        shapely.box(121.81, 31.395, 121.83, 31.41),
    ]
    parcels, _ = prepare(register([] if empty else shapes), aoi)
    area = whole(aoi)
    table = build_area_balance(ParcelShapes.of(parcels), aoi, measure(area, grid, layers, first=2023))
    value = table.set_index("item")["value_m2"]
    assert set(table["period"]) == {"2023"}
    assert value["aoi"] == pytest.approx(measure_area_m2(aoi.geometry))
    assert value["parcels"] - value["overlaps"] + value["outside"] == pytest.approx(value["aoi"], rel=1e-6)
    assert abs(value["difference"]) < 1e-6
    assert abs(value["difference_classes"]) < 1e-6
    assert value.filter(like="class:").sum() + value["unknown"] == pytest.approx(value["aoi"], rel=1e-6)
    assert (value["overlaps"] == 0) if empty else (value["overlaps"] > 1000)


def test_the_tolerance_of_areas_is_a_setting(register, aoi):
    frame = register([box(0, 0.005)], area_registered_m2=[measure_area_m2(box(0, 0.005)) * 1.02])
    assert len(registers.prepare(frame, aoi, area_tolerance=0.01).findings) == 1
    assert registers.prepare(frame, aoi, area_tolerance=0.03).findings.empty


@pytest.mark.parametrize(("size", "unit"), [(10_000, "ha"), (10_000 / 15, "mu"), (100, None)])
def test_areas_in_another_unit_are_told_once(register, aoi, size, unit):
    shapes = [box(0.006 * n, 0.005) for n in range(3)]
    frame = register(shapes, area_registered_m2=[measure_area_m2(shape) / size for shape in shapes])
    _, findings = prepare(frame, aoi)
    told = findings[findings["rule"] == "area_unit_doubtful"]
    assert len(told) == (1 if unit else 0)
    assert all(unit in message for message in told["message_en"])


def test_notes_of_reading_become_findings(register, aoi):
    notes = {"doubts": ["MJ=x"], "suspects": ["DJDYMC==1"], "sums": ["DJDYZMJ=2.00 ≠ 1.00"]}
    _, findings = prepare(register([box(0, 0)], **notes), aoi)
    assert rules(findings) == {"value_unusable": 1, "text_suspicious": 1, "area_sums": 1}
    for note in notes.values():
        assert findings["message_zh"].str.contains(note[0], regex=False).sum() == 1


def test_coordinates_beyond_the_globe_are_a_finding_and_cost_no_memory(register, aoi):
    far = shapely.transform(box(0, 0), lambda points: np.where(points == 121.82, 1e9, points))
    parcels, findings = prepare(register([far, box(0, 0)], parcel_id=["far", "here"]), aoi)
    assert parcels["parcel_id"].tolist() == ["here"]
    assert findings["finding_id"].tolist() == ["geometry_missing:far"]
    assert "180" in findings["message_en"].iloc[0]


def test_a_register_in_batches_is_prepared_as_it_is_at_once(register, aoi, monkeypatch):
    """What is wrong across batches: codes, ids and shapes that come twice, overlaps, a gap, two meanings."""
    again = box(0.012, 0)
    shapes = [box(0, 0), box(0.003, 0), None, again, box(0.02, 0.01), again, box(1, 0), box(0, 0.006)]
    shapes += [box(0, 0.009), box(0.004, 0.006, 0.002), box(0.004, 0.009, 0.002), shapely.box(1, 1, 2, 2)]
    ring = [box(0.03 + 0.002 * col, 0.01 + 0.002 * row, 0.002, 0.002) for row in range(3) for col in range(3)]
    shapes += ring[:4] + ring[5:]
    codes = ["K", "A", "B", "K", None, "K-2", "C", None, *(f"N{number}" for number in range(len(shapes) - 8))]
    frame = register(shapes, parcel_id=codes, area_registered_m2=[5.0] * len(shapes))
    layers = gpd.GeoDataFrame(
        {"kind": ["permanent_farmland", "ecological_red_line"]},
        geometry=[shapely.box(121.8, 31.4, 121.834, 31.42), shapely.box(121.82, 31.41, 121.9, 31.5)],
        crs=CGCS2000,
    )
    whole = registers.prepare(frame, aoi, restricting=layers)
    assert {"overlap", "gap", "geometry_duplicate", "code_duplicate", "outside_area"} <= set(rules(whole[1]))
    small = partialmethod(PackedShapes.group_neighbours, 3)
    monkeypatch.setattr(PackedShapes, "group_neighbours", small)
    for count in (3, 7):
        parts = registers.prepare(frame, aoi, restricting=layers, batches=count)
        for part, table in zip(parts, whole, strict=True):
            pd.testing.assert_frame_equal(pd.DataFrame(part), pd.DataFrame(table))
