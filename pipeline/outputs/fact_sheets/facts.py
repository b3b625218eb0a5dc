r"""What a published delivery says of its parcels, read in bulk; one parcel as data for JSON.

`read_parcel_facts` reads each layer and table once, by columns; `ParcelFacts.describe` puts together what is
said of one parcel. Lists by period are in the order of `head["periods"]`. Numbers have nine digits,
and what is not known is None.

`head` holds for all parcels:

| key | what it is |
|---|---|
| `aoi`, `name`, `label`, `title`, `language` | the area, the delivery, and the language of its words |
| `simulated`, `data_label` | whether anything is simulated, and how that is said |
| `as_of` | day of the latest scene |
| `periods` | labels, in order |
| `scenes` | by period: `count`, `missions` (number by mission), `first` and `last` day |
| `classes`, `water_classes` | legends: `key` or `code`, `name`, `color`, in order |
| `names` | what columns and measures are called |
| `units` | unit of columns and measures that have one |
| `keys` | keys of the artifacts that the figures come from |
| `versions` | of the programs that made it |

A parcel (`describe`):

| key | what it is |
|---|---|
| `id`, `parcel_no`, `unit_no`, `unit_name` | identity |
| `place` | `part` of the area, `region_code`, `towns` (`region`, `name`, `area_m2`), and in EPSG:4490 \
`centre` (lon, lat) and `bounds` (west, south, east, north) |
| `registered` | columns of the register in words: owner, right, holder as delivered, class, use, ...; \
what staff completed of protection and use goes before |
| `remarks` | what staff remarked, of the parcel or of a product (`cat2_code`) |
| `rights` | other rights that are linked to it: kind, number, holder, term, state |
| `areas` | areas of the register and of the map, m2, and shares inside restricting layers |
| `cover` | by measure, a list by period: areas by class, m2, mean cover, ... |
| `unseen_m2` | by period, what of the parcel no class is known of; classes and this sum to its area |
| `unknown` | by measure and period, why a figure is not known |
| `changed` | by measure, area gained and lost between two periods: `from_period/to_period` to m2 |
| `patches` | patches of change that reach into it, with the area inside |
| `sections` | water sections linked to it, with `water_class`, `target_class`, `target_met` by period |
| `products` | one entry a product: `quantity`, `value_yuan`, `quality_grade`, `confidence`, ... by period |
| `value_yuan` | by period `sum` of the products' values; `known` (by period) of `of` products have one |
| `findings` | what was found: rule, severity, message, basis |
| `evidence` | sources, parameter sets, methods, keys: each once |
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, TypeVar

import geopandas as gpd
import numpy as np
import pandas as pd
import pyarrow as pa
import shapely
from numpy.typing import NDArray

from pipeline.geodesy import measure_areas_m2
from pipeline.outputs.columns import Language, name_values
from pipeline.outputs.fact_sheets import telling
from pipeline.outputs.fact_sheets.heading import build_head
from pipeline.outputs.fact_sheets.reading import (
    NUMBERS,
    WORDS,
    check_geopackage,
    read_attributes,
    read_columns,
    read_shapes,
)
from pipeline.outputs.fact_sheets.rows import ParcelRows, round_digits
from pipeline.outputs.published import Published
from pipeline.outputs.texts import choose_words

Table = TypeVar("Table", bound=pd.DataFrame)

_IDENTITY = ("parcel_id", "parcel_no", "unit_no", "unit_name", "region_code")
_REGISTERED = (
    *("unit_type", "resource_kind", "dlbm", "land_class", "land_class_basis", "planning_use"),
    *("owner_type", "owner_subject", "represent_subject", "agent_subject", "exercise_mode"),
    *("right_type", "right_holder", "linked_rights", "red_line", "special_protection"),
    *("protection_status", "use_status", "repairs"),
)
_AREAS = (
    *("area_m2", "area_whole_m2", "area_registered_m2", "share_inside"),
    *("state_area_m2", "collective_area_m2", "disputed_area_m2"),
    *("ecological_red_line_share", "permanent_farmland_share", "special_protection_share"),
)
_PRODUCTS = (
    *("parcel_id", "period", "cat1_code", "cat1_name", "cat2_code", "cat2_name", "cat3_name"),
    *("ecosystem_l1", "quantity", "quantity_unit", "quality_grade", "quality_value", "quality_basis"),
    *("function_feature", "eco_value_yuan", "econ_value_yuan", "confidence", "chg_reason"),
    *("method", "param_set", "data_source", "evidence"),
)
_SPOKEN = (
    *("cat1_name", "cat2_name", "cat3_name", "ecosystem_l1", "quality_grade", "quality_basis"),
    *("function_feature", "confidence", "chg_reason", "method", "param_set", "data_source"),
)
"""Columns of products that hold words of the standards, or sentences."""
_SECTIONS = (
    *("parcel_id", "section_id", "section", "period", "water_class", "target_class", "target_met"),
    *("decided_by", "exceedance", "samples", "river", "link", "distance_m", "reason"),
)
_FINDINGS = ("parcel_id", "rule", "severity", "period", "message_zh", "message_en", "basis")
_PATCHES = ("patch_id", "from_class", "to_class", "from_period", "to_period", "area_m2", "confidence")
_MEASURES = dict.fromkeys(("parcel_id", "period", "measure", "reason"), WORDS) | dict.fromkeys(
    ("value", "unknown_area_m2"), NUMBERS
)
_UNITS = dict.fromkeys(("kind", "parcel_id", "region", "period"), WORDS) | {"area_m2": NUMBERS}
_REGIONS = {"region": WORDS, "name": WORDS}
_SUPPLEMENT = dict.fromkeys(("parcel_id", "cat2_code", "item", "text"), WORDS)
_LINKS = dict.fromkeys(("right_id", "linked_to", "linked_id", "linked_by"), WORDS) | {"area_m2": NUMBERS}
_RIGHTS = dict.fromkeys(
    ("right_id", "right_kind", "number", "name", "holder", "valid_from", "valid_to", "state"), WORDS
)
_NAMED = tuple(
    dict.fromkeys(
        (
            *(*_IDENTITY, *_REGISTERED, *_AREAS, *_PRODUCTS, *_SECTIONS),
            *(*_FINDINGS, *_PATCHES, *_RIGHTS, "remark"),
        )
    )
)
_NONE = pd.DataFrame({"parcel_id": pd.Series(dtype=object)})


@dataclass(frozen=True)
class ParcelFacts:
    """What is said of the parcels of a delivery: `head` for all, `parcels` in the order of their ids.

    `parcels` is indexed by parcel_id, in EPSG:4490, with identity, registered words and areas; `tables` are
    the rows by parcel that `describe` puts together.
    """

    head: Mapping[str, Any]
    parcels: gpd.GeoDataFrame
    tables: Mapping[str, ParcelRows]

    @cached_property
    def _bounds(self) -> NDArray[np.float64]:
        return round_digits(self.parcels.bounds.to_numpy())

    @cached_property
    def _centres(self) -> NDArray[np.float64]:
        return round_digits(shapely.get_coordinates(_find_centres(self.parcels)))

    @cached_property
    def _rows(self) -> ParcelRows:
        told = pd.DataFrame(self.parcels.drop(columns=self.parcels.geometry.name)).reset_index()
        return ParcelRows(told, self.parcels.index)

    def describe(self, parcel_id: str) -> dict[str, Any]:
        """All that is said of a parcel, ready for JSON; KeyError for one that the delivery does not have."""
        number = self.parcels.index.get_loc(parcel_id)
        (own,) = self._rows.list_rows(number)
        rows = {name: table.list_rows(number) for name, table in self.tables.items()}
        periods = self.head["periods"]
        spots = {"centre": self._centres[number].tolist(), "bounds": self._bounds[number].tolist()}
        return {
            "id": parcel_id,
            **{key: own[key] for key in _IDENTITY[1:-1]},
            "place": {key: own[key] for key in ("part", "region_code")} | {"towns": rows["towns"]} | spots,
            **telling.tell_register({key: own[key] for key in _REGISTERED}, rows["supplement"]),
            "rights": rows["rights"],
            "areas": {key: own[key] for key in _AREAS},
            **telling.tell_measures(rows["measures"], periods),
            "patches": rows["patches"],
            "sections": telling.tell_sections(rows["sections"], periods),
            **telling.tell_products(rows["products"], periods),
            "findings": rows["findings"],
            "evidence": telling.tell_evidence(rows["products"]),
        }

    def list_facts(self, parcel_ids: Iterable[str] | None = None) -> Iterator[dict[str, Any]]:
        """`describe` of some parcels, of all in their order unless named."""
        yield from map(self.describe, self.parcels.index if parcel_ids is None else parcel_ids)


def read_parcel_facts(published: Published) -> ParcelFacts:
    """All that a delivery says of its parcels, in the language of its words.

    InputError for a delivery of another version that lacks a layer or a column, and for files that were
    changed since they were published.
    """
    check_geopackage(published)
    language = published.language
    parcels = _read_parcels(published, language)
    found = {
        "towns": _read_towns(published),
        "supplement": _read_optional(published, "supplement", _SUPPLEMENT),
        "rights": _read_rights(published, language),
        "measures": _read_measures(published, language),
        "patches": _read_patches(published, parcels, language),
        "sections": _speak(read_attributes(published, "sections", _SECTIONS), ("link",), language),
        "products": _speak(read_attributes(published, "inventory", _PRODUCTS), _SPOKEN, language),
        "findings": _read_findings(published, language),
    }
    tables = {name: ParcelRows(table, parcels.index) for name, table in found.items()}
    return ParcelFacts(build_head(published, _NAMED), parcels, tables)


def _speak(table: Table, columns: Iterable[str], language: Language) -> Table:
    """The table with the values of coded columns as people read them."""
    return table.assign(**{column: name_values(column, table[column], language) for column in columns})


def _read_parcels(published: Published, language: Language) -> gpd.GeoDataFrame:
    told = read_shapes(published, "parcels", (*_IDENTITY, *_REGISTERED, *_AREAS))
    parcels = _speak(told, _REGISTERED, language).astype({"parcel_id": object})
    parcels = parcels.assign(part=_find_parts(parcels, published, language))
    return parcels.sort_values("parcel_id", kind="stable").set_index("parcel_id")


def _find_parts(parcels: gpd.GeoDataFrame, published: Published, language: Language) -> pd.Series:
    """The name of the part of the area that the centre of a parcel lies in."""
    outline = published.outline
    centre, part = shapely.STRtree(outline.geometry.to_numpy()).query(_find_centres(parcels), "intersects")
    names = outline[f"name_{language}"].astype(object).to_numpy()
    found = pd.Series(names[part], index=parcels.index[centre], dtype=object)
    return found[~found.index.duplicated()].reindex(parcels.index)


def _find_centres(parcels: gpd.GeoDataFrame) -> NDArray[np.object_]:
    """The centroid of each parcel, or where that lies outside of it a point inside."""
    shapes = parcels.geometry.to_numpy()
    centres = shapely.centroid(shapes)
    inside: NDArray[np.object_] = np.where(
        shapely.intersects(shapes, centres), centres, shapely.point_on_surface(shapes)
    )
    return inside


def _read_towns(published: Published) -> pd.DataFrame:
    """The towns or villages that parcels lie in, the largest part first, by the newest period's accounts."""
    units, regions = (
        read_columns(published, stem, columns)
        for stem, columns in (("account_sums", _UNITS), ("account_regions", _REGIONS))
    )
    if units is None or regions is None:
        return _NONE
    newest = units[(units["kind"] == "parcel") & (units["period"] == list(published.periods)[-1])]
    areas = newest.groupby(["parcel_id", "region"], observed=True)["area_m2"].sum().reset_index()
    named = areas.astype({"region": object}).merge(regions.astype(object), on="region")
    return named.sort_values(["parcel_id", "area_m2"], ascending=[True, False], kind="stable")


