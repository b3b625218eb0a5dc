"""Names of right holders, hidden wherever they stand: personal data leave the register masked."""

import re
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet

import pandas as pd

from pipeline.ingest.parcels.values import spread_values

_SEPARATORS = re.compile(r"[、,，;；/|\s]+")
_MASK = "＊"
_IDENTITY_DIGITS = 15
_BODY = re.compile(
    r"部|局|厅|署|委|政府|国家|全民|集体|公司|集团|合作社|村|镇|乡|街道|居|社区|农场|林场|中心|学校|大学|医院|站|所|处|会|厂|场|组"
)
_SHORTEST_BODY = 4
SUBJECTS = ("owner_subject", "represent_subject", "agent_subject")


def mask_names(names: pd.Series) -> pd.Series:
    """Names of which only the first character is left; several in a cell are masked one by one."""
    places, unique = pd.factorize(names)
    return spread_values([_mask_cell(cell) for cell in unique], places, names.index)


def mask_persons(names: pd.Series) -> pd.Series:
    """As `mask_names`, but for names of public bodies, collectives and companies."""
    places, unique = pd.factorize(names)
    return spread_values([_mask_cell(cell, keep=_is_body) for cell in unique], places, names.index)


def find_people(cells: Iterable[str | None]) -> frozenset[str]:
    """All names of two or more characters, alone and as a cell has them together; short numbers are none."""
    known = {cell for cell in cells if isinstance(cell, str)}
    parts = {part for cell in known for part in _SEPARATORS.split(cell)}
    found = {name for name in known | parts if len(name) > 1}
    return frozenset(name for name in found if not name.isdigit() or len(name) >= _IDENTITY_DIGITS)


def hide_people(register: pd.DataFrame, people: frozenset[str], columns: Sequence[str]) -> pd.DataFrame:
    """The register with the name of everybody masked in some columns too, whoever's row it stands in.

    A public body or collective that holds a right keeps its name where it stands as the owning, representing
    or agent subject.
    """
    if not people:
        return register
    lengths = sorted({len(name) for name in people}, reverse=True)
    persons = {name for name in people if not _BODY.search(name)}
    changes = {
        column: _hide_in_texts(register[column], persons if column in SUBJECTS else people, lengths)
        for column in columns
        if column in register
    }
    return register.assign(**changes)


def _mask_cell(cell: str, keep: Callable[[str], bool] = lambda _: False) -> str:
    parts = re.split(f"({_SEPARATORS.pattern})", cell)
    return "".join(
        part if number % 2 or keep(part) else part[:1] + _MASK * (len(part) - 1)
        for number, part in enumerate(parts)
    )


def _is_body(name: str) -> bool:
    """Whether a name ends as those of bodies do and is longer than those of most people."""
    return len(name) >= _SHORTEST_BODY and re.search(f"(?:{_BODY.pattern})$", name) is not None


def _hide_in_texts(texts: pd.Series, names: AbstractSet[str], lengths: Sequence[int]) -> pd.Series:
    places, unique = pd.factorize(texts)
    foreign = not any(name.isascii() for name in names)
    cells = [text if foreign and text.isascii() else _hide_in_text(text, names, lengths) for text in unique]
    return spread_values(cells, places, texts.index)


def _hide_in_text(text: str, names: AbstractSet[str], lengths: Sequence[int]) -> str:
    """Text with every name in it masked, the longest first; looks up each piece of a name's length."""
    for length in lengths:
        starts = [at for at in range(len(text) - length + 1) if text[at : at + length] in names]
        for at in starts:
            text = text[: at + 1] + _MASK * (length - 1) + text[at + length :]
    return text
