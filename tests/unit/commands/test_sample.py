"""Points to label, drawn from a delivery, and what QGIS shows of them."""

import sqlite3
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pytest
import rasterio

from pipeline.commands.sample import draw_sample, write_sample
from pipeline.errors import InputError, SettingsError
from pipeline.geodesy import project_all
from pipeline.legends import LAND_COVER
from tests.deliveries import small_delivery
from tests.publishing import publish_delivery


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A delivery that points are drawn from."""
    return publish_delivery(small_delivery(), tmp_path_factory.mktemp("deliveries")).folder


def test_points_lie_in_their_stratum_inside_the_area_and_wait_for_a_label(folder):
    sample = draw_sample(folder, points=400, least=30)
    assert len(sample) == 400
    assert sample["point_id"].is_unique
    assert sample["class"].isna().all()
    assert set(sample["period"]) == {"2024"}
    outline = gpd.read_file(folder / "inventory.gpkg", layer="aoi").union_all()
    assert sample.within(outline).all()
    with rasterio.open(folder / "rasters" / "land_cover_2024.tif") as source:
        shapes = gpd.GeoSeries(project_all(sample.geometry.to_numpy(), source.crs.to_string()))
        codes = [values[0] for values in source.sample(zip(shapes.x, shapes.y, strict=True))]
    assert sample["stratum"].tolist() == codes
    assert sample["stratum"].value_counts().min() >= 30


def test_the_seed_and_the_period_decide_which_points(folder):
    once, again = (draw_sample(folder, points=100) for _ in range(2))
    assert once.equals(again)
    assert not draw_sample(folder, points=100, seed=2).equals(once)
    assert set(draw_sample(folder, points=100, period="2023")["period"]) == {"2023"}


def test_qgis_offers_the_classes_by_name_and_does_not_show_the_stratum(folder, tmp_path):
    sample = draw_sample(folder, points=100)
    path = tmp_path / "points.gpkg"
    write_sample(sample, path)
    with sqlite3.connect(path) as file:
        rows = file.execute(
            "select f_table_name, f_geometry_column, useAsDefault, styleQML from layer_styles"
        ).fetchall()
    ((table, column, default, style),) = rows
    assert (table, column, default) == ("points", "geom", 1)
    widgets = {field.get("name"): field.find("editWidget") for field in ET.fromstring(style).iter("field")}
    assert widgets["stratum"].get("type") == "Hidden"
    assert widgets["class"].get("type") == "ValueMap"
    choices = {option.get("name"): option.get("value") for option in widgets["class"].iter("Option")}
    assert choices.items() >= {entry.name_zh: entry.key for entry in LAND_COVER.classes}.items()
    back = gpd.read_file(path, layer="points")
    assert back["stratum"].tolist() == sample["stratum"].tolist()
    assert np.abs(back.geometry.x - sample.geometry.x).max() < 1e-12


def test_the_same_points_give_the_same_bytes_and_labels_are_never_overwritten(folder, tmp_path):
    sample = draw_sample(folder, points=50)
    for name in ("a.gpkg", "b.gpkg"):
        write_sample(sample, tmp_path / name)
    assert (tmp_path / "a.gpkg").read_bytes() == (tmp_path / "b.gpkg").read_bytes()
    with pytest.raises(SettingsError, match="Labels that are in it would be lost"):
        write_sample(sample, tmp_path / "a.gpkg")
    with pytest.raises(SettingsError, match="cannot be written"):
        write_sample(sample, tmp_path / "nowhere" / "a.gpkg")


def test_no_delivery_and_no_such_period_are_told(folder, tmp_path):
    with pytest.raises(SettingsError, match="no manifest"):
        draw_sample(tmp_path, points=10)
    with pytest.raises(SettingsError, match=r"2023.*2024"):
        draw_sample(folder, points=10, period="2022")


@pytest.mark.parametrize(
    "content", ["{}", "[]", "no JSON", "[" * 100_000, '{"config": {"scenes": {"start": 1}}}']
)
def test_a_folder_whose_manifest_is_none_of_ours_is_no_delivery(tmp_path, content):
    (tmp_path / "manifest.json").write_text(content, encoding="utf-8")
    with pytest.raises(InputError, match=r"manifest\.json"):
        draw_sample(tmp_path, points=10)
