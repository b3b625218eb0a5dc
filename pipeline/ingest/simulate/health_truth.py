"""What the health of the simulated rivers and lake should come to, by the guide of 2020 in plain numbers."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import shapely
from numpy.typing import NDArray
from scipy.stats import spearmanr

from pipeline.ingest.simulate.health_estate import (
    BANK_M,
    LAKE,
    MANAGEMENT_M,
    NAMES,
    SHARED,
    Sampled,
    list_flows,
    list_measure_statements,
    look_at,
    measure_reference,
    measure_water,
    outline_bodies,
)
from pipeline.ingest.simulate.landscape import KINDS, WATER
from pipeline.ingest.simulate.world import SIMULATED, World
from pipeline.periods import Period

Curve = tuple[Sequence[float], Sequence[float]]

_LIMITS: Mapping[str, Sequence[float]] = {"CODMn": (2, 4, 6, 10, 15), "NH3N": (0.15, 0.5, 1, 1.5, 2)}
_PHOSPHORUS = {"river": (0.02, 0.1, 0.2, 0.3, 0.4), "lake": (0.01, 0.025, 0.05, 0.1, 0.2)}
_OXYGEN = (7.5, 6, 5, 3, 2)
_QUALITY: Curve = (0, 2, 3, 4, 5, 6), (100, 90, 75, 60, 40, 0)
_PURIFICATION: Curve = (0, 2, 3, 6, 7.5), (0, 10, 30, 80, 100)
_TROPHIC: Curve = (42, 45, 50, 60, 62.5, 65, 70), (100, 80, 60, 50, 30, 10, 0)
_TREND: Curve = (-1, 0, 1), (100, 75, 0)
_BUILT: Curve = (0, 0.05, 0.2), (100, 60, 0)
_LOSS: Curve = (0.05, 0.1, 0.2, 0.3, 0.4), (100, 60, 30, 10, 0)
_FLOW: Mapping[str, Curve] = {
    "wet": ((0, 0.1, 0.3, 0.4, 0.5), (0, 20, 40, 80, 100)),
    "dry": ((0, 0.05, 0.1, 0.2, 0.3), (0, 20, 40, 80, 100)),
}
_TOLD: Mapping[tuple[str, float], float] = {
    ("fish_index", 0.75): 60, ("fish_index", 1.0): 100, ("public_view", 86.0): 80, ("flood_share", 0.9): 75,
    ("supply_share", 0.85): 60, ("bank_cover", 0.6): 75, ("bank_cover", 0.8): 100, ("barriers", 0.25): 60,
    ("level_guarantee", 0.9): 80, ("macrophyte_cover", 0.3): 50,
    ("score:tidiness", 85.0): 85, ("score:connectivity", 70.0): 70,
}  # fmt: skip
_WEIGHTS: Mapping[str, Mapping[str, tuple[float, Mapping[str, float]]]] = {
    "river": {
        "basin": (0.2, {"shoreline": 0.4, "illegal_use": 0.3, "connectivity": 0.3}),
        "water": (0.3, {"ecological_flow": 0.25, "water_quality": 0.25, "quality_trend": 0.15,
                        "self_purification": 0.2, "tidiness": 0.15}),
        "biology": (0.2, {"fish": 0.6, "alien_species": 0.4}),
        "service": (0.3, {"public": 0.4, "flood": 0.2, "supply": 0.2, "planning": 0.2}),
    },
    "lake": {
        "basin": (0.2, {"area_loss": 0.25, "shoreline": 0.25, "illegal_use": 0.25, "connectivity": 0.25}),
        "water": (0.3, {"least_level": 0.25, "water_quality": 0.25, "trophic_state": 0.25,
                        "self_purification": 0.25}),
        "biology": (0.2, {"fish": 0.5, "plankton": 0.25, "macrophytes": 0.25}),
        "service": (0.3, {"public": 0.4, "flood": 0.2, "supply": 0.2, "planning": 0.2}),
    },
}  # fmt: skip
_NAMED = {
    "fish": "fish_index", "public": "public_view", "flood": "flood_share", "supply": "supply_share",
    "connectivity": "barriers", "least_level": "level_guarantee", "macrophytes": "macrophyte_cover",
}  # fmt: skip
_CLASSES = ((90, "1"), (75, "2"), (60, "3"), (40, "4"), (0, "5"))
_CRITICAL = {5: 0.9, 6: 0.829, 7: 0.714, 8: 0.643, 9: 0.6, 10: 0.564, 11: 0.564, 12: 0.506}
_LEAST = 0.6
_LEAST_ROUNDS = 0.8
_DECIDING = ("CODMn", "NH3N", "TP", "DO")


def write_health_truth(world: World, sampled: Sequence[Sampled], path: Path) -> None:
    """By body and period: positions of classes, scores of criteria, score, class; and zones by period."""
    content = {
        "simulated": SIMULATED,
        "schemes": {"river": "guide-2020-river", "lake": "guide-2020-lake"},
        "bodies": {body: _describe_body(world, sampled, body) for body in NAMES},
        "zones": _describe_zones(world, sampled),
    }
    path.write_text(json.dumps(content, ensure_ascii=False, indent=1, sort_keys=True), encoding="utf-8")


def _describe_body(world: World, sampled: Sequence[Sampled], body: str) -> dict[str, Any]:
    own = [entry for entry in sampled if entry.body == body]
    kind = "lake" if body == LAKE else "river"
    periods: dict[str, Any] = {}
    positions: list[float] = []
    for period in world.periods:
        means = _pool([entry.table for entry in own], period)
        positions.append(_find_position(means, kind))
        scores = _score(world, body, period, means, positions)
        periods[period.label] = {
            "position": positions[-1],
            "sides": _describe_sides(own, period, kind),
            "ground": _measure_ground(world, body, period),
            "scores": scores,
            **_total(kind, scores),
        }
    return {
        "name": NAMES[body],
        "sections": sorted(one.section.section_id for one in own),
        "periods": periods,
    }


def _describe_sides(own: Sequence[Sampled], period: Period, kind: str) -> dict[str, float]:
    sides = sorted({entry.province for entry in own})
    tables = {side: [entry.table for entry in own if entry.province == side] for side in sides}
    return {side: _find_position(_pool(tables[side], period), kind) for side in sides}


def _pool(tables: Sequence[pd.DataFrame], period: Period) -> dict[str, float]:
    """Mean over sections of the means of a period, half the limit for what is below detection."""
    found: dict[str, list[float]] = {}
    for table in tables:
        rows = table[table["period"] == period.label]
        for code in (*_DECIDING, "TN", "Chla", "SD"):
            values = [
                value / 2 if code in below.split(";") else value
                for value, below in zip(rows.get(code, []), rows["below"], strict=False)
                if not np.isnan(value)
            ]
            if values:
                found.setdefault(code, []).append(float(np.mean(values)))
    return {code: float(np.mean(values)) for code, values in found.items()}


def _find_position(means: Mapping[str, float], kind: str) -> float:
    limits = {**_LIMITS, "TP": _PHOSPHORUS[kind]}
    places = [
        np.interp(means[code], (0, *bounds, 2 * bounds[-1]), range(7))
        for code, bounds in limits.items()
        if code in means
    ]
    if "DO" in means:
        places.append(np.interp(-means["DO"], (-15, *(-bound for bound in _OXYGEN), 0), range(7)))
    return float(max(places))


def _score(
    world: World, body: str, period: Period, means: Mapping[str, float], positions: Sequence[float]
) -> dict[str, float]:
    """Scores of the criteria that are known."""
    told = _list_office_inputs(world, body, period)
    scores = {
        "water_quality": float(np.interp(positions[-1], *_QUALITY)),
        "self_purification": float(np.interp(means["DO"], *_PURIFICATION)),
        **{criterion: told[measure] for criterion, measure in _NAMED.items() if measure in told},
        **{name.removeprefix("score:"): score for name, score in told.items() if name.startswith("score:")},
    }
    scores |= _score_flow(world, body, period) | _score_ground(world, body, period, told)
    if body == LAKE:
        scores["trophic_state"] = float(np.interp(_find_trophic_level(means), *_TROPHIC))
    elif (trend := _find_trend(positions)) is not None:
        scores["quality_trend"] = float(np.interp(trend, *_TREND))
    kind = "lake" if body == LAKE else "river"
    known = {criterion for _, criteria in _WEIGHTS[kind].values() for criterion in criteria}
    return {criterion: score for criterion, score in scores.items() if criterion in known}


def _list_office_inputs(world: World, body: str, period: Period) -> dict[str, float]:
    if period.first.year != period.last.year:
        return {}
    rows = [
        one for one in list_measure_statements(world) if one.body == body and one.year == period.first.year
    ]
    return {one.measure: _TOLD[one.measure, one.value] for one in rows}


def _score_flow(world: World, body: str, period: Period) -> dict[str, float]:
    seasons: dict[str, list[float]] = {}
    for name, day, flow in list_flows(world):
        if name == body and period.first <= day and pd.Period(day, "M").end_time.date() <= period.last:
            seasons.setdefault("wet" if 4 <= day.month <= 9 else "dry", []).append(flow)  # noqa: PLR2004 months
    scores = [float(np.interp(min(flows) / 100, *_FLOW[season])) for season, flows in seasons.items()]
    return {"ecological_flow": min(scores)} if scores else {}


def _score_ground(world: World, body: str, period: Period, told: Mapping[str, float]) -> dict[str, float]:
    """Scores of what maps should tell along the bodies that lie in the area."""
    shares = _measure_ground(world, body, period)
    if not shares:
        return {}
    shores = [100 * shares["natural_bank"]] if "natural_bank" in shares else []
    shores += [told["bank_cover"]] if "bank_cover" in told else []
    scores = {"illegal_use": float(np.interp(shares["built_inside"], *_BUILT))}
    scores |= {"shoreline": float(np.mean(shores))} if shores else {}
    return scores | ({"area_loss": float(np.interp(shares["area_loss"], *_LOSS))} if body == LAKE else {})


def _measure_ground(world: World, body: str, period: Period) -> dict[str, float]:
    """Shares of the ground along a body that lies in the area, at the end of a period."""
    if body == SHARED:
        return {}
    water = outline_bodies(world)[body]
    bank = look_at(world, shapely.difference(shapely.buffer(water, BANK_M), water), period.last)
    managed = look_at(world, shapely.buffer(water, MANAGEMENT_M), period.last)
    land = bank[bank != WATER]
    shares = {"natural_bank": 1 - _share_built_land(land)} if land.size else {}
    shares |= {"built_inside": _share_built_land(managed)}
    lost = 1 - measure_water(world, period.last) / measure_reference(world)
    return shares | ({"area_loss": max(0.0, lost)} if body == LAKE else {})


def _share_built_land(kinds: NDArray[np.uint8]) -> float:
    built = [number for number, kind in enumerate(KINDS) if kind.cover_class == "built"]
    return float(np.isin(kinds, built).mean())


def _find_trophic_level(means: Mapping[str, float]) -> float:
    levels = {
        "Chla": 10 * (2.5 + 1.086 * np.log(means["Chla"] * 1000)),
        "TP": 10 * (9.436 + 1.624 * np.log(means["TP"])),
        "TN": 10 * (5.453 + 1.694 * np.log(means["TN"])),
        "SD": 10 * (5.118 - 1.94 * np.log(means["SD"])),
        "CODMn": 10 * (0.109 + 2.661 * np.log(means["CODMn"])),
    }
    squares = {"Chla": 1.0, "TP": 0.7056, "TN": 0.6724, "SD": 0.6889, "CODMn": 0.6889}
    return float(sum(levels[code] * squares[code] for code in levels) / sum(squares.values()))


def _find_trend(positions: Sequence[float]) -> float | None:
    """Spearman's correlation with time, 0 where it is not significant; None for fewer than five periods."""
    if len(positions) not in _CRITICAL:
        return None
    correlation = float(spearmanr(range(len(positions)), positions).statistic)
    return correlation if abs(correlation) >= _CRITICAL[len(positions)] else 0.0


