"""One table of a register of rights, column by column; what cannot be used of it is noted with its place."""

import re
from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from pipeline.ingest import rejects
from pipeline.ingest.rejects import Advice, Reject
from pipeline.ingest.rights import advice
from pipeline.ingest.rights.cells import is_blank, read_day
from pipeline.ingest.rights.credit_codes import compute_check_character, judge_code
from pipeline.ingest.rights.headings import RightsLayout, list_body
from pipeline.ingest.rights.sheets import RightsSheet
from pipeline.ingest.rights.terms import is_endless
from pipeline.ingest.rights.words import load_right_words
from pipeline.ingest.samples.cells import narrow, tidy_name
from pipeline.ingest.samples.headings import fold
from pipeline.settings.rights import RightsFile

_SHOWN = 2
_YEAR = re.compile(r"((?:19|20)[0-9]{2})(?:\.0+)?年?度?")


@dataclass
class RightsTable:
    """The body of a table by our names, and in `lost` what of it cannot be used."""

    placed: RightsSheet
    layout: RightsLayout
    register: RightsFile
    lost: list[Reject] = field(default_factory=list)
    _said: set[tuple[int | None, str, Advice]] = field(default_factory=set)

    def __post_init__(self) -> None:
        """Leave out totals, and say so."""
        body = list_body(self.placed.sheet, self.layout)
        totals = body.isin(_list_totals(body)).any(axis=1)
        self.body = body[~totals]
        for row in body.index[totals]:
            self.lose(int(row), None, next(iter(_list_totals(body.loc[[row]]))), advice.A_TOTAL)

    @property
    def rows(self) -> pd.Index:
        """Numbers of its rows."""
        return self.body.index

    def build_nothing(self) -> pd.Series:
        """A column of nothing."""
        return pd.Series([None] * len(self.rows), index=self.rows, dtype=object)

    def lose(self, row: int, place: int | None, found: str, why: Advice, **facts: object) -> None:
        """Note what stands in a place and why it is not used."""
        sheet, features = self.placed.sheet, self.placed.features
        heading = "" if place is None else self.layout.texts[place]
        number = row if features is None else int(features.get(row, 0))
        self.lost.append(Reject(sheet.file, sheet.name, number, heading, found, why).fill(**facts))

    def lose_once(self, row: int, place: int | None, found: str, why: Advice, **facts: object) -> None:
        """As `lose`, once for what is wrong with a whole column."""
        if (place, found, why) not in self._said:
            self._said.add((place, found, why))
            self.lose(row, place, found, why, **facts)

    def lose_columns(self) -> None:
        """Note the columns that say something and of which nothing is known."""
        for place in self.layout.unread:
            self.lose(self.layout.heading_row, place, self.layout.texts[place], advice.UNKNOWN_COLUMN)

    def tell_places(self, rows: pd.Index) -> dict[str, Any]:
        """Columns that say where some rows stand: file, sheet, and the number of the row or feature."""
        sheet, features = self.placed.sheet, self.placed.features
        numbers = rows if features is None else features.reindex(rows)
        return {"file": sheet.file, "sheet": sheet.name, "row": numbers.to_numpy(dtype=int)}

    def list_cells(self, place: int) -> list[tuple[int, str]]:
        """Rows and texts of the cells of a column that say something of their own, under no merge."""
        marks = self.placed.sheet.repeats
        texts = self.body[place]
        repeated = np.zeros(len(texts), dtype=bool) if marks is None else marks[self.rows - 1, place]
        cells = zip(map(int, self.rows), map(str, texts), repeated, strict=True)
        return [(row, text) for row, text, again in cells if not again and not is_blank(text)]

    @cached_property
    def units(self) -> Mapping[Hashable, str | None]:
        """Units of the rows."""
        return self.read_texts("unit").to_dict()

    @cached_property
    def pollutants(self) -> Mapping[Hashable, str | None]:
        """Pollutants of the rows."""
        return self.read_texts("pollutant").to_dict()

    @cached_property
    def years(self) -> Mapping[int, int | None]:
        """Years of the rows by their column; None where there is none, which is noted where it is no year."""
        told = self.read_texts("year")
        years = {row: _read_year(text) if text else None for row, text in told.items()}
        for row, text in told.items():
            if text and years[row] is None:
                self.lose(int(str(row)), self.layout.find("year"), text, rejects.NO_YEAR)
        return {int(str(row)): year for row, year in years.items()}

    def read_texts(self, ours: str) -> pd.Series:
        """Tidy texts of a column, null where there is none."""
        place = self.layout.find(ours)
        return self.build_nothing() if place is None else self._map(place, _read_text)

    def read_days(self, ours: str) -> pd.Series:
        """Days of a column; what is no whole day is noted and null, as is what has no end."""
        place = self.layout.find(ours)
        if place is None:
            return self.build_nothing()
        texts, day_0 = self.read_texts(ours), self.placed.sheet.traits.day_0
        days = self._map(place, lambda text: read_day(text, day_0))
        for row in self.rows[
            texts.notna() & days.isna() & ~texts.map(is_endless, na_action="ignore").eq(other=True)
        ]:
            self.lose(int(row), place, texts[row], advice.NOT_A_DAY)
        return days

    def read_codes(self, ours: str) -> tuple[pd.Series, pd.Series]:
        """Credit codes of a column, and which rows have the number of a person there instead.

        Codes with a wrong check character are noted and null.
        """
        codes = self.read_texts(ours).map(lambda text: fold(text).upper(), na_action="ignore")
        states = codes.map(judge_code, na_action="ignore")
        place = self.layout.find(ours)
        for row in self.rows[states.isin(("wrong", "no_code", "person"))]:
            self._lose_code(int(row), place, codes[row], states[row])
        return codes.where(states.eq("right"), None), codes.where(states.eq("person"), None)

    def _lose_code(self, row: int, place: int | None, code: str, state: str) -> None:
        if state == "wrong":
            check = compute_check_character(code)
            shown = _mask_digits(code)
            self.lose(row, place, shown, advice.WRONG_CODE, check=check if shown == code else "?")
        else:
            why = advice.OF_A_PERSON if state == "person" else advice.NOT_A_CODE
            self.lose(row, place, _mask_digits(code), why)

    def _map(self, place: int, meaning: Callable[[str], object]) -> pd.Series:
        texts = self.body[place]
        known = {text: meaning(text) for text in texts.unique()}
        return texts.map(known).astype(object).where(lambda found: found.notna(), None)


def _read_text(text: str) -> str | None:
    return None if is_blank(text) else tidy_name(text)


def _read_year(text: str) -> int | None:
    found = _YEAR.fullmatch(narrow(text))
    return int(found[1]) if found else None


def _list_totals(body: pd.DataFrame) -> set[str]:
    """Texts of cells that name a total."""
    texts = {str(text) for name in body for text in body[name].unique()}
    return {text for text in texts if fold(text) in load_right_words("total")}


def _mask_digits(code: str) -> str:
    """A code as it may be shown: what might be the number of a person keeps its first characters alone."""
    return code if not code[:-1].isdigit() else code[:_SHOWN] + "＊" * (len(code) - _SHOWN)
