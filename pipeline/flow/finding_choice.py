"""Findings of a register that is too large for all of them to be held."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import shapely
from numpy.typing import NDArray

from pipeline.geodesy import CGCS2000

_KIND = ["severity", "rule"]


@dataclass(frozen=True)
class FindingChoice:
    """Some findings, and how many there are of each `severity` and `rule` (`count`)."""

    rows: gpd.GeoDataFrame
    counts: pd.DataFrame


def choose_findings(path: Path, most: int) -> FindingChoice:
    """The first findings of each kind in the order of a file, at most so many."""
    seen: Counter[tuple[str, str]] = Counter()
    with pq.ParquetFile(path) as file:
        none = file.schema_arrow.empty_table().to_pandas()
        parts = list(_choose_parts(file, most, seen)) or [none]
    rows = pd.concat(parts, ignore_index=True)
    shapes = gpd.GeoSeries(shapely.from_wkb(rows["geometry"].to_numpy(dtype=object)), crs=CGCS2000)
    told = [(*kind, count) for kind, count in sorted(seen.items())]
    return FindingChoice(
        gpd.GeoDataFrame(rows.assign(geometry=shapes), geometry="geometry", crs=CGCS2000),
        pd.DataFrame(told, columns=[*_KIND, "count"]),
    )


def _choose_parts(file: pq.ParquetFile, most: int, seen: Counter[tuple[str, str]]) -> Iterator[pd.DataFrame]:
    """Of every row group what is chosen of it; only groups of which something is are read whole."""
    for group in range(file.num_row_groups):
        chosen = _mark_first(file.read_row_group(group, _KIND).to_pandas(), most, seen)
        if chosen.any():
            yield file.read_row_group(group).filter(chosen).to_pandas()


def _mark_first(kinds: pd.DataFrame, most: int, seen: Counter[tuple[str, str]]) -> NDArray[np.bool_]:
    groups = kinds.groupby(_KIND, sort=False, observed=True)
    counted = groups.size().reset_index(name="count").itertuples(index=False, name=None)
    before = [seen[kind] for kind in zip(kinds["severity"], kinds["rule"], strict=True)]
    seen.update({(severity, rule): count for severity, rule, count in counted})
    chosen: NDArray[np.bool_] = groups.cumcount().to_numpy() + np.array(before, dtype=np.int64) < most
    return chosen
