"""What the figures of a delivery rest on: the row that they stand in, their scenes, their inputs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd
import shapely

from pipeline.errors import Problem, SettingsError
from pipeline.outputs.published import Published
from pipeline.storage.tables import load_json

_TOLD = {
    "mission": "mission",
    "platform": "ecoledger:platform",
    "datetime": "datetime",
    "tile": "ecoledger:tile",
    "cloud_percent": "eo:cloud_cover",
    "baseline": "ecoledger:baseline",
    "offset_source": "ecoledger:offset_source",
    "offset_evidence": "ecoledger:offset_evidence",
    "item_sha256": "ecoledger:item_sha256",
    "simulated": "ecoledger:simulated",
}
"""Columns of scenes, and the properties of their items that tell them."""
_CHANGE = "/"


@dataclass(frozen=True)
class Evidence:
    """What a figure rests on.

    `figure` is its row (value, unit, numerator, denominator, low, high, source, reason, indicative), `place`
    the table and the line that it stands in, `scenes` those of its days, `inputs` the files that the delivery
    was made from with their SHA-256, `versions` those of the program and its libraries.
    """

    place: str
    figure: pd.Series
    scenes: gpd.GeoDataFrame
    inputs: Mapping[str, str]
    versions: Mapping[str, str]

    def __str__(self) -> str:
        told = self.figure
        value = "unknown" if pd.isna(told["value"]) else f"{float(told['value'])!r} {told['unit']}"
        lines = [
            f"{told['indicator']} {told['period']} = {value}",
            *self._list_told("numerator", "denominator"),
            *self._list_told("low", "high"),
            *self._list_told("source"),
            *self._list_told("reason"),
            f"place {self.place}",
            f"scenes {len(self.scenes)}: {', '.join(self.scenes['id'])}",
        ]
        return "\n  ".join(lines)

    def _list_told(self, *names: str) -> list[str]:
        """A line of what is known of some columns, none where nothing is."""
        told = [f"{name} {self.figure[name]}" for name in names if pd.notna(self.figure[name])]
        return [", ".join(told)] if told else []


def read_scenes(published: Published) -> gpd.GeoDataFrame:
    """The scenes of a delivery; see `Delivery.scenes`."""
    names = [name for name in published.manifest["files"] if name.startswith("scenes/")]
    items = [load_json(published.find_file(name)) for name in sorted(names)]
    columns = {"id": [item["id"] for item in items], **{name: _list_said(items, name) for name in _TOLD}}
    outlines = [shapely.geometry.shape(item["geometry"]) if item["geometry"] else None for item in items]
    scenes = gpd.GeoDataFrame(columns, geometry=outlines, crs="EPSG:4326")
    scenes["datetime"] = pd.to_datetime(scenes["datetime"], format="ISO8601", utc=True)
    return scenes.sort_values(["datetime", "id"], ignore_index=True)


def _list_said(items: list[dict[str, Any]], name: str) -> list[Any]:
    return [item["properties"].get(_TOLD[name]) for item in items]


def explain_figure(
    published: Published,
    indicators: pd.DataFrame,
    scenes: gpd.GeoDataFrame,
    indicator: str,
    period: str | None,
) -> Evidence:
    """What a figure rests on; see `Delivery.explain`."""
    rows = indicators[indicators["indicator"] == indicator]
    _refuse_unknown("indicator", indicator, indicators["indicator"], found=len(rows) > 0)
    held = rows if period is None else rows[rows["period"] == period]
    _refuse_unknown("period", period, rows["period"], found=len(held) > 0)
    figure = held.iloc[-1]
    return Evidence(
        place=f"tables/indicators.csv, line {held.index[-1]}",
        figure=figure,
        scenes=_choose_scenes(published, scenes, str(figure["period"])),
        inputs=published.manifest.get("inputs", {}),
        versions=published.manifest.get("versions", {}),
    )


def _refuse_unknown(what: str, asked: str | None, known: pd.Series, *, found: bool) -> None:
    if not found:
        problem = Problem(what, repr(asked), f"one of {', '.join(dict.fromkeys(map(str, known)))}")
        raise SettingsError(f"No such {what} in the delivery", [problem])


def _choose_scenes(published: Published, scenes: gpd.GeoDataFrame, label: str) -> gpd.GeoDataFrame:
    """The scenes of the days of a period, of both of a change; all where the figure is of another time."""
    spans = [published.periods[one] for one in label.split(_CHANGE) if one in published.periods]
    if not spans:
        return scenes
    held = [any(span.holds(moment) for span in spans) for moment in scenes["datetime"]]
    return scenes[held].reset_index(drop=True)