def _read_rights(published: Published, language: Language) -> pd.DataFrame:
    links = read_columns(published, "rights_links", _LINKS)
    rights = read_columns(published, "rights", _RIGHTS)
    if links is None or rights is None:
        return _NONE
    to_parcels = links[links["linked_to"] == "parcel"].drop(columns="linked_to")
    named = to_parcels.rename(columns={"linked_id": "parcel_id"}).astype({"right_id": object})
    found = named.merge(rights.astype({"right_id": object}), on="right_id", validate="many_to_one")
    return _speak(found, ("right_kind", "state", "linked_by"), language)


def _read_measures(published: Published, language: Language) -> pd.DataFrame:
    found = _read_optional(published, "parcel_measures", _MEASURES)
    return _choose_words(found, "reason", language) if "reason" in found else found


def _read_optional(published: Published, stem: str, columns: Mapping[str, pa.DataType]) -> pd.DataFrame:
    """Some columns of a table; no rows where the delivery has no such table."""
    found = read_columns(published, stem, columns)
    return _NONE if found is None else found


def _read_patches(published: Published, parcels: gpd.GeoDataFrame, language: Language) -> pd.DataFrame:
    """Patches of change by the parcels that they reach into, with the area inside, the largest first."""
    patches = read_shapes(published, "change_patches", _PATCHES).rename(columns={"area_m2": "patch_m2"})
    shapes = parcels.geometry.to_numpy()
    patch, parcel = shapely.STRtree(shapes).query(patches.geometry.to_numpy(), "intersects")
    inside = shapely.intersection(patches.geometry.to_numpy()[patch], shapes[parcel])
    found = pd.DataFrame(patches.drop(columns="geometry")).iloc[patch]
    found = found.assign(parcel_id=parcels.index[parcel], area_m2=measure_areas_m2(inside))
    named: pd.DataFrame = _speak(found[found["area_m2"] > 0], ("from_class", "to_class"), language)
    return named.sort_values("area_m2", ascending=False, kind="stable")


def _read_findings(published: Published, language: Language) -> pd.DataFrame:
    found = read_attributes(published, "findings", _FINDINGS).rename(
        columns={f"message_{language}": "message"}
    )
    kept = found.loc[:, ~found.columns.str.startswith("message_")]
    return _choose_words(_speak(kept, ("severity",), language), "basis", language)


def _choose_words(table: pd.DataFrame, column: str, language: Language) -> pd.DataFrame:
    """The table with what of a column's texts, which say 中文 / English, is in the language."""
    spoken = table[column].astype("category")
    return table.assign(**{column: spoken.map(lambda text: choose_words(text, language), na_action="ignore")})
