"""Rasters of a delivery as lazy arrays of xarray: decoded, in the CRS of their grid, with CF attributes."""

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import numpy as np
import rioxarray
import xarray as xr

from pipeline.errors import Problem, SettingsError
from pipeline.outputs.published import Published
from pipeline.storage.blocks import describe_layer, open_store
from pipeline.storage.workspace import Workspace

_CHUNK = 2048
_COMPOSITE = "composite"
_BANDED = (_COMPOSITE, "ndvi_looks")
"""Rasters of several bands, which are no map of one dimension less."""
_COUNTS = ("failed", "looks")


def open_maps(published: Published) -> xr.Dataset:
    """All maps of a delivery; see `Delivery.maps`."""
    names = [name for name in published.manifest["files"] if name.startswith("rasters/")]
    paths = [published.folder / name for name in sorted(names) if name.endswith(".tif")]
    places = [(path, *split_name(path.stem, list(published.periods))) for path in paths]
    held: dict[str, list[xr.DataArray]] = {}
    for path, name, dim, when in places:
        if name not in _BANDED:
            raster = open_raster(path, name)
            held.setdefault(name, []).append(raster.expand_dims({dim: [when]}) if dim else raster)
    arrays = [parts[0] if len(parts) == 1 else _join_periods(parts) for parts in held.values()]
    return _describe_all(
        xr.merge(arrays, join="outer", compat="override", combine_attrs="override"), published
    )


def split_name(stem: str, periods: Iterable[str]) -> tuple[str, str, str]:
    """The name of a map, the dimension that it has several of, and which it is, of the stem of its file.

    `ndvi_2024` is ndvi, period, 2024; `change_2023_2024` is change, pair, 2023/2024. A stem without a period
    is the whole name, without a dimension.
    """
    labels = sorted(periods, key=len, reverse=True)
    for label in labels:
        if stem.endswith(f"_{label}"):
            name = stem.removesuffix(f"_{label}")
            before = next((one for one in labels if name.endswith(f"_{one}")), None)
            if before is None:
                return name, "period", label
            return name.removesuffix(f"_{before}"), "pair", f"{before}/{label}"
    return stem, "", ""


def open_raster(path: Path, name: str) -> xr.DataArray:
    """A raster of one band as a lazy map (y, x): float32, NaN where nothing is known, CF attributes."""
    opened = _open_lazily(path)
    raster = opened.isel(band=0, drop=True).rename(name)
    flags = _read_flags(path.with_name(f"{path.name}.aux.xml"))
    raster.attrs = {**_describe(opened.attrs), **flags}
    if flags:
        del raster.attrs["units"]
    return raster


def open_bands(published: Published, period: str) -> xr.Dataset:
    """The composite of a period; see `open_composite`."""
    if period not in published.periods:
        problem = Problem("period", repr(period), f"one of {', '.join(published.periods)}")
        raise SettingsError("No such period in the delivery", [problem])
    name = f"rasters/{_COMPOSITE}_{period}.tif"
    if published.has(name):
        return _open_delivered(published.folder / name)
    store = _find_store(published, period)
    if store is None:
        todo = "Run with outputs: {composite: true}, or keep the work folder beside the deliveries"
        problem = Problem(str(published.folder / name), "no such file, and no store", "a composite", todo)
        raise SettingsError("The composite was not kept", [problem])
    return _open_stored(store)


def _open_lazily(path: Path) -> xr.DataArray:
    """All bands of a raster (band, y, x), decoded, in chunks that threads read side by side."""
    opened = rioxarray.open_rasterio(path, chunks=_CHUNK, lock=False, mask_and_scale=True)
    assert isinstance(opened, xr.DataArray), "of a GeoTIFF"
    return opened


def _join_periods(parts: list[xr.DataArray]) -> xr.DataArray:
    dim = str(parts[0].dims[0])
    return xr.concat(
        parts, dim=dim, combine_attrs="override", coords="minimal", compat="override", join="outer"
    )


