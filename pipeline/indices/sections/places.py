"""Which section a sample belongs to: by id, then name, then alias, within its province and basin."""

import unicodedata
from typing import NamedTuple

import numpy as np
import pandas as pd

NOT_REGISTERED = "断面未登记 (not in the register of sections)"
AMBIGUOUS = "编号、名称对应多个登记断面 (the id and the name fit several sections of the register)"

_NAMES = ["province", "basin", "section"]
_IDENTITY = ["section_id", *_NAMES]
REGISTERED = ["river", "reach", "upstream_unit", "downstream_unit"]
"""What the register alone says of a section and a status repeats."""

_SECTION_COLUMNS = [*_IDENTITY, "water_body", "target_class", "lon", "lat", "altitude_m", "aoi", *REGISTERED]
_PAIR = ["identity", "match"]
_RANKS = {"section_id": 0, "section": 1, "alias": 2}
_PROVINCE = "(?:壮族自治区|回族自治区|维吾尔自治区|自治区|省|市)$"
_BASIN = "流域$"


class PlacedSamples(NamedTuple):
    """Samples with `place`, the number of their section, and the sections by that number.

    Sections have the columns of the register and `note`, which says that one is not registered.
    """

    samples: pd.DataFrame
    sections: pd.DataFrame

    def select(self, kept: "pd.Series[bool]") -> "PlacedSamples":
        """Some of the sections, and the samples of these."""
        sections = self.sections[kept]
        return PlacedSamples(self.samples[self.samples["place"].isin(sections.index)], sections)


def place_samples(
    samples: pd.DataFrame, register: pd.DataFrame | None, points: pd.DataFrame | None = None
) -> PlacedSamples:
    """Samples and the sections that they belong to.

    Sections are those of the register in its order, then those that only the samples name, with an id made
    of province, basin and name, without target; where there is a register, `note` says that they are not in
    it. A name that fits several sections of the register fits none, as does an id beside the name of another
    section. A section without coordinates has those
    of `points` (section_id, province, basin, section, lon, lat), as the tables of samples tell them.
    """
    given = samples if "section_id" in samples else samples.assign(section_id=None)
    numbers = given.groupby(_IDENTITY, dropna=False, sort=False, observed=True).ngroup()
    identities = (
        given.loc[~numbers.duplicated(), [*_IDENTITY, "water_body"]].reset_index(drop=True).astype(object)
    )
    known = _list_candidates(register)
    match, unclear = _match(identities, known)
    ids = _make_ids(identities)[match.isna()]
    strangers = identities.loc[ids.index].assign(section_id=ids).drop_duplicates("section_id")
    if register is not None:
        strangers["note"] = np.where(unclear[strangers.index], AMBIGUOUS, NOT_REGISTERED)
    sections = pd.concat([known.drop(columns="aliases"), strangers], ignore_index=True)
    place_of_id = pd.Series(range(len(known), len(sections)), index=strangers["section_id"], dtype=float)
    place = match.fillna(ids.map(place_of_id)).astype(int)
    bodies = identities["water_body"].groupby(place).first()
    sections["water_body"] = sections["water_body"].fillna(bodies).fillna("river")
    if points is not None and len(points):
        sections = _locate(sections, identities, place, points)
    return PlacedSamples(given.assign(place=numbers.map(place).astype(int)), sections)


def _locate(
    sections: pd.DataFrame, identities: pd.DataFrame, place: pd.Series, points: pd.DataFrame
) -> pd.DataFrame:
    """Sections, of which those without coordinates have the first point of the names they come under."""
    named = identities[_IDENTITY].assign(place=place)
    told = named.merge(points.astype(dict.fromkeys(_IDENTITY, object)), on=_IDENTITY, how="inner")
    first = told.drop_duplicates("place").set_index("place")
    wanting = sections["lon"].isna() | sections["lat"].isna()
    axes = {
        axis: sections[axis].mask(wanting, first[axis].reindex(sections.index)) for axis in ("lon", "lat")
    }
    return sections.assign(**axes)


