"""A folder of downloaded scenes as raw items: STAC items beside their files, Landsat and SAFE folders.

What a Landsat MTL or a Sentinel-2 MTD file says is put into an item as a catalogue would, so that all else
in ingest sees one thing.
"""

import re
from collections.abc import Iterator
from functools import partial
from glob import escape
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

from pipeline.errors import InputError, Problem
from pipeline.ingest.scenes.addresses import find_file, place_files
from pipeline.ingest.scenes.packed import OTHER_LEVELS, PACKED, read_other_level, read_package, refuse
from pipeline.operating_system import explain_stream
from pipeline.storage.tables import load_json

RawItem = dict[str, Any]
"""A STAC item as it was served or found, not yet looked at."""

_LANDSAT_LEVEL_2 = re.compile(r"L[CTEO]0[45789]_L2S[PR]_.*")
_MTL_GROUP = re.compile(r"^\s*GROUP = (\w+)\n(.*?)^\s*END_GROUP = \1\s*$", re.MULTILINE | re.DOTALL)
_MTL_LINE = re.compile(r'^\s*(\w+) = "?(.*?)"?\s*$', re.MULTILINE)
_GRANULE = re.compile(r"_(T\d{2}[A-Z]{3})(?:_|$)")
_CORNERS = ("UL", "UR", "LR", "LL", "UL")
_MSI_BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B10", "B11", "B12")
"""In the order of `band_id` in the metadata of a product."""


def read_archive(folder: Path) -> Iterator[RawItem]:
    """Every scene below a folder as a raw item, in the order of paths; InputError if there is no folder.

    Metadata that cannot be read, packed products and those of other levels give an item that says nothing
    but its place and why, to be rejected by name.
    """
    if not folder.is_dir():
        problem = Problem("scenes.provider", str(folder), "a folder of downloaded scenes")
        raise InputError("The archive of scenes is missing", [problem])
    readers = {
        **dict.fromkeys(("*.json", "*.geojson"), _stac),
        **dict.fromkeys(("MTD_MSIL2A.xml", "*MTD_SAFL2A*.xml"), _sentinel),
        **dict.fromkeys(OTHER_LEVELS, read_other_level),
        **dict.fromkeys(PACKED, read_package),
        "*_MTL.txt": _landsat,
    }
    found = [(path, reader) for pattern, reader in readers.items() for path in folder.rglob(pattern)]
    for path, reader in sorted(found, key=lambda pair: pair[0]):
        if stream := explain_stream(path):
            yield refuse(path, f"cannot be read ({stream})")
            continue
        try:
            yield from reader(path)
        except (OSError, ValueError, LookupError, AttributeError, TypeError, ET.ParseError) as error:
            yield refuse(path, f"cannot be read ({type(error).__name__}: {error})")


def list_items(content: Any) -> Iterator[RawItem]:
    """The items of a JSON document: itself, or those of an ItemCollection; none of other GeoJSON."""
    if not isinstance(content, dict):
        return
    features = content.get("features")
    if content.get("type") == "FeatureCollection" and isinstance(features, list):
        for feature in features:
            yield from list_items(feature)
    elif content.get("type") == "Feature" and ("stac_version" in content or "assets" in content):
        yield content


def _stac(path: Path) -> Iterator[RawItem]:
    """The items of a JSON file; a file of that name beside it stands for any address."""
    for item in list_items(load_json(path)):
        named = item.get("id") not in {None, ""}
        yield place_files(item, partial(_beside, path)) if named else refuse(path, "no id")


def _beside(path: Path, href: str) -> str:
    named = find_file(str(path.parent / href.rpartition("/")[2]))
    if Path(named).exists():
        return named
    return find_file(href if "://" in href else str(path.parent / href))


def _landsat(path: Path) -> Iterator[RawItem]:
    """The item of a Landsat Collection 2 Level-2 product, from its MTL file.

    Groups are kept apart: Level 1 repeats the keys of Level 2 with other figures.
    """
    text = path.read_text(encoding="utf-8").replace("GROUP = LANDSAT_METADATA_FILE\n", "", 1)
    groups = {name: dict(_MTL_LINE.findall(body)) for name, body in _MTL_GROUP.findall(text)}
    product = groups["PRODUCT_CONTENTS"]["LANDSAT_PRODUCT_ID"]
    if not _LANDSAT_LEVEL_2.fullmatch(product):
        yield refuse(
            path, f"{product} is no Landsat Level-2 of surface reflectance: download Level-2 需要 L2 级"
        )
        return
    image, place = groups["IMAGE_ATTRIBUTES"], groups["PROJECTION_ATTRIBUTES"]
    corners = [
        [float(place[f"CORNER_{corner}_{axis}_PRODUCT"]) for axis in ("LON", "LAT")] for corner in _CORNERS
    ]
    figures = groups["LEVEL2_SURFACE_REFLECTANCE_PARAMETERS"]
    said = {
        "datetime": f"{image['DATE_ACQUIRED']}T{image['SCENE_CENTER_TIME']}",
        "platform": image["SPACECRAFT_ID"],
        "eo:cloud_cover": image.get("CLOUD_COVER"),
        "landsat:wrs_path": image["WRS_PATH"].zfill(3),
        "landsat:wrs_row": image["WRS_ROW"].zfill(3),
        "landsat:collection_category": groups["PRODUCT_CONTENTS"].get("COLLECTION_CATEGORY", ""),
        "updated": groups.get("LEVEL2_PROCESSING_RECORD", {}).get("DATE_PRODUCT_GENERATED"),
    }
    if place.get("UTM_ZONE"):
        said["proj:code"] = f"EPSG:{32600 + int(place['UTM_ZONE'])}"
    files = {
        file.stem.removeprefix(f"{product}_"): file
        for file in sorted(path.parent.glob(f"{escape(product)}_*.[Tt][Ii][Ff]"))
    }
    assets = {key: _file(file, _landsat_radiometry(key, figures)) for key, file in files.items()}
    yield _item(product, "landsat-c2-l2", said, corners, assets)


