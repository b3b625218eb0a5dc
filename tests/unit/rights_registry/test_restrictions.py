import geopandas as gpd
import numpy as np
import pytest
import shapely

from pipeline.geodesy import CGCS2000, measure_area_m2
from pipeline.rights_registry.restrictions import SeenGround, add_shares, cut_pieces, evaluate_restrictions
from tests import registers

RED, FARM = "ecological_red_line", "permanent_farmland"


def layers(**shapes):
    return gpd.GeoDataFrame({"kind": list(shapes)}, geometry=list(shapes.values()), crs=CGCS2000)


def west_of(lon):
    return shapely.box(121.0, 31.0, lon, 32.0)


def shapes(*found):
    return np.array([*found, None], dtype=object)[:-1]


def test_parcels_are_cut_by_each_kind_and_their_shares_told(parcels):
    middle = parcels.geometry[1].centroid.x
    given = layers(**{RED: west_of(middle), FARM: shapely.Polygon()})
    cut = cut_pieces(parcels, given)
    assert cut["parcel_id"].tolist() == ["A", "B", "D"]
    assert cut["kind"].tolist() == [RED] * 3
    half, rest = (measure_area_m2(shapely.intersection(parcels.geometry[n], west_of(middle))) for n in (1, 3))
    assert cut["inside_m2"].tolist() == pytest.approx([parcels["area_m2"][0], half, rest], rel=1e-9)
    shared = add_shares(parcels, cut, given)
    parts = [1, half / parcels["area_m2"][1], 0, rest / parcels["area_m2"][3]]
    assert shared[f"{RED}_share"].tolist() == pytest.approx(parts, rel=1e-9)
    assert shared[f"{FARM}_share"].tolist() == [0, 0, 0, 0]
    assert shared["special_protection_share"].isna().all()


def test_ground_built_inside_is_found_by_period_with_its_area(parcels):
    given = layers(**{RED: west_of(122.0)})
    cut = cut_pieces(parcels, given)
    x, y, _, _ = parcels.geometry[0].bounds
    house, shed = shapely.box(x, y, x + 0.001, y + 0.001), shapely.box(x, y + 0.002, x + 0.0001, y + 0.0021)
    outside = shapely.box(121.9, 31.5, 121.91, 31.51)
    nothing = shapes()
    seen = [
        SeenGround("2023", shapes(shed, outside), nothing),
        SeenGround("2024", shapes(shed, house), shapes(house)),
    ]
    found = evaluate_restrictions(cut, parcels, seen)
    assert found.groupby("rule")["parcel_id"].agg(list).to_dict() == {
        "restricted_part": ["A", "B", "C", "D"],
        "restricted_built": ["A", "A"],
        "restricted_change": ["A"],
    }
    change = found.set_index("rule").loc["restricted_change"]
    assert change["period"] == "2024"
    assert f"{measure_area_m2(house):.2f}" in change["message_zh"]
    assert "生态保护红线" in change["message_zh"]
    assert "ecological red line" in change["message_en"]
    assert change.geometry.equals(parcels.geometry[0])
    assert found["finding_id"].is_unique


def test_less_than_a_pixel_built_and_less_than_four_changed_are_nothing(parcels):
    cut = cut_pieces(parcels, layers(**{FARM: west_of(122.0)}))
    x, y, _, _ = parcels.geometry[0].bounds
    speck, patch = shapely.box(x, y, x + 0.00009, y + 0.00009), shapely.box(x, y, x + 0.0002, y + 0.00017)
    assert 350 < measure_area_m2(patch) < 400
    found = evaluate_restrictions(cut, parcels, [SeenGround("2023", shapes(speck), shapes(patch))])
    assert set(found["rule"]) == {"restricted_part"}


def test_without_layers_nothing_is_restricted(parcels):
    cut = cut_pieces(parcels, layers())
    assert cut.empty
    assert evaluate_restrictions(cut, parcels, []).empty


def test_prepared_parcels_carry_their_shares_and_pieces(register, aoi):
    shape = shapely.box(121.82, 31.41, 121.824, 31.413)
    prepared = registers.prepare(register([shape]), aoi, restricting=layers(**{RED: west_of(121.821)}))
    assert prepared.parcels[f"{RED}_share"].iloc[0] == pytest.approx(0.25, rel=1e-3)
    quarter = prepared.parcels["area_m2"].iloc[0] / 4
    assert prepared.pieces["inside_m2"].iloc[0] == pytest.approx(quarter, rel=1e-3)


@pytest.mark.parametrize("over", [-1e-12, 0.0, 1e-12, 1e-10])
def test_a_layer_that_only_touches_a_parcel_is_no_finding_of_nothing(parcels, over):
    west = parcels.geometry[1].bounds[0]
    given = layers(**{RED: west_of(west + over)})
    touched = parcels[parcels["parcel_id"] == "B"].reset_index(drop=True)
    cut = cut_pieces(touched, given)
    assert evaluate_restrictions(cut, touched, []).empty
    inside = evaluate_restrictions(cut_pieces(touched, layers(**{RED: west_of(west + 1e-5)})), touched, [])
    assert inside["rule"].tolist() == ["restricted_part"]
    assert "0.00 平方米" not in inside["message_zh"][0]
