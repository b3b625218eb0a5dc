"""Two deliveries of one area beside each other: parcels, figures with the reason of each change, findings."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pyogrio

from pipeline.commands.reasons import list_reasons
from pipeline.errors import InputError, Problem, SettingsError
from pipeline.geodesy import CGCS2000
from pipeline.operating_system import hold_part, refuse_link
from pipeline.outputs.csv_tables import write_csv
from pipeline.outputs.layers import to_multipolygons
from pipeline.outputs.published import refuse_parts
from pipeline.rights_registry import revisions
from pipeline.rights_registry.revisions import Revisions
from pipeline.storage.delivered import find_delivered
from pipeline.storage.ownership import find_wrong_signs, refuse_delivery
from pipeline.storage.tables import load_json

FIGURES = (
    "quantity",
    "quality_grade",
    "quality_value",
    "area_ha",
    "structure",
    "physical_value",
    "eco_value_yuan",
    "econ_value_yuan",
)
_LAYERS = ("aoi", "parcels", "inventory", "findings")
_KEYS = {"aoi": "id", "parcels": "parcel_id", "inventory": "product_id", "findings": "finding_id"}
_TOLD = ("config", "scenes", "inputs", "versions")
_UNTOLD = "清单之外的原因 / for a reason that no manifest tells"
_AREA = "ha"
"""The unit of products that are not accounted: their quantity is the area."""
_UNACCOUNTED = "只有一方核算了实物量，数量不可比 / only one side accounts quantities, which are not compared"
_CLOCK = {"OGR_CURRENT_DATE": "2000-01-01T00:00:00.000Z"}


@dataclass(frozen=True)
class StoredDelivery:
    """A delivery as it stands: the rows of its layers, and its manifest, empty where there is none."""

    path: Path
    aoi: str
    layers: Mapping[str, gpd.GeoDataFrame]
    manifest: Mapping[str, Any]


@dataclass(frozen=True)
class Comparison:
    """`figures` are those of the inventory that differ, each with its `reason`; `findings` new or resolved.

    `reasons` are what the two manifests differ in, under `subject` (scenes by period, register, samples,
    method, version).
    """

    revisions: Revisions
    figures: pd.DataFrame
    findings: pd.DataFrame
    reasons: pd.DataFrame


def compare_deliveries(old: Path, new: Path) -> Comparison:
    """Two deliveries (folders or GeoPackages) of one area.

    Raises InputError where one is no delivery, SettingsError where they are of different areas or their
    products are counted in different units.
    """
    before, after = load_delivery(old), load_delivery(new)
    _refuse_unlike(before, after)
    changed = revisions.find_revisions(before.layers["parcels"], after.layers["parcels"])
    listed = before.layers["inventory"], after.layers["inventory"]
    alike = _list_other_units(before, after).empty
    names = [
        name for name in FIGURES if all(name in table for table in listed) and (alike or name != "quantity")
    ]
    figures = revisions.compare_figures(*listed, names)
    reasons = list_reasons(before.manifest, after.manifest)
    if not alike:
        reasons.loc[len(reasons)] = ("method", None, _UNACCOUNTED)
    figures = figures.assign(reason=_explain_each(figures, changed.parcels, reasons))
    events = revisions.mark_measures(changed.parcels, figures)
    findings = revisions.compare_findings(before.layers["findings"], after.layers["findings"])
    found = Revisions(events, changed.pieces, changed.balance)
    return Comparison(found, figures, findings, reasons)


def load_delivery(path: Path) -> StoredDelivery:
    """A delivery read from its folder or its GeoPackage; InputError lists what it lacks.

    InputError too for one whose register no single GeoPackage holds.
    """
    package = find_delivered(path, ".gpkg") if path.is_dir() else path
    if not package.is_file():
        raise _build_refusal(Problem(str(package), "no such file", "a delivery folder or its GeoPackage"))
    try:
        refuse_parts(package)
        held = {str(name) for name, _ in pyogrio.list_layers(package)}
        problems = [
            Problem(f"{package}, layer {name}", "no such layer", "a delivery of ecoledger")
            for name in _LAYERS
            if name not in held
        ]
        if problems:
            raise _build_refusal(*problems)
        layers = {name: gpd.read_file(package, layer=name) for name in _LAYERS}
    except pyogrio.errors.DataSourceError as error:
        raise _build_refusal(Problem(str(package), str(error), "a GeoPackage")) from error
    problems = [problem for name in _LAYERS for problem in _list_faults(package, name, layers[name])]
    if problems:
        raise _build_refusal(*problems)
    aoi = layers["aoi"]
    names = aoi["aoi"] if "aoi" in aoi else aoi["id"]
    return StoredDelivery(package, str(names.iloc[0]) if len(aoi) else "", layers, _read_manifest(package))


def _list_faults(package: Path, name: str, rows: gpd.GeoDataFrame) -> list[Problem]:
    place, key = f"{package}, layer {name}", _KEYS[name]
    if key not in rows:
        return [Problem(place, f"no column {key}", "a delivery of ecoledger")]
    if rows[key].duplicated().any():
        twice = rows.loc[rows[key].duplicated(), key].iloc[0]
        return [Problem(f"{place}, column {key}", f"{twice} more than once", "each once")]
    return []


def _build_refusal(*problems: Problem) -> InputError:
    return InputError("What is given is no delivery", problems)


def _read_manifest(package: Path) -> Mapping[str, Any]:
    path = package.with_name("manifest.json")
    if not path.is_file():
        return {}
    try:
        content = load_json(path)
    except ValueError as error:
        raise _build_refusal(Problem(str(path), str(error), "JSON in UTF-8")) from error
    told = content if isinstance(content, dict) else {}
    wrong = [key for key in find_wrong_signs(told) if key in told]
    lacking = [key for key in _TOLD if key not in told] or wrong
    if lacking:
        raise _build_refusal(Problem(str(path), f"no {', '.join(lacking)}", "a manifest of ecoledger"))
    manifest: Mapping[str, Any] = content
    return manifest


def _refuse_unlike(old: StoredDelivery, new: StoredDelivery) -> None:
    """Two areas have nothing to compare, and 1 kg is no change of 1 t; what is not accounted is in ha."""
    if old.aoi != new.aoi:
        problem = Problem(str(new.path), f"the area {new.aoi}", f"{old.aoi}, as in {old.path}")
        raise SettingsError("The two deliveries are of different areas", [problem])
    other = _list_other_units(old, new)
    problems = [
        Problem(f"{new.path}, product {code}", str(row.b), f"{row.a}, as in {old.path}")
        for code, row in zip(other.index, other.itertuples(), strict=True)
        if _AREA not in {row.a, row.b}
    ]
    if problems:
        raise SettingsError("The two deliveries count in different units", problems)


def _list_other_units(old: StoredDelivery, new: StoredDelivery) -> pd.DataFrame:
    """Units of products that both deliveries have and count otherwise: `a` before, `b` after, by code."""
    names = ["product_id", "cat2_code", "quantity_unit"]
    sides = [delivery.layers["inventory"][names].dropna() for delivery in (old, new)]
    both = sides[0].merge(sides[1], on=["product_id", "cat2_code"]).set_index("cat2_code")
    units: pd.DataFrame = both.drop(columns="product_id").set_axis(["a", "b"], axis=1)
    other = units[units["a"] != units["b"]]
    return other[~(other.reset_index().duplicated().to_numpy())]


def _explain_each(figures: pd.DataFrame, events: pd.DataFrame, reasons: pd.DataFrame) -> pd.Series:
    """Why each figure may differ: what befell its parcel, then all that the manifests differ in."""
    befell = events[events["kind"] != "same"]
    sides = [befell[["kind", ids]].rename(columns={ids: "id"}) for ids in ("new_ids", "old_ids")]
    named = pd.concat(sides).dropna(subset="id")
    named = named.assign(id=named["id"].str.split(";")).explode("id").drop_duplicates("id")
    kinds = figures["parcel_id"].map(named.set_index("id")["kind"])
    everywhere = list(reasons.loc[reasons["period"].isna(), "what"])
    of_period = reasons.dropna(subset="period").groupby("period")["what"].agg(list).to_dict()
    texts = [
        "；".join([*_explain_event(kind), *of_period.get(period, []), *everywhere])
        for kind, period in zip(kinds, figures["period"], strict=True)
    ]
    return pd.Series(texts, index=figures.index, dtype=object).replace("", _UNTOLD)


def _explain_event(kind: object) -> list[str]:
    return [f"地块变化 / parcel {kind}"] if isinstance(kind, str) else []


def write_comparison(found: Comparison, folder: Path) -> None:
    """Tables as CSV (UTF-8 with BOM) and the moved ground as revisions.gpkg, layer `pieces`.

    Raises SettingsError where the folder cannot be written to.
    """
    refuse_delivery(folder, "The comparison cannot be written")
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, table in list_tables(found).items():
            with hold_part(folder / f"{name}.csv") as part:
                write_csv(table, part)
        package = folder / "revisions.gpkg"
        refuse_link(package)
        package.unlink(missing_ok=True)
    except OSError as error:
        problem = Problem(str(error.filename), error.strerror or str(error), "a place to write to")
        raise SettingsError("The comparison cannot be written", [problem]) from error
    pieces = found.revisions.pieces
    pyogrio.set_gdal_config_options(_CLOCK)
    try:
        pyogrio.write_dataframe(
            pieces.set_geometry(gpd.GeoSeries(to_multipolygons(pieces.geometry.to_numpy()), crs=CGCS2000)),
            package,
            layer="pieces",
            driver="GPKG",
            geometry_type="MultiPolygon",
            VERSION="1.3",
        )
    finally:
        pyogrio.set_gdal_config_options(dict.fromkeys(_CLOCK))


def list_tables(found: Comparison) -> dict[str, pd.DataFrame]:
    """Every table of a comparison by name; parcels without those that are the same."""
    events = found.revisions.parcels
    return {
        "parcels": events[events["kind"] != "same"],
        "balance": found.revisions.balance,
        "figures": found.figures,
        "findings": found.findings,
        "reasons": found.reasons,
    }


def dump_comparison(found: Comparison) -> dict[str, list[dict[Any, Any]]]:
    """Every table as rows for JSON, null where nothing is known."""
    return {
        name: table.astype(object).where(table.notna(), None).to_dict("records")
        for name, table in list_tables(found).items()
    }


def count_events(found: Comparison) -> list[dict[str, Any]]:
    """How many parcels each kind of event befell, with their areas."""
    events = found.revisions.parcels
    count = {name: events[name].str.count(";").add(1).fillna(0) for name in ("old_ids", "new_ids")}
    sums = events.assign(**count, events=1).groupby("kind").sum(numeric_only=True)
    return [
        {
            "类型 kind": f"{_SPOKEN[kind]} {kind}",
            "事件 events": f"{row['events']:.0f}",
            "原宗数 before": f"{row['old_ids']:.0f}",
            "现宗数 after": f"{row['new_ids']:.0f}",
            "原面积 m2": f"{row['area_old_m2']:.2f}",
            "现面积 m2": f"{row['area_new_m2']:.2f}",
            "差 m2": f"{row['area_new_m2'] - row['area_old_m2']:+.2f}",
        }
        for kind, row in ((kind, sums.loc[kind]) for kind in revisions.KINDS if kind in sums.index)
    ]


def count_differences(found: Comparison) -> list[dict[str, Any]]:
    """How many figures differ by name, and findings by state, with the closing difference of the areas."""
    balance = found.revisions.balance.set_index("item")["value"]
    figures, states = found.figures["figure"].value_counts(), found.findings["state"].value_counts()
    closing = f"{balance['difference']:.3g}"
    return [
        {"项目 item": "面积闭合差（相对） / area balance, relative", "值 value": closing},
        *(
            {"项目 item": f"目录：{name} / figures: {name}", "值 value": str(count)}
            for name, count in figures.items()
        ),
        *(
            {"项目 item": f"核查：{name} / findings: {name}", "值 value": str(count)}
            for name, count in states.items()
        ),
        *({"项目 item": f"原因 {row.subject}", "值 value": row.what} for row in found.reasons.itertuples()),
    ]


_SPOKEN = {
    "same": "未变",
    "changed": "变更",
    "split": "分割",
    "merged": "合并",
    "redrawn": "重划",
    "appeared": "新增",
    "gone": "灭失",
}
