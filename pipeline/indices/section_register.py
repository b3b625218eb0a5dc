"""Which section a sample belongs to: by id, then name, then alias, within its province and basin."""

import unicodedata

import pandas as pd

NOT_REGISTERED = "断面未登记 (not in the register of sections)"

_NAMES = ["province", "basin", "section"]
_IDENTITY = ["section_id", *_NAMES]
_SECTION_COLUMNS = [*_IDENTITY, "water_body", "target_class", "lon", "lat", "aoi"]
_RANKS = {"section_id": 0, "section": 1, "alias": 2}


def placed(samples: pd.DataFrame, register: pd.DataFrame | None) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Samples with `place`, the number of their section, and the sections by that number.

    Sections are those of the register in its order, then those that only the samples name, with an id made
    of province, basin and name, without target and place on the map; where there is a register, `note` says
    that they are not in it. A name that fits several sections of the register fits none.
    """
    given = samples if "section_id" in samples else samples.assign(section_id=None)
    numbers = given.groupby(_IDENTITY, dropna=False, sort=False, observed=True).ngroup()
    identities = (
        given.loc[~numbers.duplicated(), [*_IDENTITY, "water_body"]].reset_index(drop=True).astype(object)
    )
    known = _known(register)
    match = _matches(identities, known)
    ids = _made_ids(identities)[match.isna()]
    strangers = identities.loc[ids.index].assign(section_id=ids).drop_duplicates("section_id")
    strangers["note"] = None if register is None else NOT_REGISTERED
    sections = pd.concat([known.drop(columns="aliases"), strangers], ignore_index=True)
    place_of_id = pd.Series(range(len(known), len(sections)), index=strangers["section_id"], dtype=float)
    place = match.fillna(ids.map(place_of_id)).astype(int)
    bodies = identities["water_body"].groupby(place).first()
    sections["water_body"] = sections["water_body"].fillna(bodies).fillna("river")
    return given.assign(place=numbers.map(place).astype(int)), sections


def _known(register: pd.DataFrame | None) -> pd.DataFrame:
    columns = [*_SECTION_COLUMNS, "aliases", "note"]
    known = pd.DataFrame(columns=columns) if register is None else register.reindex(columns=columns)
    known = known.astype(object).where(known.notna(), None).reset_index(drop=True)
    return known.astype({"target_class": "Int64", "lon": float, "lat": float})


def _plain(names: pd.Series) -> pd.Series:
    """Names for comparison; null stays null."""
    return names.map(
        lambda name: "".join(unicodedata.normalize("NFKC", str(name)).casefold().split()), na_action="ignore"
    )


def _made_ids(identities: pd.DataFrame) -> pd.Series:
    """The id that the samples give, else province-basin-section."""
    made = identities[_NAMES].apply(lambda names: "-".join(names.dropna()), axis=1, result_type="reduce")
    return identities["section_id"].fillna(made) if len(identities) else identities["section_id"]


def _matches(identities: pd.DataFrame, known: pd.DataFrame) -> pd.Series:
    """Row of the register for each identity, NaN where none or several fit."""
    names = _register_names(known)
    wanted = pd.DataFrame({name: _plain(identities[name]) for name in _IDENTITY}).assign(
        identity=identities.index
    )
    by_id = wanted.assign(name=wanted["section_id"]).merge(names[names["rank"] == 0], on="name")
    by_name = wanted.assign(name=wanted["section"]).merge(
        names[names["rank"] > 0], on="name", suffixes=("", "_known")
    )
    agree = _agree(by_name, "province") & _agree(by_name, "basin")
    columns = ["identity", "rank", "match"]
    fitting = pd.concat([by_id[columns], by_name.loc[agree, columns]]).drop_duplicates(["identity", "match"])
    best = fitting[fitting["rank"] == fitting.groupby("identity")["rank"].transform("min")]
    single = best[~best.duplicated("identity", keep=False)]
    return single.set_index("identity")["match"].reindex(identities.index).astype(float)


def _agree(pairs: pd.DataFrame, level: str) -> pd.Series:
    ours, theirs = pairs[level], pairs[f"{level}_known"]
    return ours.isna() | theirs.isna() | (ours == theirs)


def _register_names(known: pd.DataFrame) -> pd.DataFrame:
    """Every name that a section of the register goes by, best first, with its province and basin."""
    aliases = known["aliases"].fillna("").str.split(";").explode().replace("", None).dropna()
    kinds = {"section_id": known["section_id"], "section": known["section"], "alias": aliases}
    names = pd.concat(
        [pd.DataFrame({"name": _plain(texts), "rank": _RANKS[kind]}) for kind, texts in kinds.items()]
    )
    names = names.dropna(subset="name").rename_axis("match").reset_index()
    places = pd.DataFrame({level: _plain(known[level]) for level in ("province", "basin")})
    return names.join(places, on="match")
