"""Why figures of two deliveries may differ, as far as their manifests tell it."""

from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.maps import registry
from pipeline.periods import list_periods

_QUERY = {"start", "end", "period", "provider"}


def list_reasons(old: Mapping[str, Any], new: Mapping[str, Any]) -> pd.DataFrame:
    """What the manifests differ in: subject, period (null for all), and in words what."""
    columns = ["subject", "period", "what"]
    if not (old and new):
        return pd.DataFrame(columns=columns, dtype=object)
    rows = [
        *_compare_scenes(old, new),
        *_compare_files(old, new),
        *_compare_methods(old, new),
        *_compare_endmembers(old, new),
        *_compare_steps(old, new),
        *_compare_versions(old, new),
    ]
    return pd.DataFrame(rows, columns=columns, dtype=object)


def _compare_scenes(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    sides = [_list_scenes_by_period(manifest) for manifest in (old, new)]
    rows = []
    for period in sorted(set(sides[0]) & set(sides[1])):
        gone, come = (len(sides[a][period] - sides[1 - a][period]) for a in (0, 1))
        if gone or come:
            words = f"影像不同：去 {gone} 景、增 {come} 景 / other scenes: {gone} less, {come} more"
            rows.append(("scenes", period, words))
    return rows


def _list_scenes_by_period(manifest: Mapping[str, Any]) -> dict[str, set[tuple[str, str]]]:
    query = manifest["config"]["scenes"]
    start, end = (date.fromisoformat(str(query[name])) for name in ("start", "end"))
    return {
        period.label: {
            (scene["id"], scene["item_sha256"])
            for scene in manifest["scenes"]
            if period.holds(datetime.fromisoformat(scene["datetime"]))
        }
        for period in list_periods(start, end, query["period"])
    }


def _compare_files(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, None, str]]:
    """Files of the register, and other inputs, whose content differs."""
    names = sorted(set(old["inputs"]) | set(new["inputs"]))
    unlike = [name for name in names if old["inputs"].get(name) != new["inputs"].get(name)]
    register = {Path(config["path"]).stem for side in (old, new) if (config := side["config"].get("parcels"))}
    words = {"simulated": "模拟世界不同 / another simulated world"}
    return [
        (
            "register" if Path(name).stem in register else "inputs",
            None,
            words.get(name, f"输入文件不同：{name} / other content of {name}"),
        )
        for name in unlike
    ]


def _compare_methods(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, None, str]]:
    rows = []
    for name, before, after in _compare_settings(old, new):
        if before != after:
            rows.append(("method", None, f"设置不同：{name} / other setting {name}: {before} → {after}"))
    return rows


def _compare_settings(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, Any, Any]]:
    """Settings that decide figures: name, value before, value after."""
    sides = old["config"], new["config"]
    blocks = dict.fromkeys([*(name for step in registry.STEPS for name in step.config), "sections"])
    pairs = [(name, sides[0].get(name), sides[1].get(name)) for name in blocks]
    queries = sides[0]["scenes"], sides[1]["scenes"]
    names = sorted((set(queries[0]) | set(queries[1])) - _QUERY)
    return [*pairs, *((f"scenes.{name}", queries[0].get(name), queries[1].get(name)) for name in names)]


def _compare_endmembers(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, str, str]]:
    """Periods whose cover has other endmembers, which it has in common with those of the run."""
    sides = [manifest.get("endmembers", {}).get("periods", {}) for manifest in (old, new)]
    return [
        ("endmembers", period, f"端元不同 / other endmembers: {_tell_ends(before)} → {_tell_ends(after)}")
        for period, before in sides[0].items()
        if _tell_ends(after := sides[1].get(period, before)) != _tell_ends(before)
    ]


def _tell_ends(ends: Mapping[str, Any] | None) -> str:
    """NDVI of bare soil and of full vegetation, by class where they differ by class."""
    if ends is None:
        return "无 none"
    if "own" in ends:
        own = "; ".join(f"{code}: {soil:g} / {full:g}" for code, soil, full in ends["own"])
        return f"{own}; {_tell_ends(ends['otherwise'])}"
    return f"{ends['soil']:g} / {ends['vegetation']:g}"


def _compare_steps(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, None, str]]:
    """Maps that both sides have, made in another way."""
    sides = old.get("steps", {}), new.get("steps", {})
    return [
        ("method", None, f"制图步骤版本不同：{name} / other version of step {name}: {before} → {after}")
        for name, before in sides[0].items()
        if (after := sides[1].get(name, before)) != before
    ]


def _compare_versions(old: Mapping[str, Any], new: Mapping[str, Any]) -> list[tuple[str, None, str]]:
    sides = old["versions"], new["versions"]
    return [
        ("version", None, f"版本不同：{name} / other version of {name}: {before} → {after}")
        for name in sorted(set(sides[0]) | set(sides[1]))
        if (before := sides[0].get(name)) != (after := sides[1].get(name))
    ]
