"""The figures of the first page: what each is, how it went, and what was asked of it."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from pipeline.contracts import Delivery
from pipeline.outputs.accounts.amounts import write_money
from pipeline.outputs.accounts.book import AccountBook
from pipeline.outputs.assessment.section import State
from pipeline.outputs.columns import list_values
from pipeline.outputs.figures import Course, is_nothing, write_amount, write_figure
from pipeline.outputs.report.fractions import write_parts
from pipeline.outputs.report.standing import PeriodComparison, Standing
from pipeline.outputs.texts import choose_words, find_text, find_texts, name_period
from pipeline.periods import find_before, find_year_ago

_GROUPS = (
    ("target_met_share", "good_section_share"),
    ("vegetation_cover_share_land", "mean_fvc_land"),
    ("changed_share", "built_gain_share"),
)
"""Figures that are shown wherever they are told of, those of a group side by side."""
_MOST_FIGURES = 7
_STATES: dict[str, State] = {
    "failed": "bad", "worse": "bad", "behind": "fair", "unknown": "unknown", "unclear": "plain",
    "plain": "plain", "same": "plain", "on_course": "plain", "better": "good", "met": "good",
}  # fmt: skip
"""Colours of statuses of targets and of courses, the gravest first."""
_ARROWS = {1: "↑", -1: "↓", 0: "→"}


@dataclass(frozen=True)
class Move:
    """How a figure went since an earlier period: an arrow with the amount, a word, and its colour."""

    amount: str
    word: str
    since: str
    course: Course


@dataclass(frozen=True)
class KeyFigure:
    """A figure of the first page: its name, its words, what it is made of, how it went, what was asked."""

    name: str
    value: str
    made_of: str
    moves: tuple[Move, ...]
    target: str
    state: State


def list_key_figures(
    standings: Sequence[Standing], book: AccountBook | None, delivery: Delivery
) -> list[KeyFigure]:
    """The figures, the gravest first, and what nature gives where there are accounts."""
    figures = [_build_figure(one, delivery) for one in _choose_standings(standings)]
    value = _build_value(book) if book else None
    return [*figures, *([value] if value else [])]


def _choose_standings(standings: Sequence[Standing]) -> list[Standing]:
    """Figures of the groups and those with a target, the gravest first, those of a group side by side."""
    known = {one.code: one for one in standings}
    groups = [[known[code] for code in codes if code in known] for codes in _GROUPS]
    named = {code for codes in _GROUPS for code in codes}
    groups += [[one] for one in standings if one.target and one.code not in named]
    groups.sort(key=lambda group: min((_rank(one) for one in group), default=len(_STATES)))
    return [one for group in groups for one in sorted(group, key=_rank)][:_MOST_FIGURES]


def _rank(standing: Standing) -> int:
    """How grave it is, 0 for the gravest: by its target, and by its course."""
    order = list(_STATES)
    told: list[str] = [standing.course if standing.comparisons else "plain" if standing.now else "unknown"]
    if standing.target:
        told.append(str(standing.target["status"]))
    return min(order.index(one) for one in told)


def _build_figure(standing: Standing, delivery: Delivery) -> KeyFigure:
    language, now = delivery.language, standing.now
    value = write_figure(now.value, now.unit, language) if now else "—"
    reason = choose_words(str(standing.row.get("reason") or ""), language)
    return KeyFigure(
        standing.name,
        value,
        write_parts(standing.code, standing.row, delivery) if now else reason,
        tuple(_build_move(standing, one, delivery) for one in standing.comparisons),
        _write_target(standing, delivery),
        _STATES[list(_STATES)[_rank(standing)]],
    )


def _build_move(standing: Standing, compared: PeriodComparison, delivery: Delivery) -> Move:
    language = delivery.language
    assert standing.now is not None
    change = standing.now.value - compared.then.value
    words = find_texts("report.lead", language)
    same = is_nothing(change, standing.now.unit)
    arrow = _ARROWS[0 if same else 1 if change > 0 else -1]
    amount = "" if same else write_amount(abs(change), standing.now.unit, language)
    word = "" if compared.course == "plain" else find_text(f"bulletin.courses.{compared.course}", language)
    since = words[f"since.{compared.since}"].format(period=name_period(compared.period.label, language))
    return Move(f"{arrow} {amount}".strip(), word, since, compared.course)


def _write_target(standing: Standing, delivery: Delivery) -> str:
    """What was asked for, and whether it was reached; empty where nothing was."""
    target, language = standing.target, delivery.language
    if target is None:
        return ""
    status = next(entry.name(language) for entry in list_values("status") if entry.code == target["status"])
    direction = find_text(f"bulletin.direction.{target['direction']}", language)
    asked = direction.format(target=write_figure(float(target["target"]), str(target["unit"]), language))
    return find_text("report.lead.target", language).format(status=status, asked=asked)


def _build_value(book: AccountBook) -> KeyFigure | None:
    """What nature gives in the newest period, beside the period before where the same is in both."""
    periods = book.periods[-2:]
    sums = [book.find_whole(period) for period in periods]
    now = sums[-1]
    if now is None or pd.isna(now["value_yuan"]):
        return None
    words = find_texts("report.lead", book.language)
    name = f"{book.name_service(str(now['service']))} {now['known']}/{now['of']}"
    moves = []
    if len(sums) > 1 and sums[0] is not None and _is_alike(sums[0], now):
        change = float(now["value_yuan"]) - float(sums[0]["value_yuan"])
        since = words[_name_since(book)].format(period=name_period(periods[0], book.language))
        arrow = _ARROWS[(change > 0) - (change < 0)]
        moves.append(Move(f"{arrow} {write_money(abs(change), book.language)}", "", since, "plain"))
    mark = find_text("accounts.indicative", book.language) if now["indicative"] else ""
    return KeyFigure(name, write_money(now["value_yuan"], book.language), mark, tuple(moves), "", "plain")


def _name_since(book: AccountBook) -> str:
    """What the period before is to the newest: of years the same of last year as well."""
    newest = book.delivery.periods[-1]
    before, ago = (find(newest, book.delivery.periods) for find in (find_before, find_year_ago))
    return "since.both" if before == ago else "since.before"


def _is_alike(before: Any, now: Any) -> bool:
    same = all(before[name] == now[name] for name in ("service", "known", "of"))
    return bool(same and pd.notna(before["value_yuan"]))
