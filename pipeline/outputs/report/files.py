"""Every file of a delivery as a link beside the page, with what it is."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from markupsafe import Markup

from pipeline.contracts import Delivery
from pipeline.outputs.texts import find_texts

_TABLE = re.compile(r"(tables/\w+\.csv)")
_LATER = ("catalog.json", "collection.json", "manifest.json")
"""What is written once the report is."""


@dataclass(frozen=True)
class FileLink:
    """A file by its place beside the page, and what it is."""

    path: str
    about: str


def link_files(delivery: Delivery, folder: Path) -> dict[str, list[FileLink]]:
    """Files of the delivery by what they are: of the area as a whole, tables, maps, Shapefiles."""
    return {
        "main": list(_list_main(delivery, folder)),
        "tables": [FileLink(place, "") for place in sorted(_list_tables(delivery))],
        "rasters": [
            FileLink(
                f"rasters/{raster.name}.tif",
                raster.title_zh if delivery.language == "zh" else raster.title_en,
            )
            for raster in delivery.rasters
        ],
        "shapefile": [FileLink(f"shapefile/{path.name}", "") for path in sorted(folder.glob("shapefile/*"))],
    }


def _list_tables(delivery: Delivery) -> Iterator[str]:
    yield from (f"tables/{stem}.csv" for stem in delivery.tables)
    yield from (f"tables/{stem}.parquet" for stem in delivery.long_tables)


def link_tables(text: str) -> Markup:
    """A text in which every table that it names by its place is a link."""
    words = _TABLE.split(text)
    links = [Markup('<a href="{0}">{0}</a>').format(one) if _TABLE.fullmatch(one) else one for one in words]
    return Markup("").join(links)


def _list_main(delivery: Delivery, folder: Path) -> Iterator[FileLink]:
    """Files at the top of the folder that stand there, then those that are still to come."""
    words = find_texts("report.file", delivery.language)
    stem, page = delivery.name_file(""), delivery.name_file(".html")
    standing = sorted(path.name for path in folder.iterdir() if path.is_file() and path.name != page)
    for name in [*(name for name in standing if name not in _LATER), *_LATER]:
        yield FileLink(name, words.get(name.removeprefix(stem), words.get(name, "")))
