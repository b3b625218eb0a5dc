"""Features of files of staff: rows that are kept, columns that are found, what is refused and rejected."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.aoi import Aoi, Part
from pipeline.errors import InputError, SettingsError
from pipeline.geodesy import measure_areas_m2
from pipeline.ingest.access.files import read_files
from pipeline.ingest.access.homes import read_buildings, read_land
from pipeline.ingest.access.shapes import read_nearby
from pipeline.settings.green_access import BuildingFile, GreenAccess, Homes, ShapeFile, load_distances

RULE = load_distances(GreenAccess())


def box(lon, lat, size=0.0004):
    return shapely.box(lon, lat, lon + size, lat + size)


OUTLINE = shapely.box(121.80, 31.40, 121.86, 31.45)
AREA = Aoi("island", "岛", "island", (Part("1", "岛", "i", OUTLINE, None),), "EPSG:32651", "drawn", "exact")
HERE = [box(121.835 + 0.001 * n, 31.42) for n in range(4)]


def write(path, shapes, crs="EPSG:4490", **columns):
    gpd.GeoDataFrame(columns, geometry=list(shapes), crs=crs).to_file(path, engine="pyogrio")
    return str(path)


def refuse(read, *words):
    with pytest.raises(InputError) as caught:
        read()
    text = str(caught.value)
    assert all(word in text for word in words), text


def test_only_rows_that_are_kept_count_and_ids_and_names_are_found(tmp_path, aoi):
    path = write(
        tmp_path / "l.gpkg", HERE, 地块编号=["a", "b", "c", None], 用途=["居住", "商业", "居住", "居住"]
    )
    found = read_nearby(ShapeFile(path=path, keep={"用途": ["居住"]}), aoi, ["polygons"])
    assert found.rows["id"].tolist() == ["a", "c", "#4"]
    assert found.read == 4
    assert found.remarks[0][1].startswith("1 rows are left out")


def test_a_value_that_no_row_has_is_refused_with_the_nearest(tmp_path, aoi):
    path = write(tmp_path / "l.gpkg", HERE, DLBM=["0701", "0702", "0101", "0701"])
    refuse(
        lambda: read_nearby(ShapeFile(path=path, keep={"DLBM": ["0703", "9999"]}), aoi, ["polygons"]),
        "0703", "perhaps 070", "9999", "column DLBM", "0101, 0701, 0702",
    )  # fmt: skip


def test_columns_that_are_not_there_are_all_refused_at_once(tmp_path, aoi):
    path = write(tmp_path / "l.gpkg", HERE, a=[1, 2, 3, 4])
    file = ShapeFile(path=path, id="nr", name="nm", keep={"use": ["x"]})
    refuse(lambda: read_nearby(file, aoi, ["polygons"]), "column nr", "column nm", "column use")


def test_rows_without_a_shape_of_the_kind_are_rejected_by_their_number(tmp_path, aoi):
    path = write(tmp_path / "l.gpkg", [HERE[0], None, HERE[2], HERE[3]], a=[1, 2, 3, 4])
    found = read_nearby(ShapeFile(path=path), aoi, ["polygons"])
    assert len(found.rows) == 3
    assert [(reject.row, reject.file) for reject in found.rejected] == [(2, "l.gpkg")]


@pytest.mark.parametrize(
    ("kind", "shape", "wrong"),
    [
        ("lines", shapely.LineString([(121.835, 31.42), (121.84, 31.42)]), "points"),
        ("points", shapely.Point(121.835, 31.42), "lines"),
        ("polygons", HERE[0], "points"),
    ],
)
def test_layers_of_lines_and_points_are_read_and_another_kind_is_refused(tmp_path, aoi, kind, shape, wrong):
    path = write(tmp_path / "s.gpkg", [shape])
    assert read_nearby(ShapeFile(path=path), aoi, [kind]).rows.geometry.iloc[0].equals(shape)
    refuse(lambda: read_nearby(ShapeFile(path=path), aoi, [wrong]), wrong)


def test_places_beyond_the_border_are_read_as_far_as_is_asked_and_not_cut(tmp_path, aoi):
    west = aoi.geometry.bounds[0]
    near, far = box(west - 0.002, 31.4, 0.001), box(west - 0.02, 31.4, 0.001)
    path = write(tmp_path / "p.gpkg", [near, far])
    found = read_nearby(ShapeFile(path=path), aoi, ["polygons"], beyond_m=500)
    assert [shape.equals(near) for shape in found.rows.geometry] == [True]
    assert read_nearby(ShapeFile(path=path), aoi, ["polygons"]).rows.empty


def test_a_file_of_another_crs_comes_to_the_same_ground(tmp_path, aoi):
    write(tmp_path / "a.gpkg", HERE)
    there = gpd.read_file(tmp_path / "a.gpkg").to_crs("EPSG:32651")
    path = write(tmp_path / "b.gpkg", there.geometry, crs="EPSG:32651")
    found = read_nearby(ShapeFile(path=path), aoi, ["polygons"]).rows
    assert measure_areas_m2(found.geometry) == pytest.approx(measure_areas_m2(HERE), rel=1e-6)


def test_a_home_across_the_border_takes_its_people_along_by_ground(tmp_path, aoi):
    edge = shapely.Point(121.80, 31.40)
    home = shapely.box(edge.x - 0.001, edge.y - 0.001, edge.x + 0.001, edge.y + 0.001)
    path = write(tmp_path / "b.gpkg", [home, HERE[0]], 人数=[100, 10])
    found = read_buildings(BuildingFile(path=path), aoi)
    inside = measure_areas_m2([shapely.intersection(home, aoi.geometry)])[0] / measure_areas_m2([home])[0]
    assert found.rows["people"].tolist() == pytest.approx([100 * inside, 10])
    assert 0 < inside < 1
    assert ("1 处跨边界，只计范围内部分", "1 cross the border: their part inside counts") in found.remarks


def test_names_of_people_who_own_a_home_are_masked_and_those_of_places_stay(tmp_path, aoi):
    path = write(tmp_path / "l.gpkg", HERE[:2], 户主=["张小三", "长江置业有限公司"], 名称=["阳光城", "江湾"])
    owned = read_shapes_of(path, aoi, name="户主")
    assert owned[0] != "张小三"
    assert owned[0].startswith("张")
    assert owned[1] == "长江置业有限公司"
    assert read_shapes_of(path, aoi) == ["阳光城", "江湾"]


def read_shapes_of(path, aoi, **told):
    return read_nearby(ShapeFile(path=path, **told), aoi, ["polygons"]).rows["name"].tolist()


def test_a_shape_that_stands_twice_counts_once(tmp_path, aoi):
    path = write(tmp_path / "l.gpkg", [HERE[0], HERE[0].reverse(), HERE[1]])
    found = read_land(ShapeFile(path=path), aoi)
    assert len(found.rows) == 2
    assert [reject.row for reject in found.rejected] == [2]


def test_homes_elsewhere_are_refused(tmp_path, aoi):
    path = write(tmp_path / "l.gpkg", [box(122.9, 31.4)])
    refuse(lambda: read_land(ShapeFile(path=path), aoi), "none inside island")


def test_people_are_read_with_the_unit_of_their_heading_and_what_is_no_number_is_rejected(tmp_path, aoi):
    cells = ["1,200", "３６人", "不详", "-5"]
    path = write(tmp_path / "b.gpkg", HERE, **{"常住人口（百人）": cells})
    found = read_buildings(BuildingFile(path=path), aoi)
    assert found.rows["people"].tolist() == pytest.approx([120_000, 3600, np.nan, np.nan], nan_ok=True)
    assert [(reject.row, reject.found) for reject in found.rejected] == [(3, "不详"), (4, "-5")]


@pytest.mark.parametrize(
    ("columns", "word"),
    [
        ({"人数": [1] * 4, "常住人口": [2] * 4}, "人数, 常住人口"),
        ({"人数(亩)": [1] * 4}, "unit '亩'"),
    ],
)
def test_a_column_of_people_is_not_guessed(tmp_path, aoi, columns, word):
    path = write(tmp_path / "b.gpkg", HERE, **columns)
    refuse(lambda: read_buildings(BuildingFile(path=path), aoi), word)


def test_households_are_not_people(tmp_path, aoi):
    path = write(tmp_path / "b.gpkg", HERE, 户数=[1] * 4)
    refuse(lambda: read_buildings(BuildingFile(path=path, residents="户数"), aoi), "households")


def test_points_are_homes_with_residents_and_refused_without(tmp_path, aoi):
    spots = [shape.centroid for shape in HERE]
    told = write(tmp_path / "p.gpkg", [*spots, spots[0]], 居住人口=[1, 2, 3, 4, 5])
    assert read_buildings(BuildingFile(path=told), aoi).rows["people"].sum() == 15
    bare = write(tmp_path / "q.gpkg", spots)
    refuse(lambda: read_buildings(BuildingFile(path=bare), aoi), "points without residents")


def test_what_is_wrong_in_several_files_is_said_at_once(tmp_path, aoi, grid):
    land = write(tmp_path / "l.gpkg", [box(122.9, 31.4)])
    block = GreenAccess(
        homes=Homes(land=ShapeFile(path=land)),
        parks=ShapeFile(path=str(tmp_path / "none.gpkg")),
        streets=ShapeFile(path=land),
    )
    refuse(lambda: read_files(block, RULE, aoi, grid), "none inside", "none.gpkg", "a layer of lines")


def test_homes_and_parks_that_are_not_named_are_refused_by_their_keys(aoi, grid):
    with pytest.raises(SettingsError) as caught:
        read_files(GreenAccess(), RULE, aoi, grid)
    assert [problem.place for problem in caught.value.problems] == ["access.homes", "access.parks"]


@settings(max_examples=15, deadline=None)
@given(
    people=st.lists(st.one_of(st.none(), st.integers(0, 5000)), min_size=4, max_size=4),
    heading=st.sampled_from(
        ["人数", "常住人口", "居住人口（人）", "Population", "人口(千人)", "人口（万人）"]
    ),
    spelled=st.sampled_from([str, "{:,}".format, "{}人".format, lambda number: number]),
    order=st.permutations(range(4)),
)
def test_planted_people_come_back_whatever_the_heading_and_the_spelling(
    tmp_path_factory, people, heading, spelled, order
):
    cells = [None if people[n] is None else spelled(people[n]) for n in order]
    path = write(tmp_path_factory.mktemp("b") / "b.gpkg", [HERE[n] for n in order], **{heading: cells})
    found = read_buildings(BuildingFile(path=path), AREA)
    factor = {"千": 1000, "万": 10_000}.get(heading[3:4], 1)
    told = sum(count for count in people if count is not None) * factor
    assert found.rows["people"].sum() == pytest.approx(told)
    assert found.rows["people"].isna().sum() == people.count(None)
    assert not found.rejected
