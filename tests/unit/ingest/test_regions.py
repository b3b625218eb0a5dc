"""Towns of an area: they and what lies outside of them are the area, each piece of ground once."""

from itertools import pairwise

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.aoi import Aoi, Part
from pipeline.errors import InputError
from pipeline.geodesy import CGCS2000, measure_area_m2, measure_areas_m2
from pipeline.ingest.regions import name_rest, read_regions
from pipeline.settings.statistics import RegionFile

OUTLINE = shapely.box(121.80, 31.40, 121.90, 31.50)
AOI = Aoi(
    "island", "岛", "island", (Part("1", "岛", "island", OUTLINE, None),), "EPSG:32651", "drawn", "exact"
)
WEST, EAST = shapely.box(121.7, 31.3, 121.85, 31.6), shapely.box(121.85, 31.3, 121.95, 31.6)


def write(path, shapes, crs=CGCS2000, **columns):
    gpd.GeoDataFrame(columns, geometry=shapes, crs=CGCS2000).to_crs(crs).to_file(path)
    return RegionFile(path=str(path))


def test_without_a_file_the_area_is_its_one_region():
    regions = read_regions(None, AOI)
    assert regions[["region", "name"]].to_numpy().tolist() == [["island", "岛"]]
    assert regions.geometry[0].equals(OUTLINE)


def test_towns_are_cut_to_the_area_under_the_names_that_offices_use(tmp_path):
    file = write(
        tmp_path / "a.gpkg", [EAST, WEST], XZQDM=["310230102", "310230101"], XZQMC=["新海镇", "陈家镇"]
    )
    regions = read_regions(file, AOI)
    assert regions["region"].tolist() == ["310230101", "310230102"]
    assert regions["name"].tolist() == ["陈家镇", "新海镇"]
    assert measure_areas_m2(regions.geometry).sum() == pytest.approx(AOI.area_m2, rel=1e-12)
    assert regions.attrs["remarks"] == []


def test_codes_that_are_numbers_keep_their_digits_and_chinese_text_its_encoding(tmp_path):
    path = tmp_path / "towns.shp"
    frame = gpd.GeoDataFrame({"XZQDM": [310230101.0], "XZQMC": ["陈家镇"]}, geometry=[WEST], crs=CGCS2000)
    frame.to_file(path, encoding="GBK")
    path.with_suffix(".cpg").unlink(missing_ok=True)
    regions = read_regions(RegionFile(path=str(path)), AOI)
    assert regions.loc[0, ["region", "name"]].tolist() == ["310230101", "陈家镇"]


def test_what_no_town_covers_is_a_region_of_its_own_and_said(tmp_path):
    regions = read_regions(write(tmp_path / "a.gpkg", [WEST], name=["陈家镇"]), AOI)
    assert regions["region"].tolist() == ["陈家镇", name_rest("island")]
    assert measure_areas_m2(regions.geometry).sum() == pytest.approx(AOI.area_m2, rel=1e-12)
    (remark,) = regions.attrs["remarks"]
    rest = measure_area_m2(regions.geometry[1])
    assert f"{rest:.0f} m2" in remark


def test_rows_of_one_id_are_one_town(tmp_path):
    parts = [shapely.box(121.8, 31.4, 121.9, 31.42), shapely.box(121.8, 31.48, 121.9, 31.5)]
    regions = read_regions(write(tmp_path / "a.gpkg", parts, id=["7", "7"], name=["陈家镇"] * 2), AOI)
    assert regions["region"].tolist() == ["7", name_rest("island")]
    assert regions.geometry[0].geom_type == "MultiPolygon"


def test_a_strip_of_overlap_belongs_to_the_lower_id_and_is_said(tmp_path):
    wide = shapely.box(121.7, 31.3, 121.85001, 31.6)
    regions = read_regions(write(tmp_path / "a.gpkg", [EAST, wide], id=["2", "1"], name=["东", "西"]), AOI)
    assert measure_areas_m2(regions.geometry).sum() == pytest.approx(AOI.area_m2, rel=1e-12)
    assert shapely.area(shapely.intersection(*regions.geometry)) == 0
    assert regions.geometry[0].bounds[2] == pytest.approx(121.85001)
    assert "overlap" in regions.attrs["remarks"][0]


MISTAKES = {
    "overlap by more": ([EAST, shapely.box(121.7, 31.3, 121.87, 31.6)], {"id": ["1", "2"]}, ["overlap"]),
    "no name at all": ([EAST, WEST], {"id": ["1", None]}, ["row 2", "no id and no name"]),
    "one id, two names": ([EAST, WEST], {"id": ["1", "1"], "name": ["东", "西"]}, ["id 1", "东, 西"]),
    "the id of the area": ([WEST], {"id": ["island"]}, ["row 1", "island"]),
    "elsewhere": ([shapely.box(110, 30, 111, 31)], {"id": ["1"]}, ["none inside island"]),
    "no polygon": ([EAST, None], {"id": ["1", "2"]}, ["row 2", "no polygon"]),
}


@pytest.mark.parametrize(("shapes", "columns", "words"), MISTAKES.values(), ids=MISTAKES)
def test_what_cannot_be_the_towns_of_an_area_is_refused_by_name(tmp_path, shapes, columns, words):
    with pytest.raises(InputError) as error:
        read_regions(write(tmp_path / "a.gpkg", shapes, **columns), AOI)
    assert all(word in str(error.value) for word in words)


def test_a_column_that_is_not_there_is_named_with_those_that_are(tmp_path):
    write(tmp_path / "a.gpkg", [WEST], XZQMC=["陈家镇"])
    with pytest.raises(InputError, match=r"column TOWN.*XZQMC"):
        read_regions(RegionFile(path=str(tmp_path / "a.gpkg"), name="TOWN"), AOI)


@settings(max_examples=20, deadline=None)
@given(
    cuts=st.lists(st.floats(121.805, 121.895), min_size=1, max_size=5, unique=True),
    crs=st.sampled_from([CGCS2000, "EPSG:4549", "EPSG:32651"]),
    order=st.randoms(use_true_random=False),
    missing=st.booleans(),
)
def test_regions_are_the_area_however_it_is_cut(tmp_path_factory, cuts, crs, order, missing):
    edges = [121.7, *sorted(cuts), 121.95]
    strips = [shapely.box(a, 31.3, b, 31.6) for a, b in pairwise(edges)][missing:]
    named = [(f"镇{place}", strip) for place, strip in enumerate(strips)]
    order.shuffle(named)
    file = write(
        tmp_path_factory.mktemp("cut") / "a.gpkg", [s for _, s in named], crs, name=[n for n, _ in named]
    )
    regions = read_regions(file, AOI)
    assert measure_areas_m2(regions.geometry).sum() == pytest.approx(AOI.area_m2, rel=1e-9)
    shapes = regions.geometry.to_numpy()
    shared = [measure_area_m2(shapely.intersection(a, b)) for i, a in enumerate(shapes) for b in shapes[:i]]
    assert np.sum(shared) <= 1e-9 * AOI.area_m2
