"""Rivers and lakes from outlines, layers and lists: what they are, or why they cannot be used."""

import geopandas as gpd
import numpy as np
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline.aoi import list_waters
from pipeline.errors import InputError
from pipeline.geodesy import CGCS2000
from pipeline.ingest.health.bodies import read_bodies
from pipeline.settings.health import BodyFile

RIVER = shapely.box(120.5, 31.0, 120.6, 31.001)
LAKE = shapely.box(120.9, 31.0, 120.95, 31.05)
LINE = shapely.LineString([(120.5, 31.0), (120.6, 31.02)])


def write(folder, columns, shapes, name="bodies.gpkg", layer="河湖", crs=CGCS2000):
    path = folder / name
    gpd.GeoDataFrame(columns, geometry=shapes, crs=crs).to_file(path, layer=layer)
    return BodyFile(path=str(path))


def problems_of(*files):
    with pytest.raises(InputError) as caught:
        read_bodies(files)
    return caught.value.problems


def test_shipped_outlines_are_read_by_their_ids():
    rows = read_bodies([BodyFile(path=name) for name in list_waters()]).set_index("id")
    assert rows["kind"].to_dict() == {
        "taipu_river": "river",
        "dianshan_lake": "lake",
        "yuandang_lake": "lake",
    }
    assert rows.loc["taipu_river", "name"] == "太浦河"
    assert all("1 km" in accuracy for accuracy in rows["accuracy"])
    assert rows.geometry.is_valid.all()


def test_a_layer_of_an_office_is_read_with_its_own_headings_and_units(tmp_path):
    columns = {
        "河湖编码": ["R1", "L1"],
        "河湖名称": ["甲河", "乙湖"],
        "类型": ["河流", "湖泊"],
        "别名": ["甲江、老甲河", None],
        "管理范围宽度(m)": [30.0, np.nan],
        "水面面积(km2)": [np.nan, 62.0],
    }
    rows = read_bodies([write(tmp_path, columns, [RIVER, LAKE])]).set_index("id")
    assert rows["kind"].to_dict() == {"R1": "river", "L1": "lake"}
    assert rows.loc["R1", "aliases"] == "甲江;老甲河"
    assert rows["management_m"].tolist() == pytest.approx([30, np.nan], nan_ok=True)
    assert rows["reference_m2"].tolist() == pytest.approx([np.nan, 62e6], nan_ok=True)


@pytest.mark.parametrize(
    ("heading", "value", "m2"),
    [("reference_m2", 5e4, 5e4), ("reference_km2", 0.05, 5e4),
     ("水面面积（公顷）", 5, 5e4), ("水面面积(亩)", 75, 5e4), ("水面面积", "5 ha", 5e4)],
)  # fmt: skip
def test_an_area_is_read_in_the_unit_of_its_heading_or_its_cell(tmp_path, heading, value, m2):
    columns = {"name": ["乙湖"], "kind": ["lake"], heading: [value]}
    assert read_bodies([write(tmp_path, columns, [LAKE])])["reference_m2"].tolist() == pytest.approx([m2])


def test_lines_and_polygons_may_stand_in_one_layer(tmp_path):
    path = tmp_path / "mixed.geojson"
    gpd.GeoDataFrame(
        {"name": ["甲河", "乙湖"], "kind": ["river", "lake"], "width_m": [80.0, None]},
        geometry=[LINE, LAKE],
        crs="EPSG:4490",
    ).to_file(path)
    rows = read_bodies([BodyFile(path=str(path))])
    assert rows.geometry.geom_type.tolist() == ["LineString", "Polygon"]
    assert rows["width_m"].tolist() == pytest.approx([80, np.nan], nan_ok=True)


def test_rows_of_one_id_are_parts_of_one_body(tmp_path):
    columns = {"id": ["L1", "L1"], "name": ["乙湖", "乙湖"], "kind": ["lake", "lake"]}
    rows = read_bodies([write(tmp_path, columns, [LAKE, RIVER])])
    assert rows.geometry.geom_type.tolist() == ["MultiPolygon"]


