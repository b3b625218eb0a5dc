import geopandas as gpd
import pytest
import shapely

from pipeline.geodesy import unproject
from pipeline.grid import Grid
from pipeline.outputs.pictures import choose_scale_bar, locate_points, place_spots

GRID = Grid("EPSG:32651", 600_000.0, 3_500_000.0, 10.0, 300, 500)


@pytest.mark.parametrize(
    ("width", "metres", "label"), [(500, 1000, "1 km"), (120, 200, "200 m"), (7866, 10_000, "10 km")]
)
def test_a_scale_bar_is_round_and_at_most_a_fifth_of_the_width(width, metres, label):
    bar = choose_scale_bar(Grid("EPSG:32651", 0.0, 0.0, 10.0, 10, width))
    assert (bar.metres, bar.label) == (metres, label)
    assert bar.length == pytest.approx(metres / (width * 10) * 100, abs=0.01)
    assert bar.length <= 20


def test_points_lie_where_they_belong_and_null_lies_nowhere():
    spot = unproject(shapely.Point(602_000, 3_499_000), "EPSG:32651")
    found = locate_points(gpd.GeoSeries([spot, None, shapely.Point()], crs="EPSG:4490"), GRID)
    assert found == [(40.0, 20.0), None, None]


def box_of(spot):
    long = 3.4 * len(spot.name)
    left = spot.x + spot.across - (long if spot.ends else 0)
    return left, spot.y + spot.down - 3, left + long, spot.y + spot.down + 1


def test_names_of_points_hide_neither_each_other_nor_leave_the_map():
    points = [(50.0, 20.0), (52.0, 20.5), (97.0, 30.0), (3.0, 38.0), None, (95.0, 5.0)]
    found = place_spots(points, ["#00ff00"] * 6, ["甲甲甲", "乙乙乙", "丙丙丙", "丁丁丁", "戊", "己己己"], 40)
    assert [(spot.x, spot.y) for spot in found] == [point for point in points if point]
    boxes = [box_of(spot) for spot in found if spot.name]
    assert [spot.name for spot in found] == [
        "甲甲甲",
        "乙乙乙",
        "丙丙丙",
        "丁丁丁",
        "",
    ]  # the arrow has its own place
    assert all(left >= 0 and right <= 100 and top >= 0 and bottom <= 40 for left, top, right, bottom in boxes)
    for number, (left, top, right, bottom) in enumerate(boxes):
        for other in boxes[number + 1 :]:
            assert not (left < other[2] and right > other[0] and top < other[3] and bottom > other[1])


def test_a_name_without_a_free_place_is_left_out_and_its_point_stays():
    found = place_spots([(50.0, 3.0)] * 30, ["#00ff00"] * 30, ["断面"] * 30, 6)
    assert len(found) == 30
    assert 0 < sum(bool(spot.name) for spot in found) < 10
