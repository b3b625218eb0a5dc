"""What a cell says: a number, a mark of what was below detection, nothing; a moment; a name."""

import html
import math
import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.ingest.samples.dating import Download

ZONE = ZoneInfo("Asia/Shanghai")

NOT_A_NUMBER = "不是数值 (not a number)"
NOT_A_TIME = "时间无法识别 (not a date that can be read)"
NO_SUCH_TIME = "日期不存在 (no such date)"
NO_TIME = "缺少时间 (no time)"
YEAR_OUT_OF_RANGE = "年份超出 1950-2099 (year out of range)"
IN_THE_FUTURE = "时间在未来 (a reading in the future)"

_NOTHING = frozenset(
    {"", "-", "--", "---", "—", "——", "*", "**", "/", "\\", "nan", "null", "none", "na", "n/a"}
)
_NUMBER = r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?"
_THOUSANDS = re.compile(r"[+-]?[0-9]{1,3}(?:,[0-9]{3})+(?:\.[0-9]+)?")
_NOT_DETECTED = r"(?:未检出|n\.?d\.?)"
_BELOW = re.compile(
    rf"{_NOT_DETECTED}\(?<?(?P<given>{_NUMBER})l?\)?|<(?P<less>{_NUMBER})l?|(?P<low>{_NUMBER})l",
    re.IGNORECASE,
)
_UNQUANTIFIED = re.compile(rf"{_NOT_DETECTED}|未检测出|低于检出限|<dl|<mdl|l", re.IGNORECASE)

_WIDTHS = {code: code - 0xFEE0 for code in range(0xFF01, 0xFF5F)} | {0x3000: " ", 0xA0: " ", 0x2212: "-"}
_WIDE_LETTERS = {
    code: narrow for code, narrow in _WIDTHS.items() if isinstance(narrow, int) and chr(narrow).isalnum()
}
_CJK_GAP = re.compile(r"(?<=[\u3400-\u9fff])\s+|\s+(?=[\u3400-\u9fff])")

_MOMENT = re.compile(
    r"(?P<year>[0-9]{4})"
    r"(?:(?P<sep>[-/.])(?P<month>[0-9]{1,2})(?:(?P=sep)(?P<day>[0-9]{1,2}))?"
    r"|年(?P<month_zh>[0-9]{1,2})月(?:(?P<day_zh>[0-9]{1,2})[日号]?)?"
    r"|(?P<month_bare>[0-9]{2})(?P<day_bare>[0-9]{2})?)"
    r"(?:(?:[T ]+|(?<=[日号]))(?P<hour>[0-9]{1,2})"
    r"(?::(?P<minute>[0-9]{1,2})(?::(?P<second>[0-9]{1,2})(?:\.[0-9]+)?)?"
    r"|[时点](?:(?P<minute_zh>[0-9]{1,2})分?(?:(?P<second_zh>[0-9]{1,2})秒)?)?)"
    r" *(?P<zone>Z|\+[0-9]{2}:?[0-9]{2})?)?"
)
_YEARLESS = re.compile(
    r"(?P<month>[0-9]{1,2})[-/](?P<day>[0-9]{1,2})(?P<clock>[T ]+[0-9]{1,2}:[0-9]{1,2}(?::[0-9]{1,2})?)?"
)
_TAGGED = re.compile(
    r"""\s*<(?P<tag>[a-z]+)(?P<attributes>(?:\s+[\w-]+\s*=\s*(?:'[^']*'|"[^"]*"))*)\s*>(?P<text>.*?)</(?P=tag)\s*>\s*""",
    re.IGNORECASE | re.DOTALL,
)
_RAW = re.compile(rf"原始值\s*[:：]\s*(?P<raw>{_NUMBER})")
_SERIAL = re.compile(r"[2-7][0-9]{4}(?:\.[0-9]+)?")
_SERIAL_DAY_0 = datetime(1899, 12, 30, tzinfo=ZONE)
_YEARS = range(1950, 2100)
_DIGITS = 15


def narrow(text: str) -> str:
    """A text with full-width characters made narrow, outer blanks dropped, superscripts left as they are."""
    return text.translate(_WIDTHS).strip()


def to_text(value: object) -> str:
    """A value as a cell shows it: nothing for null, numbers to 15 digits, moments as ISO 8601."""
    if value is None or value is pd.NaT or (isinstance(value, float) and math.isnan(value)):
        return ""
    if isinstance(value, float):
        return format(value, f".{_DIGITS}g")
    # half of a surrogate pair is no character
    return str(value).encode("utf-8", "replace").decode("utf-8")


def map_once(texts: pd.Series, meaning: Callable[[str], object]) -> pd.Series:
    """Meaning of every text, worked out once for each distinct text."""
    meanings = {text: meaning(text) for text in texts.unique()}
    return texts.map(meanings) if len(texts) else pd.Series(index=texts.index, dtype=object)


def tidy_names(texts: pd.Series) -> pd.Series:
    """Names with stray blanks dropped and letters and digits of one width; None where there is none."""
    return map_once(texts, tidy_name).astype(object).where(lambda found: found.notna(), None)


def tidy_name(text: str) -> str | None:
    """A name without stray blanks, None where there is none."""
    tidy = " ".join(text.translate(_WIDE_LETTERS).replace("\u3000", " ").split())
    return None if tidy.casefold() in _NOTHING else _CJK_GAP.sub("", tidy)


