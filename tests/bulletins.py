"""Small published folders to make bulletins of, with planted figures; and what stands in a bulletin."""

import csv
import hashlib
import io
import json
import math
import re
import zipfile
from collections.abc import Iterable
from pathlib import Path
from xml.etree import ElementTree as ET

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import rasterio
import shapely

from pipeline.contracts.targets import TARGETS, TARGETS_SUMMARY
from pipeline.geodesy import CGCS2000
from pipeline.legends import LAND_COVER
from pipeline.outputs.columns import describe_parameter, list_values

COVER, GOOD, LOSS = "vegetation_cover_share_land", "good_section_share", "vegetation_loss_share"
NAMES = {"east": ("东滩", "East flat"), "west": ("西沙 & <沙洲>", "West sands")}
PLACES = {"east": (121.80, 31.44), "west": (106.62, 29.52)}
NUMBER = re.compile(r"\d+(?:,\d{3})*(?:\.\d+)?")
WORD = "{http://schemas.openxmlformats.org/wordprocessingml/2006/main}"
PARAMETERS = ("DO", "CODMn", "COD", "BOD5", "NH3N", "TP", "TN", "pH")
SCALES = {"亿元": 1e8, "万元": 1e4}
CRS = {"east": "EPSG:32651", "west": "EPSG:32648"}


def indicator(name: str, period: str, value: float | None, *, aoi: str, unit: str = "share", **more: object):
    """A row of INDICATORS."""
    known = {"numerator": None, "denominator": None, "low": None, "high": None, "target": None}
    told = {"source": "模拟 simulated", "reason": None, "data_label": "模拟数据"}
    return {
        "indicator": name,
        "aoi": aoi,
        "period": period,
        "value": value,
        "unit": unit,
        **known,
        **told,
        **more,
    }


def publish(
    out: Path,
    aoi: str,
    label: str,
    indicators: list[dict],
    *,
    days: tuple[str, str] = ("2023-01-01", "2024-12-31"),
    period: str = "quarter",
    as_of: str = "2024-12-12T03:29:00+00:00",
    maps: tuple[str, ...] = (),
    language: str = "zh",
    config: dict | None = None,
    **tables: pd.DataFrame,
) -> Path:
    """A published delivery; `maps` are the labels of the periods that have maps."""
    folder = out / aoi / label
    (folder / "tables").mkdir(parents=True)
    (folder / "rasters").mkdir()
    _write_outline(folder / "inventory.gpkg", aoi)
    for stem, table in {"indicators": pd.DataFrame(indicators), **tables}.items():
        table.to_csv(
            folder / "tables" / f"{stem}.csv", index=False, encoding="utf-8-sig", lineterminator="\n"
        )
    for day in maps:
        _write_maps(folder / "rasters", day, aoi)
    asked = {"scenes": {"start": days[0], "end": days[1], "period": period}, "language": language}
    manifest = {
        "aoi": aoi,
        "label": label,
        "simulated": True,
        "as_of": as_of,
        "config": {**asked, **(config or {})},
        "steps": {"cover": 3},
        "files": {path.relative_to(folder).as_posix(): describe_file(path) for path in list_files(folder)},
    }
    (folder / "manifest.json").write_text(json.dumps(manifest, ensure_ascii=False), encoding="utf-8")
    return folder


def list_files(folder: Path) -> list[Path]:
    """All files under a folder."""
    return sorted(path for path in folder.rglob("*") if path.is_file())


def describe_file(path: Path) -> dict:
    """What a manifest says of a file."""
    content = path.read_bytes()
    return {"bytes": len(content), "sha256": hashlib.sha256(content).hexdigest()}


def _write_outline(path: Path, aoi: str) -> None:
    lon, lat = PLACES[aoi]
    shape = shapely.box(lon, lat, lon + 0.02, lat + 0.01)
    named = {"id": [aoi], "aoi": [aoi], "aoi_name_zh": [NAMES[aoi][0]], "aoi_name_en": [NAMES[aoi][1]]}
    pyogrio.write_dataframe(gpd.GeoDataFrame(named, geometry=[shape], crs=CGCS2000), path, layer="aoi")


