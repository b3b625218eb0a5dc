"""A folder of downloaded scenes as raw items: STAC items beside their files, Landsat and SAFE folders.

What a Landsat MTL or a Sentinel-2 MTD file says is put into an item as a catalogue would, so that all else
in ingest sees one thing.
"""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from pipeline.errors import InputError, Problem

RawItem = dict[str, Any]
"""A STAC item as it was served or found, not yet looked at."""

_LANDSAT_LEVEL_2 = re.compile(r"L[CTEO]0[45789]_L2S[PR]_.*")
_MTL_GROUP = re.compile(r"^\s*GROUP = (\w+)\n(.*?)^\s*END_GROUP = \1\s*$", re.MULTILINE | re.DOTALL)
_MTL_LINE = re.compile(r'^\s*(\w+) = "?(.*?)"?\s*$', re.MULTILINE)
_CORNERS = ("UL", "UR", "LR", "LL", "UL")
_MSI_BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
"""In the order of `band_id` in the metadata of a product."""


def read_archive(folder: Path) -> Iterator[RawItem]:
    """Every scene below a folder as a raw item, in the order of paths; InputError if there is no folder.

    Metadata that cannot be read give an item that says nothing but its place, to be rejected and counted.
    """
    if not folder.is_dir():
        problem = Problem("scenes.provider", str(folder), "a folder of downloaded scenes")
        raise InputError("The archive of scenes is missing", [problem])
    readers = {"*.json": _stac, "*_MTL.txt": _landsat, "MTD_MSIL2A.xml": _sentinel}
    found = [(path, reader) for pattern, reader in readers.items() for path in folder.rglob(pattern)]
    for path, reader in sorted(found, key=lambda pair: pair[0]):
        try:
            yield from reader(path)
        except (OSError, ValueError, KeyError, AttributeError, TypeError, ET.ParseError) as error:
            yield {"id": f"{path}: {type(error).__name__}: {error}"}


def _stac(path: Path) -> Iterator[RawItem]:
    """The item of a JSON file, if it is one; a file of that name beside it stands for any address."""
    content = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(content, dict) or content.get("type") != "Feature" or "stac_version" not in content:
        return
    assets = {
        key: {**asset, "href": _beside(path, str(asset["href"]))} for key, asset in content["assets"].items()
    }
    yield {**content, "assets": assets}


def _beside(path: Path, href: str) -> str:
    named = path.parent / href.rpartition("/")[2]
    if named.exists() or "://" not in href:
        return str(named if named.exists() else path.parent / href)
    return href


def _landsat(path: Path) -> Iterator[RawItem]:
    """The item of a Landsat Collection 2 Level-2 product, from its MTL file.

    Groups are kept apart: Level 1 repeats the keys of Level 2 with other figures.
    """
    text = path.read_text(encoding="utf-8").replace("GROUP = LANDSAT_METADATA_FILE\n", "", 1)
    groups = {name: dict(_MTL_LINE.findall(body)) for name, body in _MTL_GROUP.findall(text)}
    product = groups["PRODUCT_CONTENTS"]["LANDSAT_PRODUCT_ID"]
    if not _LANDSAT_LEVEL_2.fullmatch(product):
        return
    image, place = groups["IMAGE_ATTRIBUTES"], groups["PROJECTION_ATTRIBUTES"]
    corners = [
        [float(place[f"CORNER_{corner}_{axis}_PRODUCT"]) for axis in ("LON", "LAT")] for corner in _CORNERS
    ]
    figures = groups["LEVEL2_SURFACE_REFLECTANCE_PARAMETERS"]
    said = {
        "datetime": f"{image['DATE_ACQUIRED']}T{image['SCENE_CENTER_TIME']}",
        "platform": image["SPACECRAFT_ID"],
        "eo:cloud_cover": float(image["CLOUD_COVER"]),
        "landsat:wrs_path": image["WRS_PATH"].zfill(3),
        "landsat:wrs_row": image["WRS_ROW"].zfill(3),
        "landsat:collection_category": groups["PRODUCT_CONTENTS"].get("COLLECTION_CATEGORY", ""),
        "updated": groups["LEVEL2_PROCESSING_RECORD"]["DATE_PRODUCT_GENERATED"],
    }
    if place.get("UTM_ZONE"):
        said["proj:code"] = f"EPSG:{32600 + int(place['UTM_ZONE'])}"
    files = {
        file.stem.removeprefix(f"{product}_"): file
        for file in sorted(path.parent.glob(f"{product}_*.[Tt][Ii][Ff]"))
    }
    assets = {key: _file(file, _landsat_radiometry(key, figures)) for key, file in files.items()}
    yield _item(product, "landsat-c2-l2", said, corners, assets)