def test_a_list_of_names_gives_bodies_without_outlines(tmp_path):
    path = tmp_path / "list.csv"
    path.write_bytes("河流名称,类型,别名\n甲河,河流,甲江\n乙湖,湖库,\n".encode("gbk"))
    rows = read_bodies([BodyFile(path=str(path))])
    assert rows["id"].tolist() == ["甲河", "乙湖"]
    assert rows["kind"].tolist() == ["river", "lake"]
    assert rows.geometry.isna().all()


def test_the_config_names_columns_and_the_kind_of_all(tmp_path):
    file = write(tmp_path, {"叫法": ["甲河"], "号": ["R1"]}, [RIVER])
    file = file.model_copy(update={"columns": {"name": "叫法", "id": "号"}, "kind": "river"})
    assert read_bodies([file])[["id", "name", "kind"]].to_numpy().tolist() == [["R1", "甲河", "river"]]


def test_every_mistake_is_told_at_once_with_its_place(tmp_path):
    columns = {
        "name": ["甲河", None, "丙河", "丁河"],
        "kind": ["沟", "river", None, "river"],
        "width_m": ["宽", None, None, "-4"],
    }
    problems = problems_of(write(tmp_path, columns, [RIVER] * 4))
    places = [problem.place.partition("row ")[2] for problem in problems]
    assert places == ["1, kind", "1, width_m", "2", "3", "4, width_m"]
    assert all(problem.expected for problem in problems)


def test_a_number_without_a_unit_is_refused_and_not_guessed(tmp_path):
    (problem,) = problems_of(write(tmp_path, {"name": ["甲河"], "kind": ["river"], "河宽": [80]}, [RIVER]))
    assert "no unit" in problem.found
    assert "河宽" in problem.place


def test_a_name_of_two_bodies_is_refused_by_name(tmp_path):
    columns = {
        "id": ["R1", "R2"],
        "name": ["甲河", "乙河"],
        "kind": ["river"] * 2,
        "aliases": ["老河", "老河"],
    }
    (problem,) = problems_of(write(tmp_path, columns, [RIVER, LAKE]))
    assert "老河" in problem.place
    assert problem.found == "R1, R2"


def test_two_layers_that_may_be_meant_are_refused_until_one_is_named(tmp_path):
    file = write(tmp_path, {"name": ["乙湖"], "kind": ["lake"]}, [LAKE], layer="湖")
    write(tmp_path, {"name": ["甲河"], "kind": ["river"]}, [LINE], layer="河")
    (problem,) = problems_of(file)
    assert {"湖", "河"} <= set(problem.found.split(", "))
    assert read_bodies([file.model_copy(update={"layer": "湖"})])["name"].tolist() == ["乙湖"]


def test_a_file_that_is_not_there_is_refused_by_name(tmp_path):
    (problem,) = problems_of(BodyFile(path=str(tmp_path / "none.gpkg")))
    assert "none.gpkg" in problem.place


@settings(max_examples=12, deadline=None)
@given(
    st.permutations(["id", "name", "kind", "aliases", "width_m"]),
    st.sampled_from(["EPSG:4490", "EPSG:4549", "EPSG:32651"]),
    st.floats(1, 5000),
)
def test_a_planted_body_comes_back_from_any_order_of_columns_and_crs(tmp_path_factory, order, crs, width):
    planted = {"id": "R1", "name": "甲河", "kind": "河流", "aliases": "甲江", "width_m": width}
    folder = tmp_path_factory.mktemp("b")
    path = folder / "a.gpkg"
    gpd.GeoDataFrame({name: [planted[name]] for name in order}, geometry=[LINE], crs=CGCS2000).to_crs(
        crs
    ).to_file(path)
    (row,) = read_bodies([BodyFile(path=str(path))]).to_dict("records")
    assert (row["id"], row["name"], row["kind"], row["aliases"]) == ("R1", "甲河", "river", "甲江")
    assert row["width_m"] == pytest.approx(width)
    assert row["geometry"].hausdorff_distance(LINE) < 1e-5
