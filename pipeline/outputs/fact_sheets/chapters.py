"""The words of a fact sheet: lines, tables and notes of each chapter, as they are printed, in one language.

A chapter is an entry of `CHAPTERS`: a function from the facts of a parcel to what stands below its title, or
None where there is nothing to say. The template knows none of them by name.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from pipeline.geodesy import SQUARE_METRES_PER_HECTARE
from pipeline.outputs.accounts.amounts import choose_money, write_quantity
from pipeline.outputs.columns import Language
from pipeline.outputs.texts import find_text, find_texts, name_unit

Facts = Mapping[str, Any]

MOST_PERIODS = 3
"""Periods that stand beside each other on paper; the others are in the files of the delivery."""
_NONE = "—"
_IDENTITY = ("unit_no", "unit_name", "unit_type", "resource_kind", "land_class", "planning_use")
_OWNERSHIP = (
    *("owner_type", "owner_subject", "represent_subject", "agent_subject", "exercise_mode"),
    *("right_type", "right_holder", "linked_rights", "red_line", "special_protection"),
    *("protection_status", "use_status"),
)
_AREAS = ("state_area_m2", "collective_area_m2", "disputed_area_m2")
_SHARES = ("ecological_red_line_share", "permanent_farmland_share", "special_protection_share")
_MEASURES = ("fvc_mean", "vegetated_share", "looks_mean")
_PERCENT = frozenset({"vegetated_share"})


@dataclass(frozen=True)
class PrintTable:
    """Headings and rows of texts; `numbers` are the columns that stand at the right."""

    headings: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    numbers: tuple[int, ...] = ()
    last_is_sum: bool = False


@dataclass(frozen=True)
class Chapter:
    """What stands below a title: lines of name and text (`small` or not), a table, notes in small print."""

    lines: tuple[tuple[str, str], ...] = ()
    table: PrintTable | None = None
    notes: tuple[str, ...] = ()
    small: bool = False


def write_chapters(facts: Facts, head: Facts) -> list[dict[str, Any]]:
    """The chapters of a parcel that have something to say, in order, ready for the template."""
    language: Language = head["language"]
    written = ((key, write(facts, head)) for key, write in CHAPTERS.items())
    return [
        {"title": find_text(f"fact_sheet.{key}", language), **asdict(chapter)}
        for key, chapter in written
        if chapter is not None
    ]


def _write_identity(facts: Facts, head: Facts) -> Chapter:
    place, areas = facts["place"], facts["areas"]
    west, south, east, north = place["bounds"]
    lon, lat = place["centre"]
    towns = [f"{town['name']} {_hectares(town['area_m2'], head)}" for town in place["towns"]]
    told = {
        **{key: facts["registered"].get(key) or facts.get(key) for key in _IDENTITY},
        "part": place["part"],
        "region_code": place["region_code"],
        "towns": find_text("fact_sheet.comma", head["language"]).join(towns),
        "centre": f"{lon:.6f}°E, {lat:.6f}°N",
        "bounds": f"{west:.6f}–{east:.6f}°E, {south:.6f}–{north:.6f}°N",
        "area_m2": _hectares(areas["area_m2"], head),
        "area_registered_m2": _hectares(areas["area_registered_m2"], head),
        "area_whole_m2": _hectares(areas["area_whole_m2"], head) if areas["share_inside"] != 1 else "",
        "share_inside": _percent(areas["share_inside"]),
        "repairs": facts["registered"]["repairs"],
    }
    return Chapter(lines=_list_lines({"parcel_no": facts["parcel_no"], **told}, head))


def _write_rights(facts: Facts, head: Facts) -> Chapter:
    """What the register says; what it says nothing of is named once."""
    registered, areas = facts["registered"], facts["areas"]
    told = {
        **{key: registered[key] for key in _OWNERSHIP},
        **{key: _hectares(areas[key], head, empty="") for key in _AREAS},
    }
    silent = [_name(key, head) for key, value in told.items() if not value]
    told |= {key: _percent(areas[key], empty="") for key in _SHARES}
    told["remark"] = "\n".join(remark["text"] for remark in facts["remarks"])
    comma = find_text("fact_sheet.comma", head["language"])
    notes = [f"{find_text('fact_sheet.silent', head['language'])}{comma.join(silent)}"] if silent else []
    return Chapter(lines=_list_lines(told, head), notes=tuple(notes))


def _write_other_rights(facts: Facts, head: Facts) -> Chapter | None:
    columns = ("right_kind", "number", "holder", "valid_from", "valid_to", "state")
    rows = tuple(tuple(right[key] or _NONE for key in columns) for right in facts["rights"])
    table = PrintTable(tuple(_name(key, head) for key in columns), rows)
    return Chapter(table=table) if rows else None


def _write_cover(facts: Facts, head: Facts) -> Chapter | None:
    """Area by class and the cover of vegetation, a row a period; nothing for a parcel without measures."""
    cover, language = facts["cover"], head["language"]
    if not cover:
        return None
    classes = [(f"class_area:{entry['key']}", entry["name"]) for entry in head["classes"]]
    measures = [key for key in _MEASURES if key in cover]
    headings = [
        _name("period", head),
        *(f"{name} ({name_unit('ha', language)})" for _, name in classes),
        f"{find_text('fact_sheet.unseen', language)} ({name_unit('ha', language)})",
        *(_name(key, head) for key in measures),
    ]
    rows = [
        (
            label,
            *(_hectares(_at(cover, key, number), head, unit=False) for key, _ in classes),
            _hectares(facts["unseen_m2"][number], head, unit=False),
            *(_write_measure(key, cover[key][number]) for key in measures),
        )
        for number, label in enumerate(head["periods"])
    ]
    table = PrintTable(tuple(headings), tuple(rows), tuple(range(1, len(headings))))
    reasons = _list_reasons(facts, head, [key for key, _ in classes] + measures)
    return Chapter(table=table, notes=(find_text("fact_sheet.classes_note", language), *reasons))


def _write_changes(facts: Facts, head: Facts) -> Chapter | None:
    columns = ("from_period", "to_period", "from_class", "to_class")
    rows = [
        (*(patch[key] for key in columns), _hectares(patch["area_m2"], head), _number(patch["confidence"]))
        for patch in facts["patches"]
    ]
    named = (*(_name(key, head) for key in columns), find_text("fact_sheet.inside", head["language"]))
    headings = (*named, _name("confidence", head))
    return Chapter(table=PrintTable(headings, tuple(rows), (4, 5))) if rows else None


def _write_waters(facts: Facts, head: Facts) -> Chapter | None:
    shown = _choose_periods(head)
    grades = {entry["code"]: entry["name"] for entry in head["water_classes"]}
    rows = [
        (
            section["section"],
            section["river"] or _NONE,
            section["link"] or _NONE,
            *(_write_grade(section, number, grades, head) for number in shown),
        )
        for section in facts["sections"]
    ]
    labels = [f"{head['periods'][number]}" for number in shown]
    headings = (_name("section", head), _name("river", head), _name("link", head), *labels)
    notes = (find_text("fact_sheet.grades_note", head["language"]), *_list_earlier(head))
    return Chapter(table=PrintTable(headings, tuple(rows)), notes=notes) if rows else None


def _write_grade(section: Facts, number: int, grades: Mapping[int, str], head: Facts) -> str:
    """The class of a section in a period beside its target, and what decided it; or why there is none."""
    language = head["language"]
    grade, target = section["water_class"][number], section["target_class"][number]
    if grade is None:
        return section["reason"][number] or find_text("fact_sheet.not_graded", language)
    met = {True: "fact_sheet.met", False: "fact_sheet.missed"}.get(section["target_met"][number])
    beside = f" / {grades[target]} {find_text(met, language)}" if target is not None and met else ""
    decided = section["decided_by"][number]
    return f"{grades[grade]}{beside}" + (f"\n{decided}" if decided else "")


def _write_products(facts: Facts, head: Facts) -> Chapter:
    """Products with quantity, quality and value side by side by period, and the sum of their values."""
    language, shown = head["language"], _choose_periods(head)
    products = facts["products"]
    if not products:
        return Chapter(notes=(find_text("fact_sheet.no_products", language),))
    scale, money = choose_money(language)
    remarks = list(dict.fromkeys(_remark(product) for product in products))
    labels = [head["periods"][number] for number in shown]
    headings = [
        *(find_text(f"fact_sheet.{key}", language) for key in ("category", "product", "unit")),
        *(f"{find_text('fact_sheet.quantity', language)} {label}" for label in labels),
        *(f"{find_text('fact_sheet.quality', language)} {label}" for label in labels),
        *(f"{find_text('fact_sheet.value', language)} {label} ({money})" for label in labels),
    ]
    rows = [
        (
            product["cat1_name"] or _NONE,
            f"{product['cat3_name'] or product['cat2_name']} ({remarks.index(_remark(product)) + 1})",
            name_unit(product["quantity_unit"] or "", language),
            *(write_quantity(_nan(product["quantity"][number])) for number in shown),
            *(str(product["quality_grade"][number] or _NONE) for number in shown),
            *(_number(product["value_yuan"][number], scale) for number in shown),
        )
        for product in products
    ]
    rows.append(_sum_values(facts["value_yuan"], shown, scale, language))
    many = len(shown)
    numbers = (*range(3, 3 + many), *range(3 + 2 * many, 3 + 3 * many))
    notes = [f"({place}) {text}" for place, text in enumerate(remarks, start=1) if text]
    table = PrintTable(tuple(headings), tuple(rows), numbers, last_is_sum=True)
    return Chapter(table=table, notes=(*notes, *_list_earlier(head)))


def _sum_values(total: Facts, shown: Sequence[int], scale: float, language: Language) -> tuple[str, ...]:
    """The last row: sums, with how many products of all they are of where some have no value."""
    sums = [
        _number(total["sum"][number], scale)
        + (f" ({total['known'][number]}/{total['of']})" if 0 < total["known"][number] < total["of"] else "")
        for number in shown
    ]
    empty = [""] * (2 + 2 * len(shown))
    return (find_text("fact_sheet.sum", language), *empty, *sums)


def _remark(product: Facts) -> str:
    """What is said of the newest figures of a product."""
    return next((text for text in reversed(product["confidence"]) if text), "")


def _write_findings(facts: Facts, head: Facts) -> Chapter | None:
    columns = ("severity", "period", "message", "basis")
    rows = tuple(tuple(finding[key] or _NONE for key in columns) for finding in facts["findings"])
    names = (
        _name("severity", head),
        _name("period", head),
        find_text("fact_sheet.message", head["language"]),
    )
    return Chapter(table=PrintTable((*names, _name("basis", head)), rows)) if rows else None


def _write_evidence(facts: Facts, head: Facts) -> Chapter:
    """Scenes, sources, parameters and keys that the figures can be traced by."""
    language, evidence, version = head["language"], facts["evidence"], head["versions"]["ecoledger"]
    scenes = [
        f"{entry['period']}: {entry['count']} ({', '.join(f'{k} {n}' for k, n in entry['missions'].items())})"
        + (f" {entry['first']} – {entry['last']}" if entry["count"] else "")
        for entry in head["scenes"]
    ]
    told = {
        "scenes": "\n".join(scenes),
        **{key: "\n".join(evidence[key]) for key in ("parameter_sets", "methods", "quality_basis", "keys")},
        "artifacts": ", ".join(f"{name} {key[:12]}" for name, key in sorted(head["keys"].items())),
        "delivery": f"{head['aoi']}/{head['label']}, {head['as_of']}, ecoledger {version}",
    }
    return Chapter(
        lines=tuple((find_text(f"fact_sheet.{key}", language), text) for key, text in told.items() if text),
        small=True,
    )


CHAPTERS: Mapping[str, Callable[[Facts, Facts], Chapter | None]] = {
    "identity": _write_identity,
    "rights": _write_rights,
    "other_rights": _write_other_rights,
    "cover": _write_cover,
    "changes": _write_changes,
    "waters": _write_waters,
    "products": _write_products,
    "findings": _write_findings,
    "evidence": _write_evidence,
}


def _list_lines(told: Facts, head: Facts) -> tuple[tuple[str, str], ...]:
    return tuple((_name(key, head), str(value)) for key, value in told.items() if value)


def _list_reasons(facts: Facts, head: Facts, measures: Iterable[str]) -> list[str]:
    """Why figures of a period are not known, each reason once."""
    found = [
        f"{period}: {reason}"
        for measure in measures
        for period, reason in facts["unknown"].get(measure, {}).items()
        if period in head["periods"]
    ]
    return list(dict.fromkeys(found))


def _list_earlier(head: Facts) -> tuple[str, ...]:
    """Where the periods stand that a table has no room for."""
    left = head["periods"][:-MOST_PERIODS]
    words = find_text("fact_sheet.earlier", head["language"])
    return (words.format(first=left[0], last=left[-1]),) if left else ()


def _choose_periods(head: Facts) -> range:
    """The numbers of the newest periods."""
    return range(max(0, len(head["periods"]) - MOST_PERIODS), len(head["periods"]))


def _name(key: str, head: Facts) -> str:
    """What a column is called: here, or in the tables of the delivery."""
    own = find_texts("fact_sheet.name", head["language"])
    name: str = own.get(key) or head["names"].get(key, key)
    return name[:1].upper() + name[1:]


def _hectares(area_m2: float | None, head: Facts, *, unit: bool = True, empty: str = _NONE) -> str:
    if area_m2 is None:
        return empty
    words = f"{area_m2 / SQUARE_METRES_PER_HECTARE:,.2f}"
    return f"{words} {name_unit('ha', head['language'])}" if unit else words


def _percent(share: float | None, *, empty: str = _NONE) -> str:
    return empty if share is None else f"{share:.2%}"


def _write_measure(key: str, value: float | None) -> str:
    return _percent(value) if key in _PERCENT else _number(value)


def _number(value: float | None, scale: float = 1.0) -> str:
    return _NONE if value is None else f"{value / scale:,.2f}"


def _at(cover: Facts, key: str, number: int) -> float | None:
    return cover[key][number] if key in cover else None


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value
