"""Criteria of a scheme from the figures of a body: values, scores, what they rest on, why one is left out."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from pipeline import standards
from pipeline.assessment.health.scores import score_values
from pipeline.settings.health_schemes import Criterion, SchemeLayer, ScoredPart

NOT_TOLD = "没有数据：{names}（未计入） / no data: {names}, left out"
ONLY_TOLD = "没有赋分：此项只取表中直接给出的赋分（未计入） / no score told; this one is only told as such"


class HealthFigure(NamedTuple):
    """A value of a measure of a body, or a score of a criterion, with what it rests on.

    `value` is NaN where it is not known, and then `reason` says why. `basis` is sections, maps, table or
    score.
    """

    value: float
    basis: str
    inputs: str | None = None
    numerator: float = float("nan")
    denominator: float = float("nan")
    reason: str | None = None
    indicative: bool = False


Figures = Mapping[str, HealthFigure]
"""Figures of one body and period by measure, told scores by `score:` and the key of the criterion."""


def judge_criterion(layer: SchemeLayer, criterion: Criterion, figures: Figures) -> dict[str, Any]:
    """A row of HEALTH_CRITERIA without its body; a score that is told goes before those of parts."""
    weights = layer.weight, criterion.weight
    row = {
        "layer": layer.key,
        "criterion": criterion.key,
        "name_zh": criterion.name_zh,
        "name_en": criterion.name_en,
        "weight": layer.weight.value * criterion.weight.value,
        "weight_in_layer": criterion.weight.value,
        "source": join_texts(_list_sources(criterion)),
    }
    told = figures.get(f"score:{criterion.key}")
    if told is not None and not np.isnan(told.value):
        unsure = told.indicative or not all(weight.confirmed for weight in weights)
        return {**row, "score": told.value, "basis": "score", "inputs": told.inputs, "indicative": unsure}
    return {**row, **_score_parts(criterion, figures, unsure=not all(weight.confirmed for weight in weights))}


def _score_parts(criterion: Criterion, figures: Figures, *, unsure: bool) -> dict[str, Any]:
    """Score of a criterion from its parts, and the part that decides; the reason where none has a value."""
    scored = list(_score_each(criterion.parts, figures))
    missing = [
        part.measure for part in criterion.parts if part.measure not in {one.measure for one, *_ in scored}
    ]
    if not scored:
        return {
            "score": np.nan,
            "indicative": unsure,
            "reason": _explain_missing(criterion, missing, figures),
        }
    part, figure, lowest = min(scored, key=lambda one: one[2])
    score = lowest if criterion.take == "least" else float(np.mean([one[2] for one in scored]))
    unsure = unsure or any(one.indicative or not part.scoring.confirmed for part, one, _ in scored)
    return {
        "score": score,
        "measure": part.measure,
        "value": figure.value,
        "unit": load_measures()[part.measure]["unit"],
        "numerator": figure.numerator,
        "denominator": figure.denominator,
        "basis": figure.basis,
        "inputs": join_texts(_describe(part, figure, score) for part, figure, score in scored),
        "indicative": unsure or bool(missing),
        "reason": _explain_missing(criterion, missing, figures) if missing else None,
    }


def _score_each(
    parts: Sequence[ScoredPart], figures: Figures
) -> Iterator[tuple[ScoredPart, HealthFigure, float]]:
    for part in parts:
        figure = figures.get(part.measure)
        if figure is not None and not np.isnan(figure.value):
            yield part, figure, float(score_values(figure.value, part.scoring))


def _describe(part: ScoredPart, figure: HealthFigure, score: float) -> str:
    name = load_measures()[part.measure]["name_zh"]
    said = f"{name} {figure.value:.6g} → {score:.6g}"
    return f"{said}（{figure.inputs}）" if figure.inputs else said


def _explain_missing(criterion: Criterion, missing: Sequence[str], figures: Figures) -> str:
    if not criterion.parts:
        return ONLY_TOLD
    reasons = [figures[name].reason for name in missing if name in figures and figures[name].reason]
    names = "、".join(f"{load_measures()[name]['name_zh']} {name}" for name in missing)
    return join_texts([NOT_TOLD.format(names=names), *reasons]) or ""


def _list_sources(criterion: Criterion) -> list[str]:
    named = [*(part.scoring.source for part in criterion.parts), criterion.weight.source]
    return list(dict.fromkeys(named))


def join_texts(texts: Iterable[str | None]) -> str | None:
    """Texts joined by `；`, null for none."""
    return "；".join(text for text in texts if text) or None


def load_measures() -> Mapping[str, Mapping[str, str]]:
    """The rows of the table `health_measures` by measure."""
    return {row["measure"]: row for row in standards.read_rows("health_measures")}
