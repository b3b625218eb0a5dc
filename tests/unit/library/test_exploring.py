"""A map for a notebook: one page that asks nobody, with the planted layers, maps, colours and words."""

import base64
import gzip
import html
import io
import json
import re

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import shapely
from PIL import Image

import pipeline
from pipeline.errors import InputError
from pipeline.legends import LAND_COVER
from tests.unit.library.test_plots import build_classes, build_layer

HOSTILE = "</script><script>alert(1)</script>"


def build_fields(**columns):
    shapes = [shapely.box(121.8 + step, 31.4, 121.805 + step, 31.41) for step in (0, 0.01, 0.02)]
    return gpd.GeoDataFrame(columns, geometry=shapes, crs="EPSG:4490")


def read_config(shown):
    (text,) = re.findall(r'id="ecomap-data">([^<]*)<', shown.html)
    return json.loads(gzip.decompress(base64.b64decode(text)))


def test_a_page_names_no_host_and_lets_nothing_in():
    shown = pipeline.explore(build_fields(name=["甲", "乙", HOSTILE]), title=HOSTILE)
    body = shown.html.replace(shown.html[shown.html.index("<script>") :], "")
    assert set(re.findall(r"https?://([\w.]+)", body)) <= {"www.w3.org"}
    assert "default-src 'none'" in shown.html
    assert HOSTILE not in shown.html
    frame = shown._repr_html_()
    assert frame.startswith("<iframe srcdoc=")
    assert html.unescape(frame.split('srcdoc="')[1].split('" title')[0]) == shown.html


def test_the_same_layers_give_the_same_bytes():
    first, second = (pipeline.explore(build_fields(name=["a", "b", "c"])).html for _ in range(2))
    assert first == second


def test_a_map_is_a_picture_in_the_colours_of_its_legend():
    config = read_config(pipeline.explore(build_classes([[1, 1, np.nan], [4, 4, 4]])))
    (ground,) = config["grounds"]
    assert [(one["value"], one["name"]) for one in ground["legend"]["classes"]] == [
        (1, "水体"),
        (4, "建设用地"),
    ]
    image = Image.open(io.BytesIO(base64.b64decode(ground["images"][""]["url"].split(",")[1])))
    pixels = np.asarray(image).reshape(-1, 4)
    seen = {tuple(pixel[:3].tolist()) for pixel in pixels if pixel[3]}
    assert seen == {LAND_COVER.by_code()[code].rgb for code in (1, 4)}
    west, south, east, north = ground["images"][""]["bounds"]
    assert west < east < 122
    assert 31 < south < north


def test_periods_of_maps_and_of_tables_are_those_of_the_map():
    maps = build_layer([[0.2, 0.8]]).expand_dims(period=["2023", "2024"])
    fields = build_fields(period=["2022", "2023", None])
    config = read_config(pipeline.explore(maps, fields))
    assert [one["key"] for one in config["periods"]] == ["2022", "2023", "2024"]
    assert config["layers"][0]["period"] == "period"
    assert list(config["grounds"][0]["images"]) == ["2023", "2024"]


@pytest.mark.parametrize(
    ("columns", "asked", "legend"),
    [
        ({"severity": ["error", "warning", None]}, None, "classes"),
        ({"owner": ["镇", "县", "镇"]}, "owner", "classes"),
        ({"share": [0.1, 0.4, np.nan]}, "share", "stops"),
    ],
    ids=["known codes", "own words", "numbers"],
)
def test_a_table_is_coloured_by_what_it_holds(columns, asked, legend):
    (layer,) = read_config(pipeline.explore(build_fields(**columns), column=asked))["layers"]
    (theme,) = layer["themes"]
    assert theme["property"] == next(iter(columns))
    assert theme["legend"][legend]
    assert theme["legend"]["other"]


def test_a_card_tells_all_columns_and_codes_in_words():
    fields = build_fields(land_class=["0301", "1101", None], note=["a", None, "c"])
    (layer,) = read_config(pipeline.explore(fields))["layers"]
    assert layer["source"]["table"]["columns"]["land_class"][:2] == ["0301 乔木林地", "1101 河流水面"]
    assert [one["column"] for one in layer["card"][0]["fields"]] == ["land_class", "note"]


def test_what_is_simulated_is_stamped():
    plain, simulated = build_layer([[0.2, 0.8]]), build_layer([[0.2, 0.8]], simulated="模拟数据")
    assert read_config(pipeline.explore(plain))["stamp"] == ""
    assert read_config(pipeline.explore(simulated, language="en"))["stamp"] == "simulated data"
    labelled = build_fields(data_label=["模拟数据"] * 3)
    assert read_config(pipeline.explore(labelled))["stamp"] == "模拟数据"


@pytest.mark.parametrize(
    ("layers", "asked", "found"),
    [
        ([], {}, "nothing"),
        ([pd.DataFrame({"a": [1]})], {}, "DataFrame"),
        ([build_fields(a=[1, 2, 3]).set_crs(None, allow_override=True)], {}, "CRS"),
        ([build_fields(a=[1, 2, 3])], {"column": "b"}, "'b'"),
        ([build_fields(a=[1, 2, 3]).iloc[:0]], {}, "0 rows"),
        ([build_layer([[1.0]]).drop_vars("spatial_ref")], {}, "no CRS"),
        ([build_layer([[1.0]]).expand_dims("time")], {}, "time: 1"),
    ],
    ids=["nothing", "no shapes", "no crs", "no column", "no rows", "map without crs", "map of time"],
)
def test_what_cannot_be_shown_is_refused_by_name(layers, asked, found):
    with pytest.raises(InputError, match=found):
        pipeline.explore(*layers, **asked)
