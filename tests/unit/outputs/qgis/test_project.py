import io
import zipfile
from dataclasses import replace
from datetime import date
from xml.etree import ElementTree as ET

import pytest

from pipeline.legends import LAND_COVER
from pipeline.outputs.layout_items import LegendLayer
from pipeline.outputs.parcel_layout import ParcelSheet
from pipeline.outputs.print_sheets import PrintSheet, choose_bar_length_m, frame_ground
from pipeline.outputs.qgis.looks import StyledLayer
from pipeline.outputs.qgis.metadata import Description
from pipeline.outputs.qgis.project import Project, build_project_qgz
from pipeline.outputs.qgis.views import RasterView
from tests.deliveries import AS_OF, HOSTILE

SHEET = PrintSheet(
    HOSTILE,
    "2024",
    "图例",
    (LegendLayer("ecoledger_parcels", "确权地块"),),
    "影像",
    "",
    "EPSG:4550",
    (5e5, 3e6, 5.1e5, 3.02e6),
)
PARCEL = ParcelSheet(
    title="一地一档",
    stamp="",
    notes="影像",
    language="zh",
    layers={name: f"ecoledger_{name}" for name in ("parcels", "inventory", "sections", "findings")},
    periods=("2023", "2024"),
    legend=(LegendLayer("ecoledger_parcels", "确权地块"),),
)
TOLD = Description(
    source="delta_2024.gpkg",
    title=f"{HOSTILE}\x00\x1b & ]]>",
    extent=(121.0, 31.0, 122.0, 32.0),
    first_day=date(2023, 1, 1),
    last_day=date(2024, 12, 31),
    evidence="影像 12 景",
    licence=HOSTILE,
    language="zh",
)
PROJECT = Project(told=TOLD, identity="ab12", as_of=AS_OF, sheet=SHEET, crs="EPSG:32651")
OWN = (
    "|subset=EXISTS (SELECT 1 FROM gpkg_metadata WHERE md_standard_uri = 'urn:ecoledger:identity' "
    "AND metadata = 'ab12')"
)
YEARS = (("2023",), ("2024",))


def styled(name, columns, moments=()):
    return StyledLayer(name, "Point" if name == "sections" else "MultiPolygon", name, columns, moments)


def raster(stem, moment, legend=None):
    name = f"{stem}_{moment}"
    kind = {"fvc": "植被覆盖度", "land_cover": "地表覆盖", "water": "水体"}[stem]
    return RasterView(
        f"ecoledger_raster_{name}",
        f"{moment} {kind}",
        kind,
        f"rasters/{name}.tif",
        1000,
        stem,
        moment,
        legend,
        () if legend else ((0.0, "#000000"), (1.0, "#ffffff")),
    )


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
    assert sources == [f"./delta_2024.gpkg|layername={name}{OWN}" for name in ("aoi", "parcels")]
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


def test_a_layer_of_two_years_shows_the_last_and_keeps_the_other_one_click_away():
    inventory = styled("inventory", ("parcel_id", "ecosystem_l1", "period"), YEARS)
    _, root = opened([styled("parcels", ("parcel_id",)), inventory])
    (choice,) = (group for group in root.iter("layer-tree-group") if group.get("mutually-exclusive") == "1")
    assert [(leaf.get("name"), leaf.get("checked")) for leaf in choice] == [
        ("2024 地块生态系统", "Qt::Checked"),
        ("2023 地块生态系统", "Qt::Unchecked"),
    ]
    for leaf, year in zip(choice, ("2024", "2023"), strict=True):
        ground = f"fid IN (SELECT min(fid) FROM inventory WHERE \"period\" = '{year}' GROUP BY parcel_id)"
        assert leaf.get("source") == f"./delta_2024.gpkg|layername=inventory{OWN} AND {ground}"
    sources = {layer.findtext("id"): layer.findtext("datasource") for layer in root.iter("maplayer")}
    assert sources["ecoledger_inventory"] == f"./delta_2024.gpkg|layername=inventory{OWN}"


def test_what_is_drawn_leads_to_all_products_of_the_parcel():
    inventory = styled("inventory", ("parcel_id", "ecosystem_l1", "period"), YEARS)
    _, root = opened([styled("parcels", ("parcel_id",)), inventory])
    ends = {
        relation.get("id"): (relation.get("referencedLayer"), relation.get("referencingLayer"))
        for relation in root.iter("relation")
    }
    assert ends["parcels_inventory"] == ("ecoledger_parcels", "ecoledger_inventory")
    assert ends["ecoledger_inventory_ground_2024_inventory"] == (
        "ecoledger_inventory_ground_2024",
        "ecoledger_inventory",
    )
    listed = {relation.get("relation") for relation in root.iter("attributeEditorRelation")}
    assert listed == set(ends)