def _write_maps(folder: Path, label: str, aoi: str) -> None:
    """Vegetation cover and land cover of 60 x 100 pixels of 20 m, half of it water."""
    x, y = gpd.GeoSeries.from_xy(*zip(PLACES[aoi], strict=True), crs=CGCS2000).to_crs(CRS[aoi])[0].coords[0]
    place = rasterio.transform.from_origin(round(x), round(y) + 1200, 20, 20)
    shape = {"height": 60, "width": 100, "count": 1, "crs": CRS[aoi], "transform": place, "driver": "GTiff"}
    classes = np.full((60, 100), LAND_COVER.code("vegetation"), "uint8")
    classes[:, 50:] = LAND_COVER.code("water")
    cover = np.tile(np.linspace(0, 10_000, 100).astype("int16"), (60, 1))
    cover[:3] = -32768
    named = {
        "land_cover": (classes, 255, 1.0, "地表覆盖", "Land cover"),
        "fvc": (cover, -32768, 1e-4, "植被覆盖度", "Cover"),
    }
    for stem, (values, nodata, scale, zh, en) in named.items():
        path = folder / f"{stem}_{label}.tif"
        with rasterio.open(path, "w", dtype=values.dtype, nodata=nodata, **shape) as file:
            file.write(values, 1)
            file.scales = (scale,)
            file.update_tags(title=zh, title_en=en, period=label)


def targets(*rows: dict) -> pd.DataFrame:
    """TARGETS with what a test does not say filled in."""
    told = {
        "indicator": COVER, "place": "east", "place_name": "东滩", "period": "2024Q3", "due": True,
        "value": 0.8118, "unit": "share", "direction": "at_least", "target": 0.82, "target_period": "2024Q3",
        "deadline": "2024-09-30",
        "indicative": False,
        "written": "82%", "file": "targets.xlsx", "row": 3, "status": "failed",
    }  # fmt: skip
    table = pd.DataFrame([{**dict.fromkeys(TARGETS.columns), **told, **row} for row in rows])
    return pd.DataFrame(TARGETS.validate(table))


def summary(**counts: float) -> pd.DataFrame:
    """TARGETS_SUMMARY of the area `east`."""
    told = {"place": "east", "place_name": "东滩", "period": "2024Q3"}
    told |= {"target_period": "2024Q3", "deadline": "2024-09-30"}
    zeros = {column: 0 for column in TARGETS_SUMMARY.columns if column.startswith("targets_")}
    row = {**dict.fromkeys(TARGETS_SUMMARY.columns), **told, **zeros, **counts}
    return pd.DataFrame(TARGETS_SUMMARY.validate(pd.DataFrame([row])))


def rivers(aoi: str, period: str, **row: object) -> pd.DataFrame:
    """A row of `rivers_evaluation` of the whole area."""
    told = {
        "scope": "area", "name": NAMES[aoi][0], "water_body": "river", "period": period,
        "sections_graded": 7, "good_sections": 4, "worst_sections": 1, "good_percent": 57.142857142857146,
        "worst_percent": 14.285714,
        "main_pollutants": "NH3N(42.9%);DO(28.6%)",
    }  # fmt: skip
    return pd.DataFrame([{**told, **row}])


def section_changes(*changes: tuple[str, int, int]) -> pd.DataFrame:
    """`sections_change` from 2024Q2 to 2024Q3: section, class before, class after."""
    return pd.DataFrame(
        [
            {
                "section": section, "from_period": "2024Q2", "to_period": "2024Q3", "class_before": before,
                "class_after": after, "class_change": before - after,
            }
            for section, before, after in changes
        ]
    )  # fmt: skip