def _describe(tags: Mapping[str, Any]) -> dict[str, Any]:
    """CF attributes of a map, from what its file says of itself."""
    told = {"long_name": tags["title_en"], "long_name_zh": tags["title"], "units": tags.get("units", "1")}
    return {**told, "simulated": tags["simulated"]} if "simulated" in tags else told


def _read_flags(path: Path) -> dict[str, Any]:
    """What the codes of a class raster mean, as CF has it, from the table beside it; nothing of others."""
    if not path.is_file():
        return {}
    root = ET.parse(path).getroot()  # noqa: S314 a file of our own delivery
    rows = [[cell.text or "" for cell in row] for row in root.iterfind(".//Row")]
    colors = ["#{:02x}{:02x}{:02x}".format(*map(int, row[3:6])) for row in rows]
    return {
        "flag_values": np.array([int(row[0]) for row in rows], dtype=np.uint8),
        "flag_meanings": " ".join(row[2].replace(" ", "_") for row in rows),
        "flag_meanings_zh": " ".join(row[1].replace(" ", "_") for row in rows),
        "flag_colors": " ".join(colors),
    }


def _describe_all(maps: xr.Dataset, published: Published) -> xr.Dataset:
    """The maps with the days of their periods, and what holds for all of them."""
    if "period" in maps.dims:
        kept = [published.periods[str(label)] for label in maps["period"].values]
        days = {"first_day": [one.first for one in kept], "last_day": [one.last for one in kept]}
        coords = {name: ("period", np.array(day, dtype="datetime64[ns]")) for name, day in days.items()}
        maps = maps.assign_coords(coords)
    titles = {f"title_{language}": published.name(language) for language in ("zh", "en")}
    told = {"Conventions": "CF-1.11", "aoi": published.aoi, "label": published.label, **titles}
    simulated = {"simulated": "模拟数据 simulated data"} if published.simulated else {}
    maps.attrs = {**told, **simulated}
    return maps


def _open_delivered(path: Path) -> xr.Dataset:
    opened = _open_lazily(path)
    names = opened.attrs["long_name"]
    bands = opened.assign_coords(band=[names] if isinstance(names, str) else list(names)).to_dataset("band")
    told = {"units": "1", "standard_name": "surface_bidirectional_reflectance"}
    return bands.map(lambda band: band.assign_attrs(told)).assign_attrs(_describe(opened.attrs))


def _find_store(published: Published, period: str) -> Path | None:
    """The store of a composite in the workspace that lies beside the deliveries, None where it is gone."""
    keys = published.manifest.get("artifacts", {}).get(_COMPOSITE) or []
    made = dict(zip(published.periods, keys, strict=False))
    work = Workspace(published.folder.parents[1] / "work")
    path = work.locate(_COMPOSITE, made[period]) if period in made else None
    return path if path is not None and path.is_dir() else None


def _open_stored(path: Path) -> xr.Dataset:
    stored = open_store(path)
    bands = dict(_decode_layers(path, stored))
    grid = stored.attrs["grid"]
    rows, cols = grid["shape"]
    step = grid["resolution_m"]
    coords = {
        "y": grid["top"] - step * (np.arange(rows) + 0.5),
        "x": grid["left"] + step * (np.arange(cols) + 0.5),
    }
    composite: xr.Dataset = xr.Dataset(bands, coords=coords).rio.write_crs(grid["crs"])
    return composite


def _decode_layers(path: Path, stored: xr.Dataset) -> Iterator[tuple[str, xr.DataArray]]:
    """The layers of a store as the numbers that they stand for: NaN where nodata, counts as they are."""
    for name, layer in stored.data_vars.items():
        known = describe_layer(path, str(name))
        attrs = {"units": known.attrs["units"]}
        if name in _COUNTS:
            yield str(name), layer.assign_attrs(attrs)
            continue
        scale, offset = known.attrs.get("scale_factor", 1.0), known.attrs.get("add_offset", 0.0)
        values = layer.where(layer != known.fill).astype(np.float32) * np.float32(scale) + np.float32(offset)
        yield str(name), values.assign_attrs(attrs)