def _landsat_radiometry(key: str, figures: dict[str, str]) -> tuple[float, float] | None:
    number = key.removeprefix("SR_B")
    if f"REFLECTANCE_MULT_BAND_{number}" not in figures:
        return None
    return float(figures[f"REFLECTANCE_MULT_BAND_{number}"]), float(figures[f"REFLECTANCE_ADD_BAND_{number}"])


def _sentinel(path: Path) -> Iterator[RawItem]:
    """The items of a Sentinel-2 L2A product in SAFE form, one a granule, from its metadata."""
    root = ET.parse(path).getroot()  # noqa: S314 the user's own download
    said = {
        "datetime": _text(root, "PRODUCT_START_TIME"),
        "platform": _text(root, "SPACECRAFT_NAME"),
        "eo:cloud_cover": float(_text(root, "Cloud_Coverage_Assessment")),
        "s2:product_uri": _text(root, "PRODUCT_URI"),
        "s2:processing_baseline": _text(root, "PROCESSING_BASELINE"),
        "s2:generation_time": _text(root, "GENERATION_TIME"),
    }
    places = [float(number) for number in _text(root, "EXT_POS_LIST").split()]
    outline = [[lon, lat] for lat, lon in zip(places[::2], places[1::2], strict=True)]
    radiometry = _sentinel_radiometry(root)
    granules = [*root.iter("Granule"), *root.iter("Granules")]
    folders = sorted((path.parent / "GRANULE").iterdir())
    for granule in folders:
        tile = granule.name.split("_")[1]
        strips = [
            one.attrib["datastripIdentifier"] for one in granules if tile in one.attrib["granuleIdentifier"]
        ]
        files = {
            "_".join(file.stem.split("_")[-2:]): file for file in sorted(granule.glob("IMG_DATA/R*m/*.*"))
        }
        assets = {key: _file(file, radiometry.get(key.split("_")[0])) for key, file in files.items()}
        own = {**said, "grid:code": f"MGRS-{tile.removeprefix('T')}", "s2:datastrip_id": strips[0]}
        product = path.parent.name.removesuffix(".SAFE")
        name = product if len(folders) == 1 else f"{product}_{tile}"
        yield _item(name, "sentinel-2-l2a", own, outline, assets)


def _sentinel_radiometry(root: ET.Element) -> dict[str, tuple[float, float]]:
    """Scale and offset of each band; products before baseline 04.00 state no offset, and have none."""
    unit = float(_text(root, "BOA_QUANTIFICATION_VALUE"))
    offsets = {int(one.attrib["band_id"]): float(one.text or "nan") for one in root.iter("BOA_ADD_OFFSET")}
    return {band: (1 / unit, offsets.get(number, 0.0) / unit) for number, band in enumerate(_MSI_BANDS)}


def _text(root: ET.Element, name: str) -> str:
    found = next(root.iter(name), None)
    if found is None:
        raise KeyError(name)
    return str(found.text).strip()


def _file(path: Path, radiometry: tuple[float, float] | None) -> dict[str, Any]:
    if radiometry is None:
        return {"href": str(path)}
    return {"href": str(path), "raster:bands": [{"scale": radiometry[0], "offset": radiometry[1]}]}


def _item(
    name: str, collection: str, said: dict[str, Any], outline: list[list[float]], assets: dict[str, Any]
) -> RawItem:
    return {
        "type": "Feature",
        "stac_version": "1.0.0",
        "id": name,
        "collection": collection,
        "geometry": {"type": "Polygon", "coordinates": [outline]},
        "bbox": [
            *(min(place[axis] for place in outline) for axis in (0, 1)),
            *(max(place[axis] for place in outline) for axis in (0, 1)),
        ],
        "links": [],
        "properties": said,
        "assets": assets,
    }
