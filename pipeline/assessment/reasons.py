"""Reasons, each `中文 / English`, put together."""

from collections.abc import Iterable


def join_reasons(reasons: Iterable[str | None]) -> str | None:
    """One text out of several reasons, each said once, `；` between them; None out of none.

    A reason has no `；` of its own, so that readers of one language can take its half of each.
    """
    return "；".join(dict.fromkeys(reason for reason in reasons if reason)) or None