def _list_candidates(register: pd.DataFrame | None) -> pd.DataFrame:
    columns = [*_SECTION_COLUMNS, "aliases", "note"]
    known = pd.DataFrame(columns=columns) if register is None else register.reindex(columns=columns)
    known = known.astype(object).where(known.notna(), None).reset_index(drop=True)
    return known.astype({"target_class": "Int64", "lon": float, "lat": float, "altitude_m": float})


def _simplify(names: pd.Series) -> pd.Series:
    """Names for comparison; null stays null."""
    return names.map(
        lambda name: "".join(unicodedata.normalize("NFKC", str(name)).casefold().split()), na_action="ignore"
    )


def _simplify_ids(ids: pd.Series) -> pd.Series:
    """Ids for comparison; one that has been a number of a spreadsheet (`101.0`) is the whole number."""
    return _simplify(ids).replace(r"^(\d+)\.0+$", r"\1", regex=True)


def _simplify_places(table: pd.DataFrame) -> pd.DataFrame:
    """Provinces and basins for comparison: 江苏 is 江苏省, 长江 is 长江流域."""
    ends = {"province": _PROVINCE, "basin": _BASIN}
    return pd.DataFrame(
        {
            level: _simplify(table[level]).astype(object).replace(f"(?<=..){end}", "", regex=True)
            for level, end in ends.items()
        }
    )


def _make_ids(identities: pd.DataFrame) -> pd.Series:
    """The id that the samples give, else province-basin-section."""
    made = identities[_NAMES].apply(lambda names: "-".join(names.dropna()), axis=1, result_type="reduce")
    return identities["section_id"].fillna(made) if len(identities) else identities["section_id"]


def _match(identities: pd.DataFrame, known: pd.DataFrame) -> tuple[pd.Series, pd.Series]:
    """Row of the register for each identity, NaN where none or several fit, and whether several do."""
    names = _list_names(known)
    ids = _simplify_ids(identities["section_id"])
    wanted = pd.DataFrame({"section_id": ids, "section": _simplify(identities["section"])})
    wanted = wanted.join(_simplify_places(identities)).assign(identity=identities.index)
    by_id = wanted.assign(name=wanted["section_id"]).merge(names[names["rank"] == 0], on="name")
    by_name = wanted.assign(name=wanted["section"]).merge(
        names[names["rank"] > 0], on="name", suffixes=("", "_known")
    )
    agree = _agree(by_name, "province") & _agree(by_name, "basin")
    columns = ["identity", "rank", "match"]
    fitting = pd.concat([by_id[columns], by_name.loc[agree, columns]]).drop_duplicates(["identity", "match"])
    best = fitting[fitting["rank"] == fitting.groupby("identity")["rank"].transform("min")]
    several = best["identity"].duplicated(keep=False) | best["identity"].isin(
        _find_contradictions(by_id[_PAIR], by_name.loc[agree, _PAIR])
    )
    unclear = pd.Series(identities.index.isin(best.loc[several, "identity"]), index=identities.index)
    match = best[~several].set_index("identity")["match"].reindex(identities.index).astype(float)
    return match, unclear


def _find_contradictions(by_id: pd.DataFrame, by_name: pd.DataFrame) -> pd.Series:
    """Identities whose id is that of one section of the register and whose name is only that of others."""
    fitting = by_id.merge(by_name, on=_PAIR)["identity"]
    told_twice = by_id["identity"][by_id["identity"].isin(by_name["identity"])]
    return told_twice[~told_twice.isin(fitting)]


def _agree(pairs: pd.DataFrame, level: str) -> pd.Series:
    ours, theirs = pairs[level], pairs[f"{level}_known"]
    return ours.isna() | theirs.isna() | (ours == theirs)


def _list_names(known: pd.DataFrame) -> pd.DataFrame:
    """Every name that a section of the register goes by, best first, with its province and basin."""
    aliases = known["aliases"].fillna("").str.split(";").explode().replace("", None).dropna()
    kinds = {"section_id": known["section_id"], "section": known["section"], "alias": aliases}
    simplify = {"section_id": _simplify_ids}
    names = pd.concat(
        [
            pd.DataFrame({"name": simplify.get(kind, _simplify)(texts), "rank": _RANKS[kind]})
            for kind, texts in kinds.items()
        ]
    )
    names = names.dropna(subset="name").rename_axis("match").reset_index()
    return names.join(_simplify_places(known), on="match")