def _total(kind: str, scores: Mapping[str, float]) -> dict[str, Any]:
    layers, known = {}, 0.0
    for layer, (weight, criteria) in _WEIGHTS[kind].items():
        here = {criterion: share for criterion, share in criteria.items() if criterion in scores}
        known += weight * sum(here.values())
        if here:
            layers[layer] = sum(scores[one] * share for one, share in here.items()) / sum(here.values())
    weights = {layer: _WEIGHTS[kind][layer][0] for layer in layers}
    score = sum(layers[layer] * weight for layer, weight in weights.items()) / sum(weights.values())
    found = next(name for bound, name in _CLASSES if score >= bound) if known >= _LEAST - 1e-9 else None
    return {"layers": layers, "score": score, "known_weight": known, "health_class": found}


def _describe_zones(world: World, sampled: Sequence[Sampled]) -> dict[str, Any]:
    """Rounds judged and met of each zone by period and variant, and whether that complies."""
    own = [entry for entry in sampled if not entry.is_neighbours]
    others = [entry for entry in sampled if entry.is_neighbours and entry.body == SHARED]
    lake = [entry for entry in sampled if entry.body == LAKE]
    zones = {"SIM-Z1": (own[:1], 3), "SIM-Z2": (own[1:3], 3), "SIM-Z3": (others, 3), "SIM-Z4": (lake[:1], 2)}
    return {
        zone: {period.label: _judge_variants(*planted, period) for period in world.periods}
        for zone, planted in zones.items()
    }


