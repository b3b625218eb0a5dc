"""Reasons in two languages, `中文 / English`, put together."""

from collections.abc import Iterable

_BETWEEN = " / "


def join_reasons(reasons: Iterable[str | None]) -> str | None:
    """One reason out of several, each said once, the Chinese of all before the English; None out of none."""
    said = list(dict.fromkeys(reason for reason in reasons if reason))
    if not said:
        return None
    halves = [reason.partition(_BETWEEN) for reason in said]
    english = "; ".join(other for _, _, other in halves if other)
    chinese = "；".join(own for own, _, _ in halves)
    return f"{chinese}{_BETWEEN}{english}" if english else chinese
