"""What other rights are linked to: parcels, sections of rivers, units."""

import re
import unicodedata
from collections import defaultdict
from collections.abc import Hashable, Iterable, Iterator, Mapping

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely

from pipeline.geodesy import measure_areas_m2, project_all
from pipeline.rights_registry.waters import measure_distances_m, project_points

BY_CODE, BY_NAME, BY_PLACE, NEAR, BY_CREDIT_CODE = "code", "name", "place", "near", "credit_code"

_COLUMNS = ["right_id", "linked_to", "linked_id", "linked_by", "distance_m", "area_m2", "share"]
_FIGURES = _COLUMNS[4:]
_PAIR = ["right_id", "linked_id"]
_SEPARATORS = re.compile(r"[、,，;；\n]+")
_CODES = ("parcel_id", "parcel_no", "unit_no")
_LAND_CODE = 19
"""So many characters of the code of a real-estate unit are that of its land, 宗地代码 (GB/T 37346)."""
_LEAST_SHARE = 1e-6


def link_parcels(rights: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame) -> pd.DataFrame:
    """RIGHTS_LINKS of rights and parcels: by `parcel_code`, by `parcel_name`, by place; each pair once.

    A code may be that of the parcel, of its registration unit, or the 宗地代码 that its code begins with. Of
    pairs by code or name the shared ground is told as well, where the right has ground of its own.
    """
    codes = {name: parcels[name] for name in _CODES}
    codes["land"] = parcels["parcel_no"].astype("string").str.slice(0, _LAND_CODE).astype(object)
    parts = [
        _match(rights["parcel_code"], rights, codes.values(), parcels, BY_CODE),
        _match(rights["parcel_name"], rights, [parcels["unit_name"]], parcels, BY_NAME),
    ]
    placed = _overlay(rights, parcels)
    named = pd.concat(parts, ignore_index=True)
    ground = placed[[*_PAIR, "area_m2", "share"]]
    shared = named.drop(columns=["area_m2", "share"]).merge(ground, how="left", on=_PAIR)[_COLUMNS]
    return _join([shared, placed]).drop_duplicates(_PAIR, ignore_index=True)


def link_sections_of(
    rights: gpd.GeoDataFrame,
    sections: pd.DataFrame,
    links: pd.DataFrame,
    parcels: gpd.GeoDataFrame,
    *,
    crs: str,
    within_m: float,
) -> pd.DataFrame:
    """RIGHTS_LINKS of rights and sections: by the section that a right names, else the nearest one.

    The nearest is sought of each point of a right, on the same water and `within_m` of it: a section of the
    river or reach that the right names, or one linked to a parcel of a registration unit that it lies in.
    `sections` are SECTION_STATUS, `links` those of rights and parcels, `crs` a metric CRS of the area.
    """
    known = sections.drop_duplicates("section_id").reset_index(drop=True)
    named = _name_sections(rights, known)
    is_point = shapely.get_dimensions(rights.geometry.to_numpy(dtype=object)) == 0
    others = rights[~rights["right_id"].isin(named["right_id"]) & is_point].explode()
    units = parcels.set_index("parcel_id")["unit_no"]
    waters = [_name_waters(row, units) for row in known.to_dict("records")]
    near = _find_nearest(others, known, (waters, _list_units(links, units)), crs, within_m)
    return _join([named, *near]).drop_duplicates(_PAIR, ignore_index=True)


def link_units(rights: pd.DataFrame) -> pd.DataFrame:
    """RIGHTS_LINKS of rights and the credit codes of their holders."""
    rows = rights.dropna(subset="credit_code")
    return _build(rows["right_id"], "unit", rows["credit_code"], BY_CREDIT_CODE)


def split_names(text: object) -> list[str]:
    """The names or codes in a cell, comparable: one width of characters, no blanks, capitals."""
    return [_fold(part) for part in _SEPARATORS.split(text) if part] if isinstance(text, str) else []


def _fold(text: str) -> str:
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).upper()


def _build(
    right_ids: Iterable[str], kind: str, ids: Iterable[str], by: str, **figures: object
) -> pd.DataFrame:
    nothing = dict.fromkeys(_FIGURES, np.nan)
    columns = {"right_id": list(right_ids), "linked_to": kind, "linked_id": list(ids), "linked_by": by}
    return pd.DataFrame({**columns, **nothing, **figures}, columns=_COLUMNS)


