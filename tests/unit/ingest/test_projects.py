"""Projects of an area: what their columns say, and what is refused."""

from datetime import date, timedelta

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from pipeline import standards
from pipeline.aoi import Aoi, Part
from pipeline.errors import InputError
from pipeline.geodesy import CGCS2000
from pipeline.ingest.parcels.holders import mask_persons
from pipeline.ingest.projects import read_projects
from pipeline.settings.statistics import ProjectFile

OUTLINE = shapely.box(121.80, 31.40, 121.90, 31.50)
AOI = Aoi(
    "island", "岛", "island", (Part("1", "岛", "island", OUTLINE, None),), "EPSG:32651", "drawn", "exact"
)
SHAPES = [shapely.box(121.81, 31.41, 121.82, 31.42), shapely.box(121.815, 31.41, 121.95, 31.44)]


def read(path, shapes=SHAPES, **columns):
    options = columns.pop("options", {})
    gpd.GeoDataFrame(columns, geometry=shapes, crs=CGCS2000).to_file(path)
    return read_projects([ProjectFile(path=str(path), **options)], AOI)


def test_without_files_there_is_no_project():
    assert len(read_projects([], AOI)) == 0


def test_a_layer_as_an_office_has_it_is_read_to_the_last_column(tmp_path):
    projects = read(
        tmp_path / "a.gpkg",
        项目编号=["B-2", "B-1"],
        项目名称=["西岸景观带", "东滩碳汇"],
        项目类型=["沿江生态景观带", "碳汇"],
        开始日期=["2022年3月1日", "2021/12/31"],
        结束日期=[None, "2023-06-30"],
        权利人=["陈家镇人民政府", "张三、李小四"],
        潮间带=["否", "是"],
        外来物种=["无", "互花米草"],
    )
    assert projects["project"].tolist() == ["B-1", "B-2"]
    first, second = projects.to_dict("records")
    assert first | {"geometry": None} == {
        "project": "B-1", "name": "东滩碳汇", "kind": "carbon", "start": "2021-12-31", "end": "2023-06-30",
        "holder": "张＊、李＊＊", "right": None, "documents": None, "methodology": None, "intertidal": True,
        "alien_species": "互花米草", "geometry": None,
    }  # fmt: skip
    assert (second["kind"], second["start"], second["end"]) == ("belt", "2022-03-01", None)
    assert (second["holder"], second["intertidal"], second["alien_species"]) == (
        "陈家镇人民政府",
        False,
        "none",
    )


def test_projects_may_overlap_and_are_cut_to_the_area(tmp_path):
    projects = read(tmp_path / "a.gpkg", name=["一", "二"], options={"kind": "pledged"})
    assert shapely.area(shapely.intersection(*projects.geometry)) > 0
    assert shapely.covers(OUTLINE, projects.geometry.to_numpy()).all()


def test_what_the_config_tells_stands_where_the_layer_says_nothing(tmp_path):
    options = {"kind": "village", "start": "2020-01-01", "end": "2024-12-31", "mask_holders": False}
    projects = read(
        tmp_path / "a.gpkg",
        name=["一", "二"],
        start=["2021-05-06", None],
        holder=["张三"] * 2,
        options=options,
    )
    assert projects["start"].tolist() == ["2021-05-06", "2020-01-01"]
    assert projects["kind"].tolist() == ["village"] * 2
    assert projects["holder"].tolist() == ["张三"] * 2


def test_what_is_not_told_is_null_and_neither_yes_nor_no(tmp_path):
    projects = read(tmp_path / "a.gpkg", name=["一", "二"], options={"kind": "carbon"})
    assert projects["intertidal"].isna().all()
    assert projects[["alien_species", "documents", "start"]].isna().all(axis=None)