def publish_two_areas(out: Path) -> None:
    """East in quarters of two years with targets, west in its third quarter alone and with an earlier run."""
    publish(
        out,
        "east",
        "2024Q4",
        [
            indicator(COVER, "2023Q3", 0.8051, aoi="east"),
            indicator(COVER, "2024Q2", 0.8227, aoi="east"),
            indicator(COVER, "2024Q3", 0.8118, aoi="east"),
            indicator(COVER, "2024Q4", 0.6, aoi="east"),
            indicator(GOOD, "2024Q2", 0.5, aoi="east"),
            indicator(GOOD, "2024Q3", 4 / 7, aoi="east"),
            indicator(LOSS, "2024Q2/2024Q3", 0.0213, aoi="east", low=0.019, high=0.024),
            indicator(LOSS, "2024Q1/2024Q2", 0.0201, aoi="east", low=0.018, high=0.022),
            indicator("wetland_loss_rate", "2024Q3", None, aoi="east", reason="制图不分 / not told apart"),
            indicator("class_share:water", "2024Q3", 0.0679, aoi="east"),
            indicator(COVER, "2024Q3", 0.1, aoi="east_town"),
        ],
        maps=("2024Q3",),
        targets=targets(
            {"status": "met", "indicator": GOOD, "value": 4 / 7, "target": 0.55, "progress": 1.4},
            {
                "status": "failed",
                "unit_responsible": "第3水利所",
                "evidence": "indicators",
                "before_value": 0.8227,
            },
            {"status": "unknown", "value": None, "reason": "没有基期 / no baseline", "target_period": "2025"},
        ),
        targets_summary=summary(
            targets_failed=1,
            targets_unknown=1,
            targets_met=1,
            of=3,
            share_met=0.375,
            share_met_low=0.25,
            share_met_high=0.5833,
        ),
        rivers_evaluation=rivers("east", "2024Q3"),
        sections_change=section_changes(("北闸2号", 2, 4), ("南港", 5, 3), ("西口", 3, 3)),
    )
    publish(
        out,
        "west",
        "2024Q3",
        [indicator(COVER, "2024Q3", 0.7145, aoi="west"), indicator(GOOD, "2024Q3", None, aoi="west")],
        days=("2024-07-01", "2024-09-30"),
        as_of="2024-09-26T03:00:00+00:00",
    )
    publish(
        out,
        "west",
        "2023Q4",
        [indicator(COVER, "2023Q3", 0.7156, aoi="west"), indicator(COVER, "2023Q4", 0.7120, aoi="west")],
        days=("2023-01-01", "2023-12-31"),
        as_of="2023-12-20T03:00:00+00:00",
        config={"vegetation": {"cover_threshold": 0.35}},
    )


def read_words(document: Path) -> list[str]:
    """The words of every paragraph, of body, header and footer."""
    with zipfile.ZipFile(document) as parts:
        names = [
            name for name in parts.namelist() if re.match(r"word/(document|header|footer)\d*\.xml", name)
        ]
        roots = [ET.fromstring(parts.read(name)) for name in names]
    paragraphs = [paragraph for root in roots for paragraph in root.iter(f"{WORD}p")]
    return ["".join(text.text or "" for text in paragraph.iter(f"{WORD}t")) for paragraph in paragraphs]


def read_evidence(listing: Path) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(listing.read_text("utf-8-sig"))))


def read_cell(out: Path, delivery: str, table: str, line: str, column: str) -> str:
    """A cell of a delivered table by the line of its file, as `csv` alone reads it."""
    rows = list(csv.reader(io.StringIO((out / delivery / "tables" / f"{table}.csv").read_text("utf-8-sig"))))
    return rows[int(line) - 1][rows[0].index(column)]


def list_numbers(document: Path, names: Iterable[str] = ()) -> set[str]:
    """The numbers of a document, without those in names of indicators, of parameters, and names given."""
    told = [entry.name(language) for entry in list_values("indicator") for language in ("zh", "en")]
    told += [describe_parameter(code).name(language) for code in PARAMETERS for language in ("zh", "en")]
    pattern = re.compile("|".join(map(re.escape, sorted([*told, *names], key=len, reverse=True))))
    return {number for words in read_words(document) for number in NUMBER.findall(pattern.sub("", words))}


def assert_held(out: Path, row: dict[str, str]) -> None:
    """A row of the evidence is what the table of its delivery holds, and is printed as that."""
    held = read_cell(out, row["delivery"], row["table"], row["line"], row["column"])
    if row["origin"] == "text":
        assert row["text"] in held
        return
    value = float(held)
    if row["origin"] == "difference":
        value -= float(
            read_cell(out, row["other_delivery"], row["other_table"], row["other_line"], row["column"])
        )
    assert math.isclose(value, float(row["value"]), rel_tol=1e-12, abs_tol=1e-15)
    shown = float(NUMBER.search(row["text"]).group().replace(",", ""))
    scale = next((yuan for name, yuan in SCALES.items() if row["text"].endswith(name)), 1)
    size = abs(value) * 100 if row["unit"] == "share" else abs(value) / scale
    assert math.isclose(shown, size, rel_tol=1e-4, abs_tol=0.005001)
