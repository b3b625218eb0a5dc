"""Schemes of the health of rivers and lakes: layers, criteria and scores, from configs/health or the user."""

from collections.abc import Iterator, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, Field, ValidationError, model_validator

from pipeline import standards
from pipeline.aoi import PROJECT_ROOT
from pipeline.errors import Problem, SettingsError
from pipeline.settings import text
from pipeline.settings.paths import list_health_schemes
from pipeline.settings.sections import WaterBody
from pipeline.settings.strict import Strict

Score = Annotated[float, Field(ge=0, le=100)]
_WHOLE = 1e-9
"""By so much the weights of a whole may miss 1."""


def _check_measure(measure: str) -> str:
    known = [row["measure"] for row in standards.read_rows("health_measures")]
    if measure not in known:
        raise ValueError(f"a measure of the table health_measures: {', '.join(known)}")
    return measure


class Sourced(Strict):
    """What a document says, or should: `source` tells where, `confirmed` whether it was seen there."""

    source: Annotated[str, Field(min_length=1)]
    confirmed: bool


class Weight(Sourced):
    """A share of the whole above."""

    value: Annotated[float, Field(gt=0, le=1)]


class LinearScore(Sourced):
    """Scores at some values, straight between them, those of the ends beyond them."""

    kind: Literal["linear"]
    points: Annotated[list[tuple[float, Score]], Field(min_length=2)]

    @model_validator(mode="after")
    def _rising(self) -> Self:
        if not all(one[0] < other[0] for one, other in pairwise(self.points)):
            raise ValueError("points whose values rise")
        return self


class ScoreStep(Strict):
    """A score from a value on, up to that of the next step; the first has no `begins`."""

    begins: float | None = None
    score: Score


class StepScore(Sourced):
    """A score for each range of values; a value on a bound is of the step `above` it, or of that `below`."""

    kind: Literal["steps"]
    steps: Annotated[list[ScoreStep], Field(min_length=2)]
    on_bound: Literal["above", "below"] = "above"

    @model_validator(mode="after")
    def _rising(self) -> Self:
        bounds = [step.begins for step in self.steps]
        known = [bound for bound in bounds if bound is not None]
        if bounds[0] is not None or len(known) != len(bounds) - 1 or known != sorted(set(known)):
            raise ValueError("steps that rise, of which only the first has no `begins`")
        return self


Scoring = Annotated[LinearScore | StepScore, Field(discriminator="kind")]


class ScoredPart(Strict):
    """A measure of the table `health_measures`, and the scores of its values."""

    measure: Annotated[str, AfterValidator(_check_measure)]
    scoring: Scoring


class Criterion(Strict):
    """A criterion of a layer: its weight in the layer, and the least score, or the mean, of its parts.

    One without parts has a score only where a table tells it.
    """

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    name_zh: str
    name_en: str
    weight: Weight
    parts: list[ScoredPart] = []
    take: Literal["least", "mean"] = "least"


class SchemeLayer(Strict):
    """Criteria that are judged together: weights of them, and that of the layer in the whole."""

    key: Annotated[str, Field(pattern=r"^[a-z][a-z0-9_]*$")]
    name_zh: str
    name_en: str
    weight: Weight
    criteria: Annotated[list[Criterion], Field(min_length=1)]


class HealthClass(Strict):
    """A class from a score on, up to that of the class before it."""

    key: str
    at_least: Score
    name_zh: str
    name_en: str


class Classes(Sourced):
    """The classes of a scheme, the best first; the last begins at 0."""

    bounds: Annotated[list[HealthClass], Field(min_length=1)]

    @model_validator(mode="after")
    def _falling(self) -> Self:
        limits = [one.at_least for one in self.bounds]
        if limits != sorted(set(limits), reverse=True) or limits[-1] != 0:
            raise ValueError("classes that fall to one from 0 on")
        return self


class HealthScheme(Strict):
    """How the health of a kind of body is judged after one document."""

    name_zh: str
    name_en: str
    source: str
    water_body: WaterBody
    classes: Classes
    layers: Annotated[list[SchemeLayer], Field(min_length=1)]
    unconfirmed: list[str]

    @model_validator(mode="after")
    def _whole(self) -> Self:
        problems = [*_find_bad_sums(self.layers), *_find_doubles(self.layers)]
        if problems:
            raise ValueError("; ".join(problems))
        return self

    def list_criteria(self) -> Iterator[tuple[SchemeLayer, Criterion]]:
        """All criteria with their layers, in order."""
        return ((layer, criterion) for layer in self.layers for criterion in layer.criteria)


def _find_bad_sums(layers: Sequence[SchemeLayer]) -> Iterator[str]:
    groups = {"layers": [layer.weight.value for layer in layers]}
    groups |= {f"criteria of {layer.key}": [one.weight.value for one in layer.criteria] for layer in layers}
    for name, weights in groups.items():
        if abs(sum(weights) - 1) > _WHOLE:
            yield f"weights of the {name} that sum to 1, not {sum(weights):.6g}"


def _find_doubles(layers: Sequence[SchemeLayer]) -> Iterator[str]:
    keys = [layer.key for layer in layers], [one.key for layer in layers for one in layer.criteria]
    for found in keys:
        yield from (f"{key} once" for key in dict.fromkeys(found) if found.count(key) > 1)


def find_health_scheme(scheme: str) -> Path:
    """The file of a shipped scheme's id, else the path that was given; SettingsError when it is not there."""
    shipped = scheme in list_health_schemes()
    path = PROJECT_ROOT / "configs" / "health" / f"{scheme}.yaml" if shipped else Path(scheme)
    if not path.is_file():
        expected = f"a file, or one of {', '.join(list_health_schemes())}"
        raise SettingsError(
            "A scheme of health is missing", [Problem("assessment.health.schemes", scheme, expected)]
        )
    return path


def load_health_scheme(scheme: str, kind: WaterBody | None = None) -> HealthScheme:
    """A scheme by id or path; SettingsError lists its mistakes with their lines, or its other kind."""
    path = find_health_scheme(scheme)
    node, content = text.parse(path, text.read(path))
    problems = list(text.find_duplicate_keys(path, node))
    try:
        found = HealthScheme.model_validate(content)
    except ValidationError as error:
        problems += text.to_problems(path, node, content, error.errors())
    if problems:
        raise SettingsError(f"The scheme of health {path} has {len(problems)} mistake(s)", problems)
    if kind is not None and found.water_body != kind:
        problem = Problem(
            f"assessment.health.schemes.{kind}", f"{scheme}, of a {found.water_body}", f"one of a {kind}"
        )
        raise SettingsError("A scheme of health is of another kind of body", [problem])
    return found