BELTS = {"name": ["一", "二"], "kind": ["belt"] * 2}
MISTAKES = {
    "no kind": ({"name": ["一", "二"]}, ["row 1, kind", "row 2, kind"]),
    "an unknown kind": ({"name": ["一", "二"], "kind": ["belt", "桥"]}, ["row 2, kind", "桥", "pledged"]),
    "a year for a day": ({**BELTS, "start": ["2023", None]}, ["row 1, start"]),
    "no such day": ({**BELTS, "end": ["2023-02-30", None]}, ["row 1, end"]),
    "a month for a day": ({**BELTS, "end": ["2023-13", None]}, ["row 1, end"]),
    "the wrong way round": (
        {**BELTS, "start": ["2023-02-03"] * 2, "end": ["2022-01-01", None]},
        ["row 1", "2023-02-03 .. 2022-01-01"],
    ),
    "perhaps": ({**BELTS, "潮间带": ["也许", None]}, ["row 1, intertidal", "也许"]),
    "two things of one": ({"project": ["1", "1"], "kind": ["belt", "village"]}, ["1, kind", "belt, village"]),
    "no name": ({"name": ["一", None], "kind": ["belt"] * 2}, ["row 2", "no id and no name"]),
}  # fmt: skip


@pytest.mark.parametrize(("columns", "words"), MISTAKES.values(), ids=MISTAKES)
def test_what_cannot_be_is_refused_by_name(tmp_path, columns, words):
    with pytest.raises(InputError) as error:
        read(tmp_path / "a.gpkg", **columns)
    assert all(word in str(error.value) for word in words)


def test_a_project_of_two_files_is_refused(tmp_path):
    for name in ("a", "b"):
        frame = gpd.GeoDataFrame({"name": ["一"], "kind": ["belt"]}, geometry=SHAPES[:1], crs=CGCS2000)
        frame.to_file(tmp_path / f"{name}.gpkg")
    files = [ProjectFile(path=str(tmp_path / f"{name}.gpkg")) for name in ("a", "b")]
    with pytest.raises(InputError, match="several files"):
        read_projects(files, AOI)
    assert len(read_projects(files[:1], AOI)) == 1


def test_an_end_before_the_start_is_refused_in_the_config():
    with pytest.raises(ValueError, match="not before the start"):
        ProjectFile(path="a.gpkg", start="2024-01-01", end="2023-01-01")
    with pytest.raises(ValueError, match="names of ours"):
        ProjectFile(path="a.gpkg", columns={"whatever": "x"})


def test_names_of_people_are_masked_and_those_of_bodies_are_not():
    names = pd.Series(["张三", "陈家镇人民政府；李四", "欧阳修文", None, "东滩生态科技有限公司"])
    assert mask_persons(names).tolist() == [
        "张＊",
        "陈家镇人民政府；李＊",
        "欧＊＊＊",
        None,
        "东滩生态科技有限公司",
    ]


SPELLED = [
    lambda day: day.isoformat(),
    lambda day: f"{day.year}/{day.month}/{day.day}",
    lambda day: f"{day.year}年{day.month}月{day.day}日",
    lambda day: day.strftime("%Y%m%d"),
    lambda day: f"{day} 00:00:00",
]
ANSWERS = {True: ["是", "Y", "true", "1"], False: ["否", "无", "No", "0"]}


@st.composite
def draw_project(draw):
    """A project as it is, and its cells as a layer has them, under headings that the table knows."""
    kinds = standards.read_rows("project_kinds")
    headings = [row for row in standards.read_rows("place_columns") if row["layer"] == "projects"]
    kind = draw(st.sampled_from(kinds))
    start = draw(st.dates(date(1990, 1, 1), date(2020, 1, 1)))
    end, answer = start + draw(st.timedeltas(timedelta(0), timedelta(9999))), draw(st.booleans())
    cells = {
        "name": "某项目",
        "kind": draw(st.sampled_from([kind["kind"], *kind["aliases"].split(";")])),
        "start": draw(st.sampled_from(SPELLED))(start),
        "end": draw(st.sampled_from(SPELLED))(end),
        "intertidal": draw(st.sampled_from(ANSWERS[answer])),
    }
    theirs = {ours: [row["theirs"] for row in headings if row["ours"] == ours] for ours in cells}
    named = {draw(st.sampled_from(theirs[ours])): [cell] for ours, cell in cells.items()}
    return (kind["kind"], start.isoformat(), end.isoformat(), answer), named


@settings(max_examples=25, deadline=None)
@given(planted=draw_project(), kind=st.sampled_from(["gpkg", "geojson"]))
def test_a_planted_project_is_read_under_any_heading_and_spelling(tmp_path_factory, planted, kind):
    truth, columns = planted
    projects = read(tmp_path_factory.mktemp("p") / f"a.{kind}", SHAPES[:1], **columns)
    assert tuple(projects[["kind", "start", "end", "intertidal"]].iloc[0]) == truth