def strip_tags(texts: pd.Series) -> pd.Series:
    """Texts as a page shows them: `0.15` for `<span title='原始值：0.1483'>0.15</span>`."""
    tagged = texts.str.contains("</", regex=False).astype(bool)
    return texts.mask(tagged, map_once(texts[tagged], strip_tag)) if tagged.any() else texts


def read_raw_values(texts: pd.Series) -> pd.Series:
    """Values before they were rounded for the page, as their titles tell them; NaN where there is none."""
    none = pd.Series(float("nan"), index=texts.index)
    tagged = texts.str.contains("</", regex=False).astype(bool)
    return none.mask(tagged, map_once(texts[tagged], _read_raw_value)).astype(float) if tagged.any() else none


def strip_tag(text: str) -> str:
    """A text as a page shows it (see `strip_tags`)."""
    parts = _TAGGED.fullmatch(text)
    return html.unescape(parts["text"]) if parts else text


def _read_raw_value(text: str) -> float:
    parts = _TAGGED.fullmatch(text)
    told = _RAW.search(html.unescape(parts["attributes"])) if parts else None
    return float(told["raw"]) if told else float("nan")


def read_numbers(texts: pd.Series) -> pd.DataFrame:
    """Numbers of cells: `value`, `censored`, `blank`, `reason`.

    `blank` cells hold no value. A `censored` value is the detection limit, NaN where the cell does not tell
    it. `reason` says why a cell is not a number, null otherwise.
    """
    plain = texts.str.fullmatch(_NUMBER).astype(bool)
    found = pd.DataFrame(
        {"value": float("nan"), "censored": False, "blank": False, "reason": None}, index=texts.index
    ).astype({"reason": object})
    found.loc[plain, "value"] = pc.cast(pa.array(texts[plain], pa.string()), pa.float64()).to_numpy()
    marked = texts[~plain]
    if len(marked):
        meanings = map_once(marked, _read_mark).tolist()
        found.loc[~plain, found.columns] = pd.DataFrame(meanings, columns=found.columns, index=marked.index)
    return found


def _read_mark(text: str) -> tuple[float, bool, bool, str | None]:
    """Value, censored, blank and reason of a cell that is not written as a plain number."""
    compact = re.sub(r"\s+", "", narrow(text))
    if compact.casefold() in _NOTHING:
        return float("nan"), False, True, None
    if re.fullmatch(_NUMBER, compact) or _THOUSANDS.fullmatch(compact):
        return float(compact.replace(",", "")), False, False, None
    if _UNQUANTIFIED.fullmatch(compact):
        return float("nan"), True, False, None
    if below := _BELOW.fullmatch(compact):
        return float(below[below.lastgroup or 0]), True, False, None
    return float("nan"), False, False, NOT_A_NUMBER


def read_moment(text: str, download: Download | None = None) -> datetime | str:
    """The moment of a cell in UTC, or why there is none; one after the download is refused."""
    tidy = narrow(text)
    yearless = _YEARLESS.fullmatch(tidy) if download else None
    if yearless and download:
        return _add_year(download, yearless)
    found = _read_full_moment(tidy)
    is_late = isinstance(found, datetime) and download is not None and download.refuses(found)
    return IN_THE_FUTURE if is_late else found


def _read_full_moment(tidy: str) -> datetime | str:
    if tidy.casefold() in _NOTHING:
        return NO_TIME
    if _SERIAL.fullmatch(tidy):
        return _from_serial(float(tidy))
    parts = _MOMENT.fullmatch(tidy)
    if parts is None:
        return NOT_A_TIME
    try:
        moment = _from_parts(parts)
    except ValueError:
        return NO_SUCH_TIME
    return moment.astimezone(UTC) if moment.year in _YEARS else YEAR_OUT_OF_RANGE


def _add_year(download: Download, parts: re.Match[str]) -> datetime | str:
    month, day = int(parts["month"]), int(parts["day"])
    year = download.year - download.is_of_last_year(month, day)
    found = read_moment(f"{year}-{month}-{day}{parts['clock'] or ''}")
    return IN_THE_FUTURE if isinstance(found, datetime) and download.precedes(found) else found


def _from_serial(days: float) -> datetime:
    # whole seconds: a serial is a fraction of a day, and 10:00 must not become 09:59:59.999
    local = _SERIAL_DAY_0.replace(tzinfo=None) + timedelta(seconds=round(days * 86400))
    return local.replace(tzinfo=ZONE).astimezone(UTC)


def _from_parts(parts: re.Match[str]) -> datetime:
    def number(*groups: str, default: int) -> int:
        return next((int(parts[group]) for group in groups if parts[group]), default)

    return datetime(
        number("year", default=0),
        number("month", "month_zh", "month_bare", default=1),
        number("day", "day_zh", "day_bare", default=1),
        number("hour", default=0),
        number("minute", "minute_zh", default=0),
        number("second", "second_zh", default=0),
        tzinfo=_read_zone(parts["zone"]),
    )


def _read_zone(text: str | None) -> timezone | ZoneInfo:
    # a minus would be a span: 10:00-12:00
    if not text:
        return ZONE
    return UTC if text == "Z" else timezone(timedelta(hours=int(text[1:3]), minutes=int(text[-2:])))
