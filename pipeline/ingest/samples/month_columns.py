"""Tables with a column for each month: they have no column of times, and are refused with the way out."""

import re
from collections.abc import Sequence

from pipeline.ingest.samples.headings import fold

MONTHS_AS_COLUMNS = (
    "月份横排成列，未读取；请改为每行一个时间，并加“监测时间”列 "
    "(months stand in columns of their own: give each a row, with a column of times)"
)

_YEAR = r"(?:19|20)[0-9]{2}"
_MONTH = r"(?:0?[1-9]|1[0-2])"
_MONTHS = (
    re.compile(rf"(?<![0-9])(?:{_YEAR}年?)?(?:{_MONTH}|十[一二]?|[一二三四五六七八九])月份?(?![0-9])"),
    re.compile(rf"{_YEAR}(?:[-/.]{_MONTH}(?:-0?1(?:00:00:00)?)?|(?:0[1-9]|1[0-2]))"),
)
_LEAST = 2


def has_month_columns(head: Sequence[Sequence[str]]) -> bool:
    """Whether some row names several months, each once: 1月, 2024年1月, 氨氮1月, 2024-01, 202401."""
    rows = ([fold(text) for text in texts] for texts in head)
    months = ([text for text in texts if _names_month(text)] for texts in rows)
    return any(len(named) >= _LEAST and len(set(named)) == len(named) for named in months)


def _names_month(text: str) -> bool:
    return bool(_MONTHS[0].search(text) or _MONTHS[1].fullmatch(text))
