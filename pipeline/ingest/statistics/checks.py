"""Figures of statistics held against each other: totals, repetitions, parts of sums, prices and outputs."""

from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import replace

from pipeline.ingest import rejects
from pipeline.ingest.rejects import Advice, Reject
from pipeline.ingest.samples.headings import fold
from pipeline.ingest.statistics import advice
from pipeline.ingest.statistics.figures import Figure
from pipeline.ingest.statistics.words import index_products, load_items

_PRECISION = 1e-9
_OUTPUT, _PRICE = "output.", "price."

Checked = tuple[list[Figure], list[Reject]]


def hold_together(figures: Sequence[Figure], area: str, regions: Sequence[str]) -> Checked:
    """Figures of an area and its regions that nothing speaks against, each once, and why the others are not.

    Of what adds up the regions together are no more than the area, and all of them are it.
    """
    lost: list[Reject] = []
    steps: list[Callable[[Sequence[Figure]], Checked]] = [
        check_totals,
        drop_elsewhere,
        drop_repeats,
        drop_sums_of_products,
        check_prices,
        lambda known: settle_levels(known, area, regions),
    ]
    known = list(figures)
    for step in steps:
        known, more = step(known)
        lost += more
    return known, lost


def check_totals(figures: Sequence[Figure]) -> Checked:
    """Figures without the totals of tables; where one is not the sum of its parts, without those as well."""
    groups = _group(figures, lambda one: (one.file, one.sheet, one.column, one.year, one.item, one.product))
    kept, lost = [], []
    for group in groups.values():
        totals = [one for one in group if one.region is None]
        parts = [one for one in group if one.region is not None]
        wrong = [one for one in totals if _adds_up(one) and parts and not _agree(one, parts)]
        lost += [one.reject(advice.A_TOTAL) for one in totals if not (parts and _adds_up(one))]
        lost += [_reject_sum(one, parts, advice.TOTAL_DIFFERS) for one in wrong]
        lost += [one.reject(advice.TOTAL_DIFFERS, sum=_write(_sum(parts))) for one in parts if wrong]
        kept += [] if wrong else parts
    return kept, lost


def drop_elsewhere(figures: Sequence[Figure]) -> Checked:
    """Figures of the area, and a reject for each place elsewhere that a sheet tells of."""
    elsewhere = {(one.file, one.sheet, one.region): one for one in reversed(figures) if one.is_elsewhere}
    lost = [
        Reject(one.file, one.sheet, one.row, "", str(one.region), advice.ELSEWHERE)
        for one in elsewhere.values()
    ]
    return [one for one in figures if not one.is_elsewhere], lost


def drop_repeats(figures: Sequence[Figure]) -> Checked:
    """Each figure once; none of those that contradict each other."""
    kept, lost = [], []
    for group in _group(figures, _name_key).values():
        first, *others = group
        same = all(_is_same(first, other) for other in others)
        advice = rejects.REPEATED if same else rejects.CONTRADICTED
        kept += [first] if same else []
        lost += [other.reject(advice, place=first.place) for other in others]
        lost += [] if same else [first.reject(advice, place=others[0].place)]
    return kept, lost


def drop_sums_of_products(figures: Sequence[Figure]) -> Checked:
    """Figures without outputs of which a part is given as well: 粮食 beside 稻谷."""
    given = {(one.region, one.year, one.item, whole) for one in figures for whole in _list_wholes(one)}
    sums = [one for one in figures if (one.region, one.year, one.item, one.product) in given]
    return _leave_out(figures, sums, lambda _: (advice.SUM_OF_PRODUCTS, {}))


def check_prices(figures: Sequence[Figure]) -> Checked:
    """Figures without prices that are not by the unit of the output of that product and year."""
    units = _group(
        (one for one in figures if one.item.startswith(_OUTPUT)),
        lambda one: (one.item.removeprefix(_OUTPUT), one.product, one.year),
    )

    def list_fitting(one: Figure) -> set[str]:
        outputs = units.get((one.item.removeprefix(_PRICE), one.product, one.year), [])
        return {f"yuan/{output.unit}" for output in outputs}

    wrong = [
        one
        for one in figures
        if one.item.startswith(_PRICE) and list_fitting(one) and one.unit not in list_fitting(one)
    ]
    return _leave_out(
        figures,
        wrong,
        lambda one: (advice.WRONG_PRICE_UNIT, {"units": ", ".join(sorted(list_fitting(one)))}),
    )


def settle_levels(figures: Sequence[Figure], area: str, regions: Sequence[str]) -> Checked:
    """Figures of which those of regions are no more than that of the area, and all together are it.

    Where all regions agree with the area but for the last places, the area's figure is their sum.
    """
    towns = set(regions) - {area}
    kept, lost = [], []
    for group in _group(figures, lambda one: (one.year, one.item, one.product)).values():
        whole = next((one for one in group if one.region == area), None)
        parts = [one for one in group if one.region in towns]
        if whole is None or not parts or not _adds_up(whole):
            kept += group
        elif not (_agree(whole, parts) if {one.region for one in parts} == towns else _holds(whole, parts)):
            lost += [_reject_sum(one, parts, advice.AREA_DIFFERS) for one in group]
        elif {one.region for one in parts} != towns:
            kept += group
        else:
            kept += [replace(whole, value=_sum(parts)), *parts]
            lost += [whole.reject(advice.BY_REGIONS, sum=_write(_sum(parts)))] * (whole.value != _sum(parts))
    return kept, lost


def _group(figures: Iterable[Figure], key: Callable[[Figure], Hashable]) -> Mapping[Hashable, list[Figure]]:
    groups: dict[Hashable, list[Figure]] = defaultdict(list)
    for one in figures:
        groups[key(one)].append(one)
    return groups


def _name_key(one: Figure) -> Hashable:
    return one.region, one.year, one.item, one.product


def _leave_out(
    figures: Sequence[Figure],
    wrong: Sequence[Figure],
    explain: Callable[[Figure], tuple[Advice, Mapping[str, object]]],
) -> Checked:
    lost = []
    for one in wrong:
        advice, facts = explain(one)
        lost.append(one.reject(advice, **facts))
    left_out = set(wrong)
    return [one for one in figures if one not in left_out], lost


def _list_wholes(one: Figure) -> Iterable[str]:
    """Products that an output is a part of."""
    row = index_products().get(fold(one.product or ""), {}) if one.item.startswith(_OUTPUT) else {}
    while whole := row.get("part_of"):
        yield whole
        row = index_products()[fold(whole)]


def _adds_up(one: Figure) -> bool:
    return load_items()[one.item]["adds"] == "yes"


def _sum(parts: Sequence[Figure]) -> float:
    return sum(part.value for part in parts)


def _agree(whole: Figure, parts: Sequence[Figure]) -> bool:
    """Whether a figure is the sum of others as far as their last places tell."""
    slack = whole.rounding + sum(part.rounding for part in parts)
    return abs(whole.value - _sum(parts)) <= slack * (1 + _PRECISION) + _PRECISION * abs(whole.value)


def _holds(whole: Figure, parts: Sequence[Figure]) -> bool:
    """Whether a figure is no less than the sum of others, as far as their last places tell."""
    return _agree(whole, parts) or whole.value > _sum(parts)


def _is_same(one: Figure, other: Figure) -> bool:
    return one.unit == other.unit and abs(one.value - other.value) <= _PRECISION * max(one.value, other.value)


def _reject_sum(one: Figure, parts: Sequence[Figure], advice: Advice) -> Reject:
    return one.reject(advice, sum=_write(_sum(parts)))


def _write(value: float) -> str:
    return f"{value:.12g}"