def test_water_lies_over_vegetation_cover_and_a_raster_of_another_size_is_not_drawn():
    rasters = (
        raster("water", "2024", LAND_COVER),
        raster("land_cover", "2024", LAND_COVER),
        raster("fvc", "2024"),
    )
    _, root = opened([styled("aoi", ("id", "name_zh"))], replace(PROJECT, rasters=rasters))
    (cover,) = (group for group in root.iter("layer-tree-group") if group.get("name") == "2024 植被覆盖度")
    assert [leaf.get("name") for leaf in cover] == ["2024 水体", "2024 植被覆盖度"]
    assert cover.get("checked") == "Qt::Unchecked"
    for layer in root.iter("maplayer"):
        if layer.get("type") == "raster":
            (check,) = (o.get("value") for o in layer.iter("Option") if o.get("name") == "expression")
            assert check == f"if(file_size(layer_property('{layer.findtext('id')}', 'path')) = 1000, 100, 0)"


def test_sets_of_layers_name_layers_and_groups_that_are_there():
    rasters = (raster("water", "2024", LAND_COVER), raster("fvc", "2024"))
    layers = [styled("parcels", ("parcel_id",)), styled("sections", ("section", "period"), YEARS)]
    _, root = opened(layers, replace(PROJECT, rasters=rasters))
    ids = {layer.findtext("id") for layer in root.iter("maplayer")}
    presets = {preset.get("name"): preset for preset in root.iter("visibility-preset")}
    assert {layer.get("id") for preset in presets.values() for layer in preset.iter("layer")} <= ids
    cover = presets["植被覆盖"]
    assert [layer.get("id") for layer in cover.iter("layer")] == [
        "ecoledger_sections_2024",
        "ecoledger_raster_water_2024",
        "ecoledger_raster_fvc_2024",
    ]
    title = root.findtext("title")
    assert {group.get("id") for group in cover.iter("checked-group-node")} == {
        title,
        f"{title}/sections",
        f"{title}/2024 植被覆盖度",
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
    ids = [item.get("uuid") for item in root.iter() if item.get("uuid")]
    assert len(ids) == len(set(ids)) > 16


@pytest.mark.parametrize("bounds", [(0, 0, 1000, 10), (0, 0, 10, 1000), (5, 5, 5, 5)])
def test_a_map_has_the_shape_of_its_frame_a_round_scale_and_holds_the_area(bounds):
    ground, ratio = frame_ground(replace(SHEET, bounds=bounds), 209, 152)
    left, bottom, right, top = ground.bounds
    assert (right - left) / (top - bottom) == pytest.approx(209 / 152)
    assert (right - left) * 1000 / 209 == pytest.approx(ratio)
    assert left < bounds[0]
    assert right > bounds[2]
    assert bottom < bounds[1]
    assert top > bounds[3]


def test_an_area_of_several_parts_has_an_atlas_of_them_and_its_parcels_one_of_fact_sheets():
    layers = [styled("parcels", ("parcel_id",))]
    _, plain = opened(layers)
    _, whole = opened(layers, replace(PROJECT, sheet=replace(SHEET, parts="ecoledger_aoi", parcel=PARCEL)))

    def atlases(root):
        return {
            layout.get("name"): layout.find("Atlas").get("coverageLayer")
            for layout in root.iter("Layout")
            if layout.find("Atlas") is not None
        }

    assert atlases(plain) == {}
    assert atlases(whole) == {
        "A4 分片图集": "ecoledger_aoi",
        "A3 分片图集": "ecoledger_aoi",
        "一地一档图集": "ecoledger_parcels",
    }


def test_words_of_the_config_and_of_the_data_are_no_expressions_on_any_layout():
    live = "[% env('HOME') %]"
    parcel = replace(
        PARCEL, title=live, notes=live, legend=(LegendLayer("ecoledger_parcels", live),), periods=("'20",)
    )
    sheet = replace(SHEET, title=live, subtitle=live, notes=live, organisation=live, parcel=parcel, parts="x")
    _, root = opened([styled("parcels", ("parcel_id",))], replace(PROJECT, sheet=sheet))
    texts = [value for item in root.iter() for value in item.attrib.values() if "env(" in value]
    assert len(texts) > 10
    shown = [text for text in texts if live in text]
    assert [item.get("name") for item in root.iter("layer-tree-layer") if item.get("name") in shown] == shown


@pytest.mark.parametrize(("width", "bar"), [(56_000, 5000), (5660, 500), (99, 5), (1_000_000, 100_000)])
def test_two_lengths_of_the_bar_fit_a_fifth_of_the_map(width, bar):
    assert choose_bar_length_m(width) == bar
    assert 2 * bar <= width / 5
