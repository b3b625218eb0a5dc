"""The deliveries of a run: what stands there and is still right is kept, the others go over the page."""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any, Self

import pandas as pd

from pipeline import flow
from pipeline.aoi import PROJECT_ROOT
from pipeline.engine.run import Run
from pipeline.engine.sources import find_source
from pipeline.engine.study import Study
from pipeline.flow.ahead import WorldsAhead
from pipeline.flow.assessment import registry
from pipeline.flow.inputs import Inputs, find_inputs, is_settled, name_scenes
from pipeline.flow.kept_endmembers import list_kept, take_kept
from pipeline.flow.retention import retire
from pipeline.flow.validation import validate_settings
from pipeline.ingest.reading.readers import closing_reader
from pipeline.settings import Settings
from pipeline.storage.cause import Cause
from pipeline.storage.csv_texts import restore_texts
from pipeline.storage.ownership import check_place, explain_latest
from pipeline.storage.publish import name_last
from pipeline.storage.tables import load_json

_LOG = logging.getLogger("ecoledger")
_DELIVERY = 11
_SHIPPED = PROJECT_ROOT / "configs"


@dataclass(frozen=True)
class Delivered:
    """What became of one area: its delivery, its figures, and the planted truth if it is simulated.

    `totals` are ACCOUNT_TOTALS, None without accounts; `carried` are files that people had put into the
    delivery which it replaces, or changed there. `findings` are counted by severity; `periods` tell how many
    scenes each has, and how much of the area lies outside all of them.
    """

    aoi: str
    name: str
    folder: Path
    kept: bool
    indicators: pd.DataFrame
    truth: dict[str, Any] | None
    totals: pd.DataFrame | None = None
    carried: tuple[str, ...] = ()
    findings: Mapping[str, int] = field(default_factory=dict)
    warnings: tuple[str, ...] = ()
    periods: tuple[Mapping[str, Any], ...] = ()


def deliver_all(run: Run, settings: Settings) -> list[Delivered]:
    """Every area of the config, one after the other; what is wrong in the config is said before any work."""
    validate_settings(settings)
    areas = take_kept(run, [Study.of(aoi, settings) for aoi in settings.aoi])
    for area in areas:
        check_place(area.target, known=run.has_published(area.target))
    source = find_source(settings)
    with closing_reader(source):
        run = replace(run, source=source)
        delivered = list(_deliver_each(run, areas))
        retire(run, areas)
        return delivered


def _deliver_each(run: Run, areas: Sequence[Study]) -> Iterator[Delivered]:
    with WorldsAhead(run, _build_missing_world) as worlds:
        for number, area in enumerate(areas, start=1):
            run.bars.enter_area(number, len(areas))
            worlds.wait(area)
            yield deliver(run, area, partial(worlds.begin, areas[number:]))


def deliver(run: Run, study: Study, begin_beside: Callable[[], None] = lambda: None) -> Delivered:
    """One area from its scenes to its published delivery; a delivery of the same cause is kept as it is.

    `begin_beside` is called where one is made, as soon as its scenes are known: what may be done beside it.
    """
    asked = _Asked.of(run, study)
    run.bars.expect([] if asked.kept else flow.steps.list_steps(study, asked.inputs))
    if asked.kept:
        _mend_latest(study)
    carried = (
        [] if asked.kept else flow.page.make_delivery(run, study, asked.inputs, asked.cause, begin_beside)
    )
    return _summarize(study, asked.inputs, carried, kept=asked.kept)


@dataclass(frozen=True)
class _Asked:
    """What a delivery is made from, its cause, and whether one of that cause stands there to be kept."""

    inputs: Inputs
    cause: Cause
    kept: bool

    @classmethod
    def of(cls, run: Run, study: Study) -> Self:
        inputs = find_inputs(run, study)
        cause = _name_delivery(study, inputs)
        kept = run.is_published(cause, study.target) and not run.refresh and is_settled(run, study, inputs)
        return cls(inputs, cause, kept)


def _build_missing_world(run: Run, study: Study) -> None:
    """Build the simulated world of a delivery that is not kept."""
    asked = _Asked.of(run, study)
    if not asked.kept:
        flow.simulation.build_world(run, study, asked.inputs)


def _name_delivery(study: Study, inputs: Inputs) -> Cause:
    return study.cause(
        "delivery",
        _DELIVERY,
        [name_scenes(study, inputs).key],
        described=study.described,
        files=inputs.checksums,
        areas=study.known_key,
        **list_kept(study),
        config=study.settings.model_dump(
            mode="json", by_alias=True, exclude={"compute", "out", "aoi", "retention", "notify"}
        ),
    )


def _mend_latest(study: Study) -> None:
    """Let `latest` name the delivery where it names none."""
    if found := explain_latest(study.target.parent):
        name_last(study.target)
        _LOG.warning(f"{study.target.parent / 'latest'} was {found}; it names {study.target.name} now")


def _summarize(study: Study, inputs: Inputs, carried: list[str], *, kept: bool) -> Delivered:
    figures = _read_table(study, "indicators")
    totals = _read_table(study, "account_totals") if inputs.accounts else None
    aoi = study.aoi
    manifest = load_json(study.target / "manifest.json")
    return Delivered(
        aoi.id,
        aoi.name_zh if study.settings.language == "zh" else aoi.name_en,
        study.target,
        kept,
        figures,
        _load_truth(inputs),
        totals,
        tuple(carried),
        findings=manifest["findings"],
        warnings=tuple(manifest["warnings"]),
        periods=tuple(manifest["search"]["periods"]),
    )


def _read_table(study: Study, name: str) -> pd.DataFrame:
    path = study.target / "tables" / f"{name}.csv"
    return restore_texts(pd.read_csv(path, encoding="utf-8-sig", dtype={"period": str}))


def _load_truth(inputs: Inputs) -> dict[str, Any] | None:
    """The planted truth of the simulated world, that of its accounts by period under `accounts`.

    Under `indicators` that of the parts of the assessment, by indicator and period, where no file of theirs
    is given.
    """
    if inputs.truth is None:
        return None
    planted = load_json(inputs.account_truth)["periods"] if inputs.account_truth else {}
    return {**load_json(inputs.truth), "accounts": planted, "indicators": _load_truths(inputs)}


def _load_truths(inputs: Inputs) -> dict[str, dict[str, float]]:
    found: dict[str, dict[str, float]] = {}
    for part in registry.PARTS:
        given = [file for file in inputs.part_files.get(part.name, ()) if not file.is_relative_to(_SHIPPED)]
        path = inputs.part_truths.get(part.name)
        if part.simulated and path and path.exists() and not given:
            for indicator, period, value in part.simulated.list_planted(load_json(path)):
                found.setdefault(indicator, {})[period] = value
    return found
