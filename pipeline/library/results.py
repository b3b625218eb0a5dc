"""What is made of deliveries and of samples: comparisons, values, bulletins, sheets, the view, grades."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from pipeline import commands
from pipeline.commands.account import Revaluation
from pipeline.commands.bulletin import MadeBulletin
from pipeline.commands.diff import Comparison
from pipeline.commands.grade import GradedReadings
from pipeline.commands.sheets import MadeSheets
from pipeline.errors import Problem, SettingsError
from pipeline.library.delivery import Delivery, open_delivery
from pipeline.outputs.columns import Language
from pipeline.settings import SampleFile, WaterBody

Place = str | Path | Delivery
"""A delivery, or what `open_delivery` opens it by."""


def compare(old: Place, new: Place) -> Comparison:
    """Two deliveries of one area: parcels, figures with the reason of each change, findings.

    `figures` are those of the inventory that differ, each with its `reason`; `findings` new or resolved;
    `reasons` what the two manifests differ in; `revisions` what befell the parcels, m2. SettingsError where
    they are of different areas or count in different units, InputError for what is no delivery.

    Examples
    --------
    >>> found = pipeline.compare("delivery/delta/2024", "delivery/delta/latest")
    >>> len(found.figures), set(found.revisions.parcels["kind"])
    (0, {'same'})
    """
    return commands.diff.compare_deliveries(*(_find_folder(place) for place in (old, new)))


def value_accounts(
    delivery: Place, *, parameters: str | Path | None = None, price_year: int | None = None
) -> Revaluation:
    """The accounts of a delivery valued anew from its tables, with other parameters or prices.

    `parameters` is a CSV as in `accounts.parameters` of a config, whose rows go before those that were used;
    those that none of its services reads are in `unused`. `totals` are in yuan, NaN where not known. No pixel
    is read. InputError where the delivery has no accounts, SettingsError for parameters that cannot be used.

    Examples
    --------
    ::

        again = pipeline.value_accounts("delivery/guangyang_island/latest", price_year=2023)
        again.comparison

    `notebooks/06_accounts.ipynb` runs it.
    """
    stored = commands.account.load_accounts(_find_folder(delivery))
    own = None if parameters is None else Path(parameters).expanduser()
    return commands.account.revalue(stored, parameters=own, price_year=price_year)


def write_bulletin(out: str | Path, period: str | None = None, **wanted: Any) -> MadeBulletin:
    """Write the bulletin of a period (the newest unless named) over all areas of a folder of deliveries.

    `wanted` are those of `ecoledger bulletin`: `to` (a .docx), `template`, `title`, `office`, `day`,
    `language`. Beside the document stand its evidence as CSV and, where there is LibreOffice, its PDF.
    SettingsError where no area has the period, InputError for a delivery that was changed since.

    Examples
    --------
    ::

        made = pipeline.write_bulletin("delivery", "2024", to="bulletin.docx")
        made.evidence

    `notebooks/05_water_sections.ipynb` runs it.
    """
    return commands.bulletin.make_bulletin(Path(out).expanduser(), period=period, **wanted)


def write_sheets(delivery: Place, parcels: Sequence[str] = (), *, to: str | Path | None = None) -> MadeSheets:
    """Write the fact sheets 一地一档 of parcels (all unless named by their ids) as PDF.

    By default it stands beside the folder of the area; `documents` says where. SettingsError for parcels that
    the delivery does not have, InputError for files that were changed since they were published.

    Examples
    --------
    ::

        pipeline.write_sheets("delivery/guangyang_island/latest", [parcel_id], to="sheet.pdf").documents

    `notebooks/04_change_at_a_parcel.ipynb` runs it.
    """
    target = None if to is None else Path(to).expanduser()
    return commands.sheets.make_sheets(_find_folder(delivery), parcels=parcels, to=target)


def write_view(out: str | Path, to: str | Path, *, language: Language | None = None) -> Path:
    """Write the view 一张图 over all deliveries of a folder as a folder of its own; its page.

    It opens from disk, without a server. SettingsError where it cannot stand there, InputError where no
    delivery can be shown.

    Examples
    --------
    ::

        page = pipeline.write_view("delivery", "view")

    `notebooks/07_comparing_deliveries.ipynb` runs it.
    """
    target = Path(to).expanduser()
    commands.view.refuse_target(target)
    commands.view.write_view(commands.view.build_view(Path(out).expanduser(), language=language), target)
    return target / "index.html"


def grade_samples(
    samples: str | Path, *, water_body: WaterBody = "river", year: int | None = None, **source: Any
) -> GradedReadings:
    """Water samples graded by GB 3838-2002, reading by reading: `readings` and `rejects`, without a run.

    `samples` is a table as offices send it (CSV in any encoding, Excel, JSON, Parquet, GeoPackage), or a glob
    of several; `year` that of times without one; `source` other keys of `samples` in a config, such as
    `columns`. `class` is 1 to 6 (I to V, worse than V) by the worst item, `time` is Beijing time. What was
    not graded is in `rejects` with its row and the reason. InputError for a file that is no such table.

    Examples
    --------
    >>> graded = pipeline.grade_samples("water.csv")
    >>> graded.readings[["section", "class"]].values.tolist(), len(graded.rejects)
    ([['北港桥', 2]], 0)
    """
    asked = {"path": str(samples), "water_body": water_body, "year": year, **source}
    return commands.grade.grade_readings(_describe_source(asked), latest=datetime.now(UTC))


def _describe_source(asked: Mapping[str, Any]) -> SampleFile:
    """Tables of samples as a config describes them; SettingsError for what it does not know."""
    try:
        return SampleFile.model_validate(asked)
    except ValidationError as error:
        problems = [
            Problem(".".join(map(str, one["loc"])), repr(one["input"]), one["msg"]) for one in error.errors()
        ]
        raise SettingsError("The samples are not described as a config does", problems) from error


def _find_folder(place: Place) -> Path:
    return (place if isinstance(place, Delivery) else open_delivery(place)).folder
