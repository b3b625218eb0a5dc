"""The files of a delivery beside its rasters, as assets of its collection, with size and checksum."""

import csv
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal

import pandas as pd
import pyarrow.parquet as pq
import pystac

from pipeline.contracts import Delivery
from pipeline.outputs.columns import DATA_LABEL, describe_column
from pipeline.outputs.texts import find_texts
from pipeline.storage.delivered import FileFacts

FILE_EXTENSION = "https://stac-extensions.github.io/file/v2.1.0/schema.json"
TABLE_EXTENSION = "https://stac-extensions.github.io/table/v1.2.0/schema.json"
_SHA256 = "1220"
"""How a multihash says that 32 bytes of SHA2-256 follow."""
_OWN = ("rasters/", "items/", "scenes/")
_MEDIA: Mapping[str, tuple[str, str]] = MappingProxyType(
    {
        "cog": (pystac.MediaType.COG, "data"),
        ".gpkg": (pystac.MediaType.GEOPACKAGE, "data"),
        ".parquet": (pystac.MediaType.VND_APACHE_PARQUET, "data"),
        ".xlsx": ("application/vnd.openxmlformats-officedocument.spreadsheetml.sheet", "data"),
        ".csv": ("text/csv", "data"),
        ".html": (pystac.MediaType.HTML, "overview"),
        ".pdf": (pystac.MediaType.PDF, "overview"),
        ".json": (pystac.MediaType.JSON, "metadata"),
        ".xml": (pystac.MediaType.XML, "metadata"),
        ".qml": (pystac.MediaType.XML, "style"),
    }
)
"""Media type and role of a file by its suffix."""
_PLAIN = ("application/octet-stream", "data")


def list_products(
    delivery: Delivery, folder: Path, measured: Mapping[str, FileFacts]
) -> Iterator[tuple[str, pystac.Asset]]:
    """Every file that is no raster, by a key without area and label; and the manifest, which comes last."""
    titles = find_texts("asset", delivery.language) | find_texts("sheet", delivery.language)
    for place, facts in sorted(measured.items()):
        if not place.startswith(_OWN):
            key = _name_key(place, delivery)
            asset = build_file_asset(place, facts, href=f"./{place}", title=titles.get(Path(key).name, place))
            asset.extra_fields |= _describe_columns(place, folder, delivery)
            yield key, asset
    yield (
        "manifest",
        pystac.Asset(
            "./manifest.json", titles["manifest"], media_type=_MEDIA[".json"][0], roles=["metadata"]
        ),
    )


def build_file_asset(
    place: str, facts: FileFacts, *, href: str, title: str | None = None, kind: Literal["", "cog"] = ""
) -> pystac.Asset:
    """A file as an asset: what it is by its suffix (or `kind`), its size, its checksum as a multihash."""
    media, role = _MEDIA.get(kind or Path(place).suffix, _PLAIN)
    told = {"file:size": facts.size, "file:checksum": f"{_SHA256}{facts.sha256}"}
    return pystac.Asset(href, title, media_type=media, roles=[role], extra_fields=told)


def _name_key(place: str, delivery: Delivery) -> str:
    """`gpkg`, `parcels_parquet`, `tables/indicators`: the same in every delivery."""
    own = place.removeprefix(delivery.name_file(""))
    return own.lstrip("._").replace(".", "_") if own != place else place.removesuffix(".csv")


def _describe_columns(place: str, folder: Path, delivery: Delivery) -> dict[str, Any]:
    """Rows and columns of a table, as the table extension has them; nothing of what is no table."""
    path = Path(place)
    if path.suffix == ".parquet":
        with pq.ParquetFile(folder / place) as file:
            kinds = {field.name: str(field.type).removeprefix("large_") for field in file.schema_arrow}
            heads, rows = list(kinds), file.metadata.num_rows
        geometry = {"table:primary_geometry": "geometry"}
    elif path.parent.name == "tables" and path.stem in delivery.tables:
        table = delivery.tables[path.stem]
        label = {DATA_LABEL: "string"} if delivery.simulated else {}
        kinds, geometry = {**_name_kinds(table), **label}, {}
        heads, rows = _read_heads(folder / place), len(table)
    else:
        return {}
    return {
        "table:columns": [
            {"name": head, "type": kind, "description": _tell_column(key, path.stem, delivery)}
            for head, (key, kind) in zip(heads, kinds.items(), strict=True)
        ],
        "table:row_count": rows,
        **geometry,
    }


def _name_kinds(table: pd.DataFrame) -> dict[str, str]:
    return {
        str(column): "string" if pd.api.types.is_object_dtype(kind) else str(kind).lower()
        for column, kind in table.dtypes.items()
        if str(kind) != "geometry"
    }


def _read_heads(path: Path) -> list[str]:
    """The headings of a CSV table, keys or words, as they stand in the file."""
    with path.open(encoding="utf-8-sig", newline="") as lines:
        return next(csv.reader(lines))


def _tell_column(key: str, table: str, delivery: Delivery) -> str:
    known = describe_column(key, table.partition("_")[0])
    return f"{known.name(delivery.language)}{f' ({known.unit})' if known.unit else ''}"