def _join(parts: Iterable[pd.DataFrame]) -> pd.DataFrame:
    known = list(parts)
    return pd.concat([part for part in known if len(part)] or known[:1], ignore_index=True)


def _match(
    cells: pd.Series, rights: pd.DataFrame, names: Iterable[pd.Series], parcels: pd.DataFrame, by: str
) -> pd.DataFrame:
    """Pairs of rights and the parcels that have one of the names in their cells."""
    index: dict[str, dict[str, None]] = defaultdict(dict)
    for column in names:
        for name, parcel in zip(column, parcels["parcel_id"], strict=True):
            if isinstance(name, str):
                index[_fold(name)][parcel] = None
    pairs = [
        (right, parcel)
        for right, cell in zip(rights["right_id"], cells, strict=True)
        for parcel in dict.fromkeys(parcel for name in split_names(cell) for parcel in index.get(name, ()))
    ]
    return _build([right for right, _ in pairs], "parcel", [parcel for _, parcel in pairs], by)


def _overlay(rights: gpd.GeoDataFrame, parcels: gpd.GeoDataFrame) -> pd.DataFrame:
    """Pairs of rights and the parcels that they lie in: a point, or more than a trifle of the ground."""
    shapes, outlines = rights.geometry.to_numpy(), parcels.geometry.to_numpy()
    right, parcel = shapely.STRtree(outlines).query(shapes, predicate="intersects")
    areas = measure_areas_m2(shapely.intersection(shapes[right], outlines[parcel]))
    whole = measure_areas_m2(shapes[right])
    with np.errstate(invalid="ignore", divide="ignore"):
        share = np.where(whole > 0, areas / whole, np.nan)
    order = np.lexsort((-areas, right))
    kept = order[~(share[order] < _LEAST_SHARE)]
    ids = rights["right_id"].to_numpy()[right[kept]], parcels["parcel_id"].to_numpy()[parcel[kept]]
    shared = np.where(whole[kept] > 0, areas[kept], np.nan)
    return _build(ids[0], "parcel", ids[1], BY_PLACE, area_m2=shared, share=share[kept])


def _name_sections(rights: pd.DataFrame, sections: pd.DataFrame) -> pd.DataFrame:
    """Pairs of rights and the sections that they name; a name of several sections names none."""
    names = sections["section"].map(_fold)
    single = sections[~names.duplicated(keep=False)]
    index = {_fold(name): key for name, key in zip(single["section"], single["section_id"], strict=True)}
    index |= {_fold(key): key for key in sections["section_id"]}
    pairs = [
        (right, index[name])
        for right, cell in zip(rights["right_id"], rights["section"], strict=True)
        for name in split_names(cell)
        if name in index
    ]
    return _build([right for right, _ in pairs], "section", [section for _, section in pairs], BY_NAME)


def _name_waters(section: Mapping[Hashable, object], units: pd.Series) -> set[str]:
    """What the water of a section is called: its river, its reach, the unit of its parcel."""
    told = [section.get("river"), section.get("reach"), units.get(section.get("parcel_id"))]
    return {name for text in told for name in split_names(text)}


def _list_units(links: pd.DataFrame, units: pd.Series) -> Mapping[str, set[str]]:
    """Registration units that rights lie in, by right."""
    found: dict[str, set[str]] = defaultdict(set)
    for right, parcel in zip(links["right_id"], links["linked_id"], strict=True):
        found[right] |= set(split_names(units.get(parcel)))
    return found


def _find_nearest(
    rights: gpd.GeoDataFrame,
    sections: pd.DataFrame,
    waters: tuple[list[set[str]], Mapping[str, set[str]]],
    crs: str,
    within_m: float,
) -> Iterator[pd.DataFrame]:
    """The nearest section of each right; `waters` are those of the sections, and units by right."""
    of_sections, of_rights = waters
    spots, shapes = project_points(sections, crs), project_all(rights.geometry.to_numpy(), crs)
    for right, water, shape in zip(rights["right_id"], rights["water"], shapes, strict=True):
        own = {*split_names(water), *of_rights.get(right, set())}
        same = np.flatnonzero([bool(own & names) for names in of_sections])
        distance = measure_distances_m(spots[same], np.full(same.size, shape, dtype=object), crs)
        if same.size and np.nanmin(distance, initial=np.inf) <= within_m:
            best = int(np.nanargmin(distance))
            section = sections["section_id"][same[best]]
            yield _build([right], "section", [section], NEAR, distance_m=distance[best])
