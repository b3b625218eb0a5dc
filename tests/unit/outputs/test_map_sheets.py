"""Sheets of the report over written rasters, of an area whose parts lie near each other and far apart."""

from dataclasses import replace

import geopandas as gpd
import pytest
import shapely

from pipeline.geodesy import CGCS2000, project
from pipeline.grid import build_grid
from pipeline.outputs.map_sheets import draw_map_sheets
from pipeline.outputs.pictures import WATER
from pipeline.outputs.raster import write_raster
from tests.deliveries import AS_OF, rasters, small_aoi, small_delivery

FAR = shapely.Polygon([(121.20, 31.80), (121.215, 31.798), (121.218, 31.811), (121.204, 31.815)])


def draw(folder, aoi, language="zh"):
    """The sheets of a small delivery over an area."""
    grid = build_grid(aoi, resolution_m=120)
    inside = grid.mask_geometry(project(aoi.geometry, grid.crs), grid.whole)
    maps = [raster for raster in rasters(grid, inside) if not raster.name.endswith("_2023")]
    for raster in maps:
        write_raster(raster, grid, folder / f"{raster.name}.tif", simulated=True, as_of=AS_OF)
    middles = [*(part.geometry.representative_point() for part in aoi.parts), None]
    facts = {"section": ["甲", "乙", "丙"], "period": "2024", "water_class": [2, 6, None]}
    sections = gpd.GeoDataFrame(facts, geometry=middles, crs=CGCS2000)
    told = {"aoi": aoi, "grid": grid, "rasters": tuple(maps), "sections": sections, "language": language}
    return draw_map_sheets(replace(small_delivery(), **told), folder)


@pytest.fixture(scope="module")
def near(tmp_path_factory):
    return draw(tmp_path_factory.mktemp("near"), small_aoi())


@pytest.fixture(scope="module", params=["zh", "en"])
def far(request, tmp_path_factory):
    east, west = small_aoi().parts
    aoi = replace(small_aoi(), parts=(east, replace(west, geometry=FAR)))
    return request.param, draw(tmp_path_factory.mktemp("far"), aoi, request.param)


def test_parts_near_each_other_are_one_picture_without_a_key(near):
    assert [len(sheet.panels) for sheet in near] == [1] * 5
    assert {sheet.key for sheet in near} == {None}


def test_every_sheet_of_parts_far_apart_has_a_named_picture_of_each_and_a_key_to_where_they_lie(far):
    language, sheets = far
    names = {"zh": ["东滩", "西沙 & <沙洲>"], "en": ["East flat", "West sands"]}[language]
    for sheet in sheets:
        assert [panel.name for panel in sheet.panels] == names
        assert len(sheet.key.boxes) == 2
        widths = [panel.picture.bar.metres / panel.picture.bar.length for panel in sheet.panels]
        assert widths[0] > 9 * widths[1], "metres in a hundredth of the picture"


def test_a_section_lies_on_the_picture_of_its_part_with_its_class_in_words(far):
    language, sheets = far
    words = {"zh": ("甲 Ⅱ类", "乙 劣Ⅴ类"), "en": ("甲 Class II", "乙 Worse than class V")}[language]
    east, west = sheets[2].panels
    assert [[spot.name for spot in panel.points] for panel in (east, west)] == [[words[0]], [words[1]]]


def test_the_map_of_cover_names_water_beside_its_ramp_and_no_other_measure_does(near):
    cover, _, _, _, looks = near
    assert cover.gradient
    assert cover.classes == [(WATER.color, "水体")]
    assert looks.classes == []
    assert "水体" in cover.about
