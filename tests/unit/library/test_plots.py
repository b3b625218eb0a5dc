"""Plots: house colours where they are planted, Chinese letters, the stamp, what is unknown or refused."""

import warnings

import geopandas as gpd
import numpy as np
import pandas as pd
import pytest
import rioxarray as _accessor  # noqa: F401
import shapely
import xarray as xr
from matplotlib.colors import to_hex, to_rgb

import pipeline
from pipeline.errors import InputError
from pipeline.legends import CHANGE, LAND_COVER, WATER_CLASS
from pipeline.outputs.ramps import RAMPS


def build_layer(values, name="fvc", **attrs):
    values = np.asarray(values, dtype=np.float32)
    coords = {"y": 3.48e6 - 10 * np.arange(len(values)), "x": 3.8e5 + 10 * np.arange(values.shape[1])}
    told = {"long_name": "Vegetation cover", "long_name_zh": "植被覆盖度", "units": "1", **attrs}
    return xr.DataArray(values, coords, ("y", "x"), name, told).rio.write_crs("EPSG:32651")


def build_classes(values, legend=LAND_COVER):
    flags = {
        "flag_values": np.array([entry.code for entry in legend.classes], dtype=np.uint8),
        "flag_meanings": " ".join(entry.name_en.replace(" ", "_") for entry in legend.classes),
        "flag_meanings_zh": " ".join(entry.name_zh for entry in legend.classes),
        "flag_colors": " ".join(entry.color for entry in legend.classes),
    }
    return build_layer(values, "land_cover", **flags)


def read_colors(axes):
    """The colour that every pixel of the image in axes is drawn with; None where it is not drawn."""
    image = axes.get_images()[0]
    shown = image.cmap(image.norm(image.get_array()))
    hidden = np.ma.getmaskarray(image.get_array())
    return [
        [None if gone else to_hex(one) for one, gone in zip(*row, strict=True)]
        for row in zip(shown, hidden, strict=True)
    ]


def read_legend(axes):
    return [text.get_text() for text in axes.get_legend().get_texts()]


