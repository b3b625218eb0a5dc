"""What a cell says: a number, a mark of what was below detection, nothing; a moment; a name."""

import math
import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, time, timedelta, timezone
from zoneinfo import ZoneInfo

import pandas as pd

from pipeline.ingest.samples.dating import DAY_0, Download
from pipeline.ingest.samples.notes import ERROR, FORMULA, YEAR_AND_TENTH

ZONE = ZoneInfo("Asia/Shanghai")

NOT_A_TIME = "时间无法识别 (not a date that can be read)"
NO_SUCH_TIME = "日期不存在 (no such date)"
NO_TIME = "缺少时间 (no time)"
YEAR_OUT_OF_RANGE = "年份超出 1950-2099 (year out of range)"
NO_RESULT = (
    "公式没有有效的存储结果，请用 Excel 打开并保存后再读 "
    "(a formula without a result that holds: open the workbook in Excel and save it)"
)
NO_YEAR = (
    "月份缺少年份，请加“年”列或在设置中写 year (a month without its year: add a column of years, or set year)"
)
AMBIGUOUS_MONTH = (
    "无法判断是1月还是10月，请写成 2024-01 或 2024-10 (January or October? write it as 2024-01 or 2024-10)"
)
IN_THE_FUTURE = "时间在未来 (a reading in the future)"

NOTHING = frozenset(
    {"", "-", "--", "---", "—", "——", "*", "**", "/", "\\", "nan", "null", "none", "na", "n/a"}
)
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
YEARLESS = re.compile(
    r"(?P<month>[0-9]{1,2})(?:[-/](?P<day>[0-9]{1,2})|月(?P<day_zh>[0-9]{1,2})[日号]?)"
    r"(?:(?:[T ]+|(?<=[日号]))(?P<clock>[0-9]{1,2}"
    r"(?::[0-9]{1,2}(?::[0-9]{1,2})?|[时点](?:[0-9]{1,2}分?(?:[0-9]{1,2}秒)?)?)))?"
)
_MONTH_ALONE = re.compile(r"(?P<month>[0-9]{1,2})月份?")
_SERIAL = re.compile(r"[2-7][0-9]{4}(?:\.[0-9]+)?")
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
    return None if tidy.casefold() in NOTHING else _CJK_GAP.sub("", tidy)


def read_moment(text: str, download: Download | None = None) -> datetime | str:
    """The moment of a cell in UTC, or why there is none; one after the download is refused."""
    tidy = narrow(text)
    yearless = YEARLESS.fullmatch(tidy) if download else None
    if yearless and download:
        return _add_year(download, yearless)
    if download and (month := _MONTH_ALONE.fullmatch(tidy)):
        tidy = f"{download.year}-{month['month']}" if download.has_one_year else tidy
    found = _read_full_moment(tidy, download.day_0 if download else DAY_0)
    is_late = isinstance(found, datetime) and download is not None and download.refuses(found)
    return IN_THE_FUTURE if is_late else found


def _read_full_moment(tidy: str, day_0: date) -> datetime | str:
    if fault := _find_fault_of_time(tidy):
        return fault
    if _SERIAL.fullmatch(tidy):
        return _from_serial(float(tidy), day_0)
    parts = _MOMENT.fullmatch(tidy)
    if parts is None:
        return NOT_A_TIME
    try:
        moment = _from_parts(parts)
    except ValueError:
        return NO_SUCH_TIME
    return moment.astimezone(UTC) if moment.year in _YEARS else YEAR_OUT_OF_RANGE


def settle_months(texts: Sequence[str]) -> list[str]:
    """Times of a column: where it tells 2024.10 from 2024.1, the latter is January."""
    octobers = {text[:-1] for text in texts if YEAR_AND_TENTH.fullmatch(text[:-1]) and text.endswith("0")}
    return [f"{text[:4]}-01" if text in octobers else text for text in texts]


def is_unresolved(text: str) -> bool:
    """Whether a cell is an error, or a formula without a result that holds."""
    return text.startswith(FORMULA) or bool(ERROR.fullmatch(text))


def spell_day(year: str, parts: re.Match[str]) -> str:
    """A day and clock without their year (`YEARLESS`), with a year: 2024-6-3 8时."""
    return f"{year}-{parts['month']}-{parts['day'] or parts['day_zh']} {parts['clock'] or ''}".rstrip()


def _add_year(download: Download, parts: re.Match[str]) -> datetime | str:
    month, day = int(parts["month"]), int(parts["day"] or parts["day_zh"])
    year = download.year - download.is_of_last_year(month, day)
    found = read_moment(spell_day(str(year), parts))
    return IN_THE_FUTURE if isinstance(found, datetime) and download.precedes(found) else found


def _find_fault_of_time(tidy: str) -> str | None:
    """Why a text tells no moment whatever its form, None where its form decides."""
    if tidy.casefold() in NOTHING:
        return NO_TIME
    if tidy.startswith(FORMULA):
        return NO_RESULT
    if _MONTH_ALONE.fullmatch(tidy):
        return NO_YEAR
    return AMBIGUOUS_MONTH if YEAR_AND_TENTH.fullmatch(tidy) else None


def _from_serial(days: float, day_0: date) -> datetime:
    # whole seconds: a serial is a fraction of a day, and 10:00 must not become 09:59:59.999
    local = datetime.combine(day_0, time()) + timedelta(seconds=round(days * 86400))
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
