"""What the print layouts of a delivery say: titles, sources, layers of legends, the CRS of their maps."""

from collections.abc import Sequence

from pipeline.contracts import Delivery
from pipeline.geodesy import project
from pipeline.legends import LAND_COVER
from pipeline.outputs.layout_items import LegendLayer
from pipeline.outputs.parcel_layout import ParcelSheet
from pipeline.outputs.plane_maps import find_zone
from pipeline.outputs.print_sheets import PrintSheet
from pipeline.outputs.provenance import build_evidence_line, build_licence_line, build_title_line
from pipeline.outputs.qgis.views import LayerView, RasterView, build_layer_id
from pipeline.outputs.texts import find_text

_ON_PARCEL_MAP = ("sections", "change_patches", "parcels")
_GROUND = "land_cover"
_PERIODS = 2
"""Of how many periods, the newest, a fact sheet lists products and sections."""


def build_sheet(views: Sequence[LayerView], rasters: Sequence[RasterView], delivery: Delivery) -> PrintSheet:
    """What the sheets say, in the CRS that the parts of the area share for map sheets, else in its zone."""
    language = delivery.language
    named = {part.layout_crs for part in delivery.aoi.parts}
    (shared,) = named if len(named) == 1 else (None,)
    crs = shared or find_zone(delivery.aoi.geometry.centroid.x)
    shown = sorted((view for view in views if view.shown), key=_rank)
    periods = f"{delivery.periods[0].first} – {delivery.periods[-1].last}"
    return PrintSheet(
        title=build_title_line(delivery),
        subtitle=f"{find_text('report.label', language)} {delivery.label} · {periods}",
        legend_title=find_text("layout.legend", language),
        layers=tuple(_list_in_legend(view) for view in shown),
        notes=f"{build_evidence_line(delivery)}\n{build_licence_line(delivery)}",
        stamp=find_text("simulated.label", language) if delivery.simulated else "",
        crs=crs,
        bounds=project(delivery.aoi.geometry, crs).bounds,
        organisation=delivery.organisation,
        language=language,
        parts=build_layer_id("aoi") if len(delivery.aoi.parts) > 1 else "",
        parcel=None if delivery.package == "others" else _build_parcel_sheet(views, rasters, delivery),
    )


def _build_parcel_sheet(
    views: Sequence[LayerView], rasters: Sequence[RasterView], delivery: Delivery
) -> ParcelSheet:
    """What the fact sheets say beside what their expressions find."""
    language = delivery.language
    newest = {view.stem: view for view in reversed(views) if view.shown}
    grounds = [view for view in rasters if view.stem == _GROUND][:1]
    listed = [newest[stem] for stem in _ON_PARCEL_MAP if stem in newest]
    return ParcelSheet(
        title=f"{find_text('fact_sheet.title', language)} · {build_title_line(delivery)}",
        stamp=find_text("simulated.label", language) if delivery.simulated else "",
        notes=build_evidence_line(delivery),
        language=language,
        layers={view.stem: build_layer_id(view.stem) for view in views},
        periods=tuple(period.label for period in delivery.periods[-_PERIODS:]),
        legend=(
            *map(_list_in_legend, listed),
            *(
                LegendLayer(view.id, f"{view.moment} {view.kind}", len(LAND_COVER.classes))
                for view in grounds
            ),
        ),
    )


def _list_in_legend(view: LayerView) -> LegendLayer:
    return LegendLayer(view.id, view.title.removesuffix(view.layer.mark))


def _rank(view: LayerView) -> tuple[bool, float]:
    """Where a layer stands in a legend: outlines first, then from the top of the map to the bottom."""
    return view.layer.style.column is not None, view.layer.place