def _landsat_radiometry(key: str, figures: dict[str, str]) -> tuple[float, float] | None:
    number = key.removeprefix("SR_B")
    if f"REFLECTANCE_MULT_BAND_{number}" not in figures:
        return None
    return float(figures[f"REFLECTANCE_MULT_BAND_{number}"]), float(figures[f"REFLECTANCE_ADD_BAND_{number}"])


def _sentinel(path: Path) -> Iterator[RawItem]:
    """The items of a Sentinel-2 L2A product in SAFE form, one a granule, from its metadata.

    Products of 2018 and before have other names for some of these.
    """
    root = ET.parse(path).getroot()  # noqa: S314 the user's own download
    name = path.parent.name.removesuffix(".SAFE")
    said = {
        "datetime": _text(root, "PRODUCT_START_TIME"),
        "platform": _find_text(root, "SPACECRAFT_NAME"),
        "eo:cloud_cover": _find_text(root, "Cloud_Coverage_Assessment"),
        "s2:product_uri": _find_text(root, "PRODUCT_URI", "PRODUCT_URI_2A") or name,
        "s2:processing_baseline": _text(root, "PROCESSING_BASELINE"),
        "s2:generation_time": _find_text(root, "GENERATION_TIME"),
    }
    places = [float(number) for number in _text(root, "EXT_POS_LIST").split()]
    outline = [[lon, lat] for lat, lon in zip(places[::2], places[1::2], strict=True)]
    granules = _find_granules(path)
    for tile, folder in granules.items():
        own = {
            **said,
            "grid:code": f"MGRS-{tile.removeprefix('T')}",
            "s2:datastrip_id": _find_strip(root, tile),
        }
        product = name if len(granules) == 1 else f"{name}_{tile}"
        yield _item(product, "sentinel-2-l2a", own, outline, _find_images(folder, _sentinel_radiometry(root)))


def _find_granules(path: Path) -> dict[str, Path]:
    """The folders of the granules of a product by tile; KeyError where there are none."""
    folders = sorted(folder for folder in (path.parent / "GRANULE").iterdir() if folder.is_dir())
    found = {tile[1]: folder for folder in folders if (tile := _GRANULE.search(folder.name))}
    if not found:
        raise KeyError("GRANULE: no folder of a tile")
    return found


def _find_strip(root: ET.Element, tile: str) -> str:
    granules = [*root.iter("Granule"), *root.iter("Granules")]
    strips = (
        one.get("datastripIdentifier", "") for one in granules if tile in one.get("granuleIdentifier", "")
    )
    return next(strips, "")


def _find_images(granule: Path, radiometry: dict[str, tuple[float, float]]) -> dict[str, dict[str, Any]]:
    files = {_name_image(file.stem): file for file in sorted(granule.glob("IMG_DATA/**/*.*"))}
    return {key: _file(file, radiometry.get(key.split("_")[0])) for key, file in files.items()}


def _name_image(stem: str) -> str:
    """Band and size of pixels, as in B04_10m; the classes of 2016 are named elsewhere in a name."""
    parts = stem.split("_")
    return f"SCL_{parts[-1]}" if "SCL" in parts else "_".join(parts[-2:])


def _sentinel_radiometry(root: ET.Element) -> dict[str, tuple[float, float]]:
    """Scale and offset of each band; products before baseline 04.00 state no offset, and have none."""
    unit = float(_text(root, "BOA_QUANTIFICATION_VALUE", "L2A_BOA_QUANTIFICATION_VALUE"))
    offsets = {int(one.attrib["band_id"]): float(one.text or "nan") for one in root.iter("BOA_ADD_OFFSET")}
    return {band: (1 / unit, offsets.get(number, 0.0) / unit) for number, band in enumerate(_MSI_BANDS)}


def _text(root: ET.Element, *names: str) -> str:
    """The text of the first element of these names; KeyError where there is none."""
    found = _find_text(root, *names)
    if found is None:
        raise KeyError(" or ".join(names))
    return found


def _find_text(root: ET.Element, *names: str) -> str | None:
    found = (str(element.text).strip() for name in names for element in root.iter(name))
    return next(found, None)


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
