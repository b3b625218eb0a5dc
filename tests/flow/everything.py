"""Runs with every optional block on, over one small shore.

What the runs read is GeoJSON: a GeoPackage has the time of its writing inside, and so another checksum.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import geopandas as gpd
import numpy as np
import rasterio
import shapely
from programs import ecoledger, write_config
from rasterio.vrt import WarpedVRT

from pipeline.geodesy import project, unproject, unproject_all
from tests.scenery import written
from tests.stac import raw_item, write_catalogue

SHORE = shapely.Polygon([(121.954, 31.474), (121.972, 31.475), (121.971, 31.489), (121.955, 31.488)])
CORNER = shapely.Polygon([(121.958, 31.477), (121.966, 31.478), (121.964, 31.484), (121.959, 31.483)])
SEASONS = {"start": "2021-01-01", "end": "2024-12-31", "period": "quarter"}
QUARTERS = [f"{year}Q{quarter}" for year in range(2021, 2025) for quarter in range(1, 5)]
KINDS = {1: "water", 2: "grass", 3: "bare", 4: "built"}
"""A kind of land for each class of the rules, so that their map can label samples and be an existing map."""


def write_shore(folder: Path) -> None:
    """The outline of the shore, and a red line inside it."""
    folder.mkdir(parents=True, exist_ok=True)
    gpd.GeoDataFrame(
        {"id": ["shore"], "name": ["滩涂"], "part": ["dongtan"]}, geometry=[SHORE], crs=4490
    ).to_file(folder / "shore.geojson")
    gpd.GeoDataFrame({"id": [1]}, geometry=[CORNER], crs=4490).to_file(folder / "redline.geojson")


def config_of(folder: Path, label: str, **changes: object) -> dict:
    """A config over the shore with what does not exclude other things."""
    return {
        "label": label,
        "aoi": [str(folder / "shore.geojson")],
        "restricting": [{"path": str(folder / "redline.geojson"), "kind": "ecological_red_line"}],
        "sections": {"schemes": ["jiangsu_2021"]},
        "outputs": {"composite": True, "shapefile": True},
        "compute": {"memory": "1 GiB"},
        "out": str(folder / "out"),
        **changes,
    }


def classified_seasons(folder: Path) -> dict:
    """Sixteen quarters, medoid composites, a classifier, and all that is made from looks and seasons."""
    return config_of(
        folder,
        "seasons",
        scenes={
            "provider": "simulated-tides",
            "missions": ["sentinel-2"],
            "composite": "medoid",
            "resolution_m": 20,
            **SEASONS,
        },
        indices=["ndvi", "evi", "mndwi", "ndbi", "bsi", "savi"],
        vegetation={"endmembers": {"method": "by_class"}, "freeze": False},
        land_cover={
            "method": "classifier",
            "samples": {"path": str(folder / "samples.geojson"), "period": "2024Q3"},
            "forest": {"trees": 10, "block_m": 100},
            "smoothing": {"radius_px": 1, "neighbour_weight": 0.5},
        },
        water={"inundation": True, "least_looks": 2, "regimes": {"shore": "tidal"}},
        greenness={"anomaly": True, "trend": True},
        alerts={"last_days": 60},
        rsei=True,
    )


def mapped_years(folder: Path) -> dict:
    """Two years with existing maps of another CRS, in English, the greenest look."""
    maps = {
        year: {
            "path": str(folder / f"map_{year}.tif"),
            "product": "survey",
            "classes": {str(k): v for k, v in KINDS.items()},
        }
        for year in ("2023", "2024")
    }
    return config_of(
        folder,
        "years",
        scenes={
            "provider": "simulated",
            "missions": ["sentinel-2", "landsat-8"],
            "start": "2023-01-01",
            "end": "2024-12-31",
            "composite": "max-ndvi",
            "resolution_m": 30,
        },
        land_cover={"method": "map", "maps": maps},
        language="en",
    )


def thermal_month(folder: Path) -> dict:
    """A month of Landsat with a thermal band, from a static catalogue."""
    return config_of(
        folder,
        "heat",
        scenes={
            "provider": {"static": str(thermal_catalogue(folder / "stac"))},
            "missions": ["landsat-8"],
            "start": "2024-05-01",
            "end": "2024-05-31",
            "period": "month",
            "resolution_m": 30,
        },
        restricting=[],
        sections={},
        rsei=True,
        water={"inundation": True, "least_looks": 2},
    )


def thermal_catalogue(folder: Path) -> Path:
    """Three scenes from bare and hot in the west to lush and cool in the east, water in the north."""
    left, top = (30 * round(place / 30) for place in np.array(project(SHORE, "EPSG:32651").bounds)[[0, 3]])
    left, top, height, width = left - 300.0, top + 300.0, 90, 90
    rng = np.random.default_rng(9)
    quality = np.clip(np.linspace(0, 1, width) + rng.normal(0, 0.05, (height, width)), 0, 1)
    wet = np.broadcast_to(np.arange(height)[:, None] < 20, (height, width))
    ends = {
        "blue": (0.10, 0.03, 0.06),
        "green": (0.13, 0.06, 0.08),
        "red": (0.17, 0.04, 0.05),
        "nir08": (0.22, 0.40, 0.03),
        "swir16": (0.30, 0.14, 0.01),
        "swir22": (0.26, 0.07, 0.01),
    }
    corners = shapely.box(left, top - 30 * height, left + 30 * width, top)
    outline = unproject(corners, "EPSG:32651")
    items = []
    for number in range(3):
        when = datetime(2024, 5, 3, 2, 40, tzinfo=UTC) + timedelta(days=8 * number)
        name = f"LC08_L2SP_118038_{when:%Y%m%d}_02_T1"
        bands = {
            band: np.rint((np.where(wet, water, bare + quality * (lush - bare)) + 0.2) / 2.75e-5)
            for band, (bare, lush, water) in ends.items()
        }
        kelvin = np.where(wet, 291.0, 314.0 - 16.0 * quality) + (number - 1) * 2.0
        bands |= {
            "lwir11": np.rint((kelvin - 149.0) / 0.00341802),
            "qa_pixel": np.full((height, width), 21824),
        }
        item = raw_item(name, when=f"{when:%Y-%m-%dT%H:%M:%SZ}", platform="landsat-8")
        for key in ("s2:processing_baseline", "s2:datastrip_id", "grid:code"):
            item["properties"].pop(key)
        item |= {
            "collection": "landsat-c2-l2",
            "geometry": shapely.geometry.mapping(outline),
            "bbox": list(outline.bounds),
            "assets": {},
        }
        for key, values in bands.items():
            nodata = 1 if key == "qa_pixel" else 0
            path = folder / name / f"{key}.tif"
            written(path, values.astype(np.uint16), pixel_m=30, left=left, top=top, nodata=nodata)
            os.utime(path, (when.timestamp(), when.timestamp()))  # by which a replaced file is known
            item["assets"][key] = {"href": f"./{path.name}"}
        items.append(item)
    return write_catalogue(folder, items)


def write_labels(raster: Path, path: Path, *, each: int = 60) -> None:
    """Points drawn from every class of a map, labelled by the kind that stands for it."""
    with rasterio.open(raster) as source:
        classes, transform, crs = source.read(1), source.transform, source.crs.to_string()
    rng = np.random.default_rng(4)
    rows, cols, kinds = [], [], []
    for code, kind in KINDS.items():
        row, col = np.nonzero(classes == code)
        chosen = rng.permutation(len(row))[:each]
        rows, cols = [*rows, *row[chosen]], [*cols, *col[chosen]]
        kinds += [kind] * len(chosen)
    x, y = transform * (np.array(cols) + 0.5, np.array(rows) + 0.5)
    places = unproject_all(shapely.points(x, y), crs)
    gpd.GeoDataFrame({"class": kinds}, geometry=places, crs=4490).to_file(path)


def write_existing_map(raster: Path, path: Path) -> None:
    """A map as a file in another CRS, its pixels of another size."""
    with rasterio.open(raster) as source, WarpedVRT(source, crs="EPSG:4326", nodata=255) as warped:
        profile = warped.profile | {"driver": "GTiff", "compress": "deflate"}
        values = warped.read(1)
    with rasterio.open(path, "w", **profile) as target:
        target.write(values, 1)


def answer(points: Path, path: Path, *, seed: int = 7) -> None:
    """Fill in a sample of points: as mapped, but for one in ten."""
    frame = gpd.read_file(points, layer="points")
    rng = np.random.default_rng(seed)
    drawn = rng.choice(list(KINDS), len(frame))
    code = np.where(rng.random(len(frame)) < 0.1, drawn, frame["stratum"])
    frame.assign(**{"class": [KINDS[int(one)] for one in code]}).to_file(path)


def deliver_everything(folder: Path) -> Path:
    """All these runs one after the other, their diffs beside them; the folder of the deliveries."""
    write_shore(folder)
    out = folder / "out"

    def run(content: dict) -> Path:
        ecoledger("run", write_config(folder / f"{content['label']}.yaml", content), "--quiet")
        return out / "shore" / content["label"]

    seasons = classified_seasons(folder)
    by_rules = run({**seasons, "label": "rules", "land_cover": {}, "water": {}, "alerts": {}, "rsei": False})
    write_labels(by_rules / "rasters" / "land_cover_2024Q3.tif", folder / "samples.geojson")
    for year in ("2023", "2024"):
        write_existing_map(by_rules / "rasters" / f"land_cover_{year}Q3.tif", folder / f"map_{year}.tif")
    first = run(seasons)
    ecoledger("sample", first, "--out", folder / "points.gpkg", "--points", "200", "--seed", "1")
    answer(folder / "points.gpkg", folder / "points.geojson")
    cover = {**seasons["land_cover"], "accuracy": {"path": str(folder / "points.geojson")}}
    judged = run({**seasons, "label": "judged", "land_cover": cover})
    run(mapped_years(folder))
    run(thermal_month(folder))
    ecoledger("diff", by_rules, judged, "--out", out / "shore" / "diff")
    return out / "shore"
