import base64
import gzip
import json
import math

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.outputs.webmap.packing import STEP, list_cells, pack_config, pack_shapes

DEGREES = st.tuples(st.floats(-179, 179), st.floats(-85, 85))


def unpack_path(numbers, packed):
    """What the script of the page does, in words of numpy."""
    steps = np.array(numbers, dtype=float).reshape(-1, 2)
    return np.cumsum(steps, axis=0) * packed["step"] + packed["origin"]


@given(st.lists(st.one_of(st.none(), DEGREES), min_size=1))
def test_a_packed_point_comes_back_to_a_tenth_of_a_metre_and_none_stays_none(places):
    points = [None if place is None else shapely.Point(place) for place in places]
    packed = pack_shapes(points, "point")
    json.dumps(packed, allow_nan=False)
    for place, numbers in zip(places, packed["parts"], strict=True):
        assert (numbers is None) == (place is None)
        if place is not None:
            assert np.allclose(unpack_path(numbers, packed)[0], place, atol=STEP)


def test_a_packed_area_keeps_its_parts_its_holes_and_its_size():
    ring = shapely.Point(121.8, 31.4).buffer(0.01).difference(shapely.Point(121.8, 31.4).buffer(0.004))
    shape = shapely.MultiPolygon([ring, shapely.box(121.9, 31.5, 121.92, 31.53)])
    packed = pack_shapes([shape, None, shapely.MultiPolygon()], "polygon")
    assert packed["parts"][1:] == [None, None]
    rings = [[unpack_path(numbers, packed) for numbers in part] for part in packed["parts"][0]]
    assert [len(part) for part in rings] == [2, 1]
    back = shapely.MultiPolygon([(part[0], part[1:]) for part in rings])
    assert math.isclose(back.area, shape.area, rel_tol=1e-3)
    assert shapely.hausdorff_distance(back, shape) < 5e-6


@given(st.lists(st.one_of(st.none(), st.floats(allow_nan=False, allow_infinity=False, width=32))))
def test_an_unknown_cell_is_null_and_never_0(numbers):
    cells = list_cells(pd.Series(numbers, dtype=float))
    assert [cell is None for cell in cells] == [number is None for number in numbers]
    assert all(math.isclose(c, n, abs_tol=1e-4) for c, n in zip(cells, numbers, strict=True) if n is not None)


def test_a_config_has_the_same_bytes_each_time_and_holds_any_text():
    config = {"words": ["</script><script>alert(1)</script>", "水\u2028"], "rows": list(range(500))}
    packed = pack_config(config)
    assert packed == pack_config(config)
    assert packed.isascii()
    assert "<" not in packed
    assert json.loads(gzip.decompress(base64.b64decode(packed))) == config


def test_no_shape_at_all_packs_to_nothing():
    for geometry in ("point", "line", "polygon"):
        assert pack_shapes(gpd.GeoSeries([None]).to_numpy(), geometry)["parts"] == [None]


def test_a_packed_line_keeps_its_parts_and_its_way():
    river = shapely.MultiLineString([[(121.8, 31.4), (121.9, 31.5)], [(121.9, 31.5), (121.95, 31.45)]])
    packed = pack_shapes([river], "line")
    back = shapely.MultiLineString([unpack_path(numbers, packed) for numbers in packed["parts"][0]])
    assert shapely.hausdorff_distance(back, river) < STEP
