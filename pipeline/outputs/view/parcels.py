"""Parcels of a delivery for the page: tiles to draw, facts to tell, rows to search, as scripts."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyogrio

from pipeline.outputs.columns import Language, describe_column, list_values, name_values
from pipeline.outputs.fact_sheets.facts import ParcelFacts
from pipeline.outputs.fact_sheets.reading import NUMBERS, WORDS, read_attributes, read_columns
from pipeline.outputs.layers import find_layer_title
from pipeline.outputs.published import Published
from pipeline.outputs.ramps import RAMPS
from pipeline.outputs.view.chunks import write_chunks
from pipeline.outputs.view.vector_tiles import MAX_ZOOM, write_vector_tiles
from pipeline.outputs.webmap.keys import key_stops, key_values

_SEARCH_ROWS = 10_000
_FOUND_BY = ("parcel_no", "unit_name", "right_holder", "land_class", "region_code")
_FILTERS = ("owner_type", "land_class")
_DIGITS = 6
_SEEN_PX = 8
_TILE_PX = 512
_FULL_TURN_DEG = 360
_PERIOD = "{period}"


def write_parcels(published: Published, facts: ParcelFacts, geopackage: Path, folder: Path) -> dict[str, Any]:
    """What the page is told of parcels: `tiles`, `themes`, `filters`, the first keys of `facts` and `rows`.

    Facts and rows are in the order of ids, as `facts.parcels` is.
    """
    columns = _list_columns(published, facts)
    order = _find_order(geopackage, facts)
    arrow = {name: pa.array(values.iloc[order], from_pandas=True) for name, values in columns.items()}
    arrow["key"] = pa.array(facts.parcels.index[order])
    arrow["label"] = pa.array([published.label] * len(order))
    tiles = write_vector_tiles(geopackage, "parcels", arrow, folder / "parcels")
    return {
        "title": find_layer_title("parcels", published.language),
        "tiles": tiles,
        "lines_from": choose_line_zoom(facts.parcels.bounds.to_numpy()),
        "themes": list(_list_themes(columns, published.language)),
        "filters": [_build_filter(name, columns[name], published.language) for name in _FILTERS],
        "facts": write_chunks(_dump_facts(facts), folder / "facts"),
        "rows": write_chunks(_dump_rows(facts), folder / "rows"),
    }


def choose_line_zoom(bounds: np.ndarray) -> int:
    """The zoom from which most features are so wide on the screen that lines between them are seen.

    `bounds` are west, south, east, north in degrees, a row a feature. Tiles of a map are 512 pixels wide.
    """
    wide = float(np.nanmedian(bounds[:, 2] - bounds[:, 0])) if len(bounds) else 0.0
    zoom = np.log2(_SEEN_PX * _FULL_TURN_DEG / _TILE_PX / wide) if wide > 0 else 0.0
    return int(np.clip(np.ceil(zoom), 0, MAX_ZOOM))


def _find_order(geopackage: Path, facts: ParcelFacts) -> np.ndarray:
    """The place of each feature of the layer in the order of ids."""
    ids = pyogrio.read_dataframe(
        geopackage, layer="parcels", columns=["parcel_id"], read_geometry=False, use_arrow=True
    )
    order: np.ndarray = facts.parcels.index.get_indexer(ids["parcel_id"].astype(object))
    return order


def _list_columns(published: Published, facts: ParcelFacts) -> dict[str, pd.Series]:
    """What features carry, by key: words that do not change, and what they are in each period."""
    told = {name: facts.parcels[name].astype(object).reset_index(drop=True) for name in _FILTERS}
    periods = list(published.periods)
    kinds = read_attributes(published, "inventory", ("parcel_id", "period", "ecosystem_l1", "area_ha"))
    largest = kinds.dropna(subset=["ecosystem_l1"]).sort_values(
        ["area_ha", "ecosystem_l1"], ascending=[False, True], kind="stable"
    )
    spoken = largest.assign(
        ecosystem_l1=name_values("ecosystem_l1", largest["ecosystem_l1"], published.language)
    )
    told |= _spread(spoken, "ecosystem_l1", facts, periods)
    asked = {"parcel_id": WORDS, "period": WORDS, "measure": WORDS, "value": NUMBERS}
    measures = read_columns(published, "parcel_measures", asked)
    if measures is not None:
        cover = measures[measures["measure"] == "fvc_mean"].rename(columns={"value": "fvc_mean"})
        told |= _spread(cover.round({"fvc_mean": 3}), "fvc_mean", facts, periods)
    return told


def _spread(rows: pd.DataFrame, column: str, facts: ParcelFacts, periods: list[str]) -> dict[str, pd.Series]:
    """A column of rows by parcel and period as a column for each period, by key; the first row counts."""
    found = {}
    for period in periods:
        of_period = rows[rows["period"] == period].drop_duplicates("parcel_id")
        values = of_period.set_index(of_period["parcel_id"].astype(object))[column]
        found[f"{column}@{period}"] = values.reindex(facts.parcels.index).reset_index(drop=True)
    return found


def _list_themes(columns: Mapping[str, pd.Series], language: Language) -> Iterator[dict[str, Any]]:
    for name in ("ecosystem_l1", "fvc_mean", "owner_type"):
        held = [values for key, values in columns.items() if key.partition("@")[0] == name]
        if not held:
            continue
        shown = pd.concat(held)
        legend = (
            key_stops(RAMPS["cover"], "", language)
            if name == "fvc_mean"
            else key_values(name, shown, language)
        )
        by_period = name not in columns
        yield {
            "key": name,
            "title": describe_column(name).name(language),
            "property": f"{name}@{_PERIOD}" if by_period else name,
            "legend": legend,
        }


def _build_filter(column: str, values: pd.Series, language: Language) -> dict[str, Any]:
    order = {entry.name(language): number for number, entry in enumerate(list_values(column))}
    names = sorted(values.dropna().unique(), key=lambda name: (order.get(name, len(order)), name))
    options = [{"value": name, "name": name} for name in names]
    return {"title": describe_column(column).name(language), "property": column, "options": options}


def _dump_facts(facts: ParcelFacts) -> Iterator[tuple[int, bytes]]:
    for key, told in enumerate(facts.list_facts()):
        yield key, json.dumps(told, ensure_ascii=False, allow_nan=False, separators=(",", ":")).encode()


def _dump_rows(facts: ParcelFacts) -> Iterator[tuple[int, bytes]]:
    """Rows to search, so many at a time: ids, words to find them by, bounds; the place of the first."""
    parcels = facts.parcels
    words = parcels[list(_FOUND_BY)].astype(object).where(parcels[list(_FOUND_BY)].notna(), "").astype(str)
    towns = (facts.tables["towns"].list_rows(number) for number in range(len(parcels)))
    words = words.assign(town=[" ".join(row["name"] for row in rows) for rows in towns])
    bounds = np.round(parcels.bounds.to_numpy(), _DIGITS)
    for first in range(0, len(parcels), _SEARCH_ROWS):
        cut = slice(first, first + _SEARCH_ROWS)
        told = {
            "ids": list(parcels.index[cut]),
            "words": words.iloc[cut].to_numpy().tolist(),
            "bounds": bounds[cut].tolist(),
        }
        yield first, json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()