def render(axes):
    """Draw it as a notebook would; a letter that no font has is an error."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        axes.figure.canvas.draw()


def test_classes_have_the_colours_of_their_legend_and_the_unknown_none():
    axes = pipeline.plot_map(build_classes([[1, 2], [np.nan, 4]]))
    color = {entry.code: entry.color for entry in LAND_COVER.classes}
    assert read_colors(axes) == [[color[1], color[2]], [None, color[4]]]
    assert read_legend(axes) == ["水体", "植被", "建设用地", "未知"]
    render(axes)


@pytest.mark.parametrize(
    ("name", "ramp"), [("fvc", "cover"), ("ndvi", "ratio"), ("looks", "count"), ("mndwi", "index")]
)
def test_a_measure_has_the_ramp_that_reports_draw_it_with(name, ramp):
    stops = RAMPS[ramp]
    axes = pipeline.plot_map(build_layer([[value for value, _ in stops]], name))
    drawn = [to_rgb(color) for color in read_colors(axes)[0]]
    np.testing.assert_allclose(drawn, [to_rgb(color) for _, color in stops], atol=4 / 255)


def test_a_long_strip_is_drawn_by_its_own_aspect_and_thinned_to_what_a_screen_shows():
    lazy = build_layer(np.zeros((361, 7551))).chunk(x=1000)
    axes = pipeline.plot_map(lazy)
    width, height = axes.figure.get_size_inches()
    assert width == 10
    assert height < 3
    assert axes.get_aspect() == 1
    assert max(axes.get_images()[0].get_array().shape) <= 2000
    left, right, bottom, top = axes.get_images()[0].get_extent()
    assert (right - left) / (top - bottom) == pytest.approx(7551 / 361, rel=0.02)


@pytest.mark.parametrize(
    ("language", "stamp", "title"),
    [("zh", "模拟数据", "植被覆盖度"), ("en", "simulated data", "Vegetation cover")],
)
def test_what_is_simulated_is_stamped_in_the_language_of_the_plot(language, stamp, title):
    axes = pipeline.plot_map(build_layer([[0.5, 0.6]], simulated="模拟数据"), language=language)
    assert axes.get_title("right") == stamp
    assert axes.get_title("left") == title
    render(axes)
    assert pipeline.plot_map(build_layer([[0.5, 0.6]])).get_title("right") == ""


def test_a_plot_goes_onto_axes_of_ones_own():
    first = pipeline.plot_map(build_layer([[0.5, 0.6]]))
    assert pipeline.plot_map(build_classes([[1, 2]]), ax=first) is first


def test_an_outline_in_any_crs_lies_over_its_map():
    outline = gpd.GeoSeries([shapely.box(3.8e5, 3.4799e6, 3.8e5 + 15, 3.48e6)], crs="EPSG:32651")
    axes = pipeline.plot_map(build_layer([[0.5, 0.6]]), outline=outline.to_crs("EPSG:4490"))
    (path,) = axes.collections[0].get_paths()
    np.testing.assert_allclose(path.get_extents().bounds, (3.8e5, 3.4799e6, 15, 100), atol=0.01)


def test_what_did_not_change_is_pale_and_only_changes_that_occur_are_told():
    change = build_classes([[0, 21, 0], [0, 0, 42]], CHANGE)
    axes = pipeline.plot_change(change)
    names = {entry.code: entry.name_zh for entry in CHANGE.classes}
    assert read_legend(axes) == [names[0], names[21], names[42]]
    render(axes)


@pytest.mark.parametrize(
    ("draw", "found"),
    [
        (lambda: pipeline.plot_map(build_layer([[1.0]]).expand_dims("period")), "period: 1"),
        (lambda: pipeline.plot_change(build_layer([[1.0]])), "no flag_values"),
        (lambda: pipeline.plot_series(pd.DataFrame({"time": [1]})), "also index, value"),
        (lambda: pipeline.plot_sections(pd.DataFrame({"section": ["a"]})), "also period, water_class"),
    ],
    ids=["three dimensions", "no classes", "no series", "no sections"],
)
def test_what_cannot_be_drawn_is_refused_by_name(draw, found):
    with pytest.raises(InputError, match=found):
        draw()


def build_series(places=2):
    days = pd.to_datetime(["2024-05-01", "2024-05-11", "2024-05-21"])
    rows = {
        "parcel_id": np.repeat([f"P{number}" for number in range(places)], 3),
        "time": np.tile(days, places),
        "mission": ["sentinel-2", "landsat-8", "sentinel-2"] * places,
        "index": "ndvi",
        "value": [0.5, np.nan, 0.7] * places,
        "clear_share": [1.0, 0.0, 0.2] * places,
        "data_label": "模拟数据 simulated data",
    }
    return pd.DataFrame(rows)


def test_a_series_has_a_line_a_place_and_a_mark_where_a_look_saw_it():
    axes = pipeline.plot_series(build_series())
    assert [line.get_ydata().tolist() for line in axes.lines] == [[0.5, 0.7]] * 2
    assert [len(marks.get_offsets()) for marks in axes.collections] == [2, 2]
    pale, clear = sorted(marks.get_alpha().min() for marks in axes.collections), 1.0
    assert pale[0] < 0.5 < clear
    assert axes.get_title("right") == "模拟数据"
    render(axes)


def test_more_places_than_an_eye_tells_apart_are_all_grey():
    axes = pipeline.plot_series(build_series(12))
    assert len({line.get_color() for line in axes.lines}) == 1
    assert axes.get_legend() is None


def test_several_indices_are_not_drawn_as_one():
    two = build_series().assign(index=["ndvi", "evi", "ndvi"] * 2)
    with pytest.raises(InputError, match="ndvi, evi"):
        pipeline.plot_series(two)


def test_sections_have_the_colours_of_their_classes_and_say_what_is_unknown_and_missed():
    sections = pd.DataFrame(
        {
            "section": ["北港桥", "北港桥", "西沙湾", "西沙湾"],
            "period": ["2023", "2024", "2023", "2024"],
            "water_class": [2.0, 6.0, np.nan, 3.0],
            "target_met": [True, False, None, True],
        }
    )
    axes = pipeline.plot_sections(sections)
    colors = {entry.code: entry.color for entry in WATER_CLASS.classes}
    drawn = [to_hex(cell.get_facecolor()) for cell in axes.patches]
    assert drawn == [colors[2], colors[6], "#dddddd", colors[3]]
    assert [text.get_text() for text in axes.texts] == ["Ⅱ类", "劣Ⅴ类 ✗", "—", "Ⅲ类"]
    render(axes)


def test_indicators_have_their_interval_and_a_dash_where_they_are_not_known():
    rows = pd.DataFrame(
        {
            "indicator": ["vegetation_cover_share_land", "water_share"],
            "period": ["2024", "2024"],
            "value": [0.6, np.nan],
            "unit": "share",
            "low": [0.55, 0.1],
            "high": [0.65, 0.9],
            "target": [0.5, np.nan],
        }
    )
    axes = pipeline.plot_indicators(rows)
    assert axes.lines[0].get_xdata().tolist()[0] == 60
    first, second = (segment[:, 0].tolist() for segment in axes.collections[0].get_segments())
    assert first == pytest.approx([55, 65])
    assert second == pytest.approx([10, 90])
    assert [text.get_text() for text in axes.texts] == ["—"]
    render(axes)


def test_indicators_of_several_units_or_of_no_name_are_refused():
    rows = pd.DataFrame({"indicator": ["a", "b"], "period": "2024", "value": 1.0, "unit": ["share", "yuan"]})
    with pytest.raises(InputError, match="share, yuan"):
        pipeline.plot_indicators(rows, ["a", "b"])
    with pytest.raises(InputError, match="found c"):
        pipeline.plot_indicators(rows, ["c"])


def test_items_of_a_service_are_added_up_and_one_that_is_not_known_leaves_a_dash():
    totals = pd.DataFrame(
        {
            "region": ["delta"] * 5 + ["town"],
            "basis": "registered",
            "period": "2024",
            "service": ["REG-02b", "REG-02b", "REG-01", "REG-01", "GEP", "REG-01"],
            "item": ["nitrogen", "phosphorus", "a", "b", "", ""],
            "value_yuan": [1e6, 2e6, np.nan, 5e6, 9e9, 7e6],
        }
    )
    methods = pd.DataFrame(
        {"service": ["REG-02b"], "name_zh": ["减少面源污染"], "name_en": ["Less nitrogen"]}
    )
    axes = pipeline.plot_accounts(totals, methods)
    assert [bar.get_width() for bar in axes.patches] == [300, 0]
    assert [text.get_text() for text in axes.texts] == ["—"]
    assert [label.get_text() for label in axes.get_yticklabels()] == ["REG-01", "减少面源污染 REG-02b"]
    render(axes)
    with pytest.raises(InputError, match="mapped"):
        pipeline.plot_accounts(totals, basis="mapped")


def test_chinese_names_are_drawn_whole_in_an_english_plot():
    axes = pipeline.plot_sections(pipeline.open_delivery("delivery/delta").sections, language="en")
    axes.figure.canvas.draw()  # a letter that the font lacks is a warning, and so an error
    assert "北港桥" in [label.get_text() for label in axes.get_yticklabels()]
