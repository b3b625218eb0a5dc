import geopandas as gpd
import pytest
import shapely

from pipeline.geodesy import unproject
from pipeline.grid import Grid
from pipeline.outputs.maps import places, scale_bar

GRID = Grid("EPSG:32651", 600_000.0, 3_500_000.0, 10.0, 300, 500)


@pytest.mark.parametrize(
    ("width", "metres", "label"), [(500, 1000, "1 km"), (120, 200, "200 m"), (7866, 10_000, "10 km")]
)
def test_a_scale_bar_is_round_and_at_most_a_fifth_of_the_width(width, metres, label):
    bar = scale_bar(Grid("EPSG:32651", 0.0, 0.0, 10.0, 10, width))
    assert (bar.metres, bar.label) == (metres, label)
    assert bar.length == pytest.approx(metres / (width * 10) * 100, abs=0.01)
    assert bar.length <= 20


def test_points_lie_where_they_belong_and_null_lies_nowhere():
    spot = unproject(shapely.Point(602_000, 3_499_000), "EPSG:32651")
    found = places(gpd.GeoSeries([spot, None, shapely.Point()], crs="EPSG:4490"), GRID)
    assert found == [(40.0, 20.0), None, None]