def _judge_variants(entries: Sequence[Sampled], target: int, period: Period) -> dict[str, Any]:
    variants = ("two_factor", "full_factor")
    return {variant: _judge_zone(entries, target, variant, period) for variant in variants}


def _judge_zone(entries: Sequence[Sampled], target: int, variant: str, period: Period) -> dict[str, Any]:
    months: dict[str, list[bool]] = {}
    for entry in entries:
        rows = entry.table[entry.table["period"] == period.label]
        for record in rows.to_dict("records"):
            kept = _keep_target(record, target, variant, "lake" if entry.body == LAKE else "river")
            if kept is not None:
                months.setdefault(f"{record['day']:%Y-%m}", []).append(kept)
    met = sum(all(kept) for kept in months.values())
    complies = met / len(months) >= _LEAST_ROUNDS - 1e-9 if months else None
    return {"rounds": len(months), "rounds_met": met, "met": complies}


def _keep_target(record: Mapping[Any, Any], target: int, variant: str, kind: str) -> bool | None:
    values = {
        code: record[code] / 2 if code in record["below"].split(";") else record[code]
        for code in _DECIDING
        if code in record and not np.isnan(record[code])
    }
    if variant == "two_factor" and not {"CODMn", "NH3N"} <= set(values):
        return None
    limits = {**_LIMITS, "TP": _PHOSPHORUS[kind]}
    kept = {code: values[code] <= limits[code][target - 1] for code in values if code in limits}
    if "DO" in values:
        kept["DO"] = values["DO"] >= _OXYGEN[target - 1]
    wanted = ("CODMn", "NH3N") if variant == "two_factor" else tuple(kept)
    return all(kept[code] for code in wanted)
