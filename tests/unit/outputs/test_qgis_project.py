import io
import zipfile
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from pipeline.outputs.print_sheets import PrintSheet, choose_bar_length_m, fit_bounds
from pipeline.outputs.qgis import StyledLayer
from pipeline.outputs.qgis_project import Project, build_project_qgz
from tests.deliveries import AS_OF, HOSTILE

SHEET = PrintSheet(
    HOSTILE,
    "2024",
    "图例",
    (("ecoledger_parcels", "确权地块"),),
    "影像",
    "",
    "EPSG:4550",
    (5e5, 3e6, 5.1e5, 3.02e6),
)
PROJECT = Project(
    source="inventory.gpkg",
    title=f"{HOSTILE}\x00\x1b & ]]>",
    extent=(121.0, 31.0, 122.0, 32.0),
    as_of=AS_OF,
    first_day=date(2023, 1, 1),
    last_day=date(2024, 12, 31),
    evidence="影像 12 景",
    licence=HOSTILE,
    language="zh",
    sheet=SHEET,
)


def styled(name, columns):
    return StyledLayer(name, "Point" if name == "sections" else "MultiPolygon", name, columns, "2024")


def opened(layers, project=PROJECT):
    with zipfile.ZipFile(io.BytesIO(build_project_qgz(layers, project))) as archive:
        (entry,) = archive.infolist()
        return entry, ET.fromstring(archive.read(entry))


def test_a_project_survives_any_words_and_repeats_its_bytes():
    layers = [styled("parcels", ("parcel_id", "owner_type")), styled("aoi", ("id", "name_zh"))]
    assert build_project_qgz(layers, PROJECT) == build_project_qgz(layers, PROJECT)
    entry, root = opened(layers)
    assert entry.date_time == (2024, 11, 28, 2, 31, 8)  # zip counts two seconds
    assert root.findtext("title") == f"{HOSTILE} & ]]>"
    sources = [element.text for element in root.iter("datasource")]
    assert sources == ["./inventory.gpkg|layername=aoi", "./inventory.gpkg|layername=parcels"]
    assert {element.text for element in root.iter("license")} == {HOSTILE}


def test_parcels_lead_to_every_layer_that_names_a_parcel():
    parcels = styled("parcels", ("parcel_id",))
    children = [styled(name, ("id", "parcel_id")) for name in ("findings", "sections")]
    _, root = opened([parcels, *children, styled("inventory", ("product_id",))])
    relations = {element.get("id"): element.get("referencingLayer") for element in root.iter("relation")}
    assert relations == {
        "parcels_findings": "ecoledger_findings",
        "parcels_sections": "ecoledger_sections",
    }


def test_observed_data_have_no_stamp_and_simulated_data_have_one_on_every_sheet():
    layers = [styled("parcels", ("parcel_id",))]
    _, plain = opened(layers)
    _, stamped = opened(layers, replace(PROJECT, sheet=replace(SHEET, stamp="模拟数据")))

    def stamps(root):
        return [item.get("labelText") for item in root.iter("LayoutItem") if item.get("id") == "stamp"]

    assert stamps(plain) == []
    assert stamps(stamped) == ["模拟数据"] * 2


def test_no_two_items_of_the_sheets_share_an_id():
    _, root = opened([styled("parcels", ("parcel_id",))])
    ids = [item.get("uuid") for item in root.iter("LayoutItem")]
    assert len(ids) == len(set(ids)) == 16


@pytest.mark.parametrize("bounds", [(0, 0, 1000, 10), (0, 0, 10, 1000), (5, 5, 5, 5)])
def test_a_map_has_the_shape_of_its_frame_and_holds_the_area(bounds):
    left, bottom, right, top = fit_bounds(bounds, 209, 152)
    assert (right - left) / (top - bottom) == pytest.approx(209 / 152)
    assert left < bounds[0]
    assert right > bounds[2]
    assert bottom < bounds[1]
    assert top > bounds[3]


@pytest.mark.parametrize(("width", "bar"), [(56_000, 5000), (5660, 500), (99, 5), (1_000_000, 100_000)])
def test_two_lengths_of_the_bar_fit_a_fifth_of_the_map(width, bar):
    assert choose_bar_length_m(width) == bar
    assert 2 * bar <= width / 5
