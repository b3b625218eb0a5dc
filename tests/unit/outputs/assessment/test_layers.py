"""Layers of parts: of points, lines or polygons, drawn as told, each related to its parcels."""

from dataclasses import replace
from types import MappingProxyType
from xml.etree import ElementTree as ET

import geopandas as gpd
import pyogrio
import pytest
import shapely

from pipeline.errors import ContractError
from pipeline.geodesy import CGCS2000
from pipeline.outputs.assessment import layers
from pipeline.outputs.assessment.layer_maps import draw_layer_map
from pipeline.outputs.assessment.layers import PART_LAYERS, PartLayer, list_layers
from pipeline.outputs.geopackage import write_geopackage
from pipeline.outputs.qgis.looks import LayerStyle
from pipeline.outputs.shapefile import write_shapefiles
from pipeline.outputs.texts import find_texts
from tests.deliveries import small_delivery

POINT = shapely.Point(121.86, 31.49)
LINE = shapely.LineString([(121.84, 31.45), (121.88, 31.47), (121.9, 31.5)])
HOME = shapely.box(121.85, 31.46, 121.87, 31.48)


def layer(shapes, **columns):
    rows = {"site": [f"N{9 - number}" for number in range(len(shapes))], **columns}
    return gpd.GeoDataFrame(rows, geometry=list(shapes), crs=CGCS2000)


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    delivery = replace(
        small_delivery(),
        layers={
            "toy_points": layer([POINT, None], parcel_id=["P001", None]),
            "toy_lines": layer([LINE]),
            "toy_homes": layer([HOME, shapely.MultiPolygon([HOME])]),
        },
    )
    folder = tmp_path_factory.mktemp("layers")
    write_geopackage(delivery, folder / "inventory.gpkg")
    (folder / "shapefile").mkdir()
    write_shapefiles(delivery, folder / "shapefile")
    return folder / "inventory.gpkg"


@pytest.mark.parametrize(
    ("name", "shape"),
    [("toy_points", "Point"), ("toy_lines", "MultiLineString"), ("toy_homes", "MultiPolygon")],
)
def test_a_layer_has_the_geometry_of_its_rows(package, name, shape):
    assert pyogrio.read_info(package, layer=name)["geometry_type"] == shape
    read = gpd.read_file(package, layer=name)
    assert read["site"].is_monotonic_increasing
    assert set(read["data_label"]) == {"模拟数据"}


def test_a_row_without_a_place_stays_a_row(package):
    assert gpd.read_file(package, layer="toy_points").geometry.isna().tolist() == [True, False]


def test_shapefiles_hold_the_layers_of_parts_too(package):
    shapes = {path.stem for path in (package.parent / "shapefile").glob("toy_*.shp")}
    assert shapes == {"toy_points", "toy_lines", "toy_homes"}
    line = gpd.read_file(package.parent / "shapefile" / "toy_lines.shp").geometry.iloc[0]
    assert line.length == pytest.approx(LINE.length)


def test_every_layer_of_a_part_has_a_style_and_aliases(package):
    styles = pyogrio.read_dataframe(package, layer="layer_styles", read_geometry=False)
    drawn = styles.set_index("f_table_name")["styleQML"]
    kinds = {name: ET.fromstring(drawn[name]).find(".//symbol").get("type") for name in drawn.index}
    assert (kinds["toy_points"], kinds["toy_lines"], kinds["toy_homes"]) == ("marker", "line", "fill")


def test_rows_of_several_kinds_of_geometry_are_no_layer():
    mixed = replace(small_delivery(), layers={"toy": layer([POINT, HOME])})
    with pytest.raises(ContractError, match="several kinds"):
        list_layers(mixed)


def test_a_layer_that_is_told_beforehand_has_its_geometry_when_it_is_empty(monkeypatch):
    told = PartLayer("Point", ("site",), LayerStyle(None, 1.0))
    monkeypatch.setattr(layers, "PART_LAYERS", MappingProxyType({"toy": told}))
    empty = replace(small_delivery(), layers={"toy": layer([])})
    assert list_layers(empty)[-1].geometry == "Point"
    with pytest.raises(ContractError, match="several kinds"):
        list_layers(replace(empty, layers={"toy": layer([HOME])}))


def test_every_layer_that_is_told_beforehand_has_a_title_and_says_what_a_row_is():
    for language in ("zh", "en"):
        titles = find_texts("layer", language)
        assert all(titles[name] and titles[f"{name}.about"] for name in PART_LAYERS)


def test_a_layer_is_a_map_of_the_report(monkeypatch):
    told = {"toy": PartLayer("MultiPolygon", ("site",), LayerStyle("severity", 0.8))}
    monkeypatch.setattr(layers, "PART_LAYERS", MappingProxyType(told))
    shown = {
        "toy": layer([HOME, shapely.box(121.9, 31.47, 121.92, 31.49)], severity=["error", "info"]),
        "lines": layer([LINE]),
        "points": layer([POINT, shapely.Point(0, 0)]),
        "none": layer([None]),
    }
    delivery = replace(small_delivery(), layers=shown)
    homes = draw_layer_map("toy", delivery)
    assert [name for _, name in homes.classes] == ["提示", "错误"], (
        "in the order of the standard, not of the rows"
    )
    assert {shape.fill for shape in homes.panels[0].shapes} == {color for color, _ in homes.classes}
    (line,) = draw_layer_map("lines", delivery).panels[0].shapes
    assert (line.fill, line.path.count("M"), "Z" in line.path) == ("none", 1, False)
    (point,) = draw_layer_map("points", delivery).panels[0].points
    assert 0 < point.x < 100
    assert draw_layer_map("none", delivery) is None
    assert draw_layer_map("unheard_of", delivery) is None
