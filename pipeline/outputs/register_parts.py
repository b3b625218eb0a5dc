"""A register that no single GeoPackage holds: whole as GeoParquet, its parts each openable alone.

One pass over the parts writes everything that has their rows, and finds what they come to.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.contracts import Delivery, RegisterSums
from pipeline.geodesy import CGCS2000
from pipeline.outputs.assessment.layers import REGISTER_PARTS
from pipeline.outputs.books import PARTS_FOLDER, describe_part, write_cover
from pipeline.outputs.geopackage import write_geopackage
from pipeline.outputs.geoparquet import LayerWriter
from pipeline.outputs.layers import FINDINGS_LAYER, INVENTORY_LAYER, PARCELS_LAYER, build_layer_rows
from pipeline.outputs.qgis.delivery_project import add_project
from pipeline.outputs.spreadsheet import list_words, write_workbook
from pipeline.outputs.totals import count_part, sum_by_owner
from pipeline.settings.outputs import Parts
from pipeline.storage.delivered import FINDINGS_END, REGISTER_ENDS, SUPPLEMENT_END
from pipeline.storage.tables import read_layer_parts

ROWS_AT_ONCE = 100_000
"""Findings that are held at a time."""


@dataclass
class _Gathered:
    """What the parts that are written come to."""

    places: list[dict[str, object]] = field(default_factory=list)
    boxes: list[shapely.Geometry] = field(default_factory=list)
    totals: list[Mapping[str, pd.DataFrame]] = field(default_factory=list)
    words: list[pd.DataFrame] = field(default_factory=list)
    owned: list[pd.DataFrame] = field(default_factory=list)

    def add(self, number: int, part: Delivery, rows: gpd.GeoDataFrame, file: str) -> None:
        """Count in a part, whose rows of the inventory are as they are written; `file` is empty for none."""
        self.places.append({**describe_part(number, part), "file": file or None})
        self.boxes.append(shapely.multipolygons([shapely.box(*part.parcels.total_bounds)]))
        self.totals.append(count_part(pd.DataFrame(rows.drop(columns="geometry")), part))
        self.words.append(pd.DataFrame({name: pd.Series(told) for name, told in list_words([rows]).items()}))
        self.owned.append(sum_by_owner([part]))

    def sum(self) -> RegisterSums:
        """What all parts come to."""
        return RegisterSums(
            tuple(self.totals), list_words(self.words), pd.concat(self.owned, ignore_index=True)
        )

    def build_layer(self) -> gpd.GeoDataFrame:
        """A row for each part, with the box around its parcels."""
        places = pd.DataFrame(self.places).astype({"first": object, "last": object, "file": object})
        named = places.rename(columns={"first": "first_code", "last": "last_code", "parcels": "parcel_count"})
        return gpd.GeoDataFrame(
            named.rename(columns={"rows": "inventory_rows"}), geometry=self.boxes, crs=CGCS2000
        )


def write_register_parts(delivery: Delivery, folder: Path, parts: Parts) -> Delivery:
    """Write the register of a delivery, and the workbook over it; the delivery with what its parts come to.

    Inventory and parcels leave whole as GeoParquet. Of the parts that are asked for each has a GeoPackage, a
    workbook and a template in `parts/`.
    """
    (folder / PARTS_FOLDER).mkdir()
    gathered = _Gathered()
    ends = {name: folder / delivery.name_file(end) for name, end in REGISTER_ENDS.items()}
    with LayerWriter(ends["inventory"]) as products, LayerWriter(ends["parcels"]) as land:
        for number, part in enumerate(delivery.parts("inventory", "parcels"), start=1):
            rows = build_layer_rows(INVENTORY_LAYER, part)
            products.add(rows)
            land.add(build_layer_rows(PARCELS_LAYER, part))
            file = _write_part(number, part, folder) if is_asked(part, parts) else ""
            gathered.add(number, part, rows, file)
    _write_findings(delivery, folder)
    summed = replace(
        delivery,
        sums=gathered.sum(),
        layers={**delivery.layers, REGISTER_PARTS: gathered.build_layer()},
    )
    write_cover(gathered.places, gathered.totals, summed, folder)
    return summed


def is_asked(part: Delivery, parts: Parts) -> bool:
    """Whether a part is to have files of its own."""
    if isinstance(parts, str):
        return parts == "all"
    return bool(part.parcels["parcel_id"].str.startswith(tuple(parts)).any())


def _write_part(number: int, part: Delivery, folder: Path) -> str:
    """Write GeoPackage, workbook and template of a part; the place of the first."""
    path = folder / PARTS_FOLDER / part.name_file(f"_{number:03d}.gpkg")
    own = replace(part, package="register", rasters=())
    add_project(own, path, write_geopackage(own, path))
    write_workbook(own, path.with_suffix(".xlsx"), path.with_name(f"{path.stem}{SUPPLEMENT_END}"))
    return path.relative_to(folder).as_posix()


def _write_findings(delivery: Delivery, folder: Path) -> None:
    """Write all findings, of which the GeoPackage has some of each kind."""
    if delivery.findings_file is None:
        return
    with LayerWriter(folder / delivery.name_file(FINDINGS_END)) as writer:
        for rows in read_layer_parts(delivery.findings_file, rows=ROWS_AT_ONCE):
            writer.add(build_layer_rows(FINDINGS_LAYER, replace(delivery, findings=rows)))
