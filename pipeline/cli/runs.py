"""Verbs around a run: demo, run, validate, plan, status."""

import gc
import json
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Annotated

import typer

import pipeline
from pipeline.cli.terminal import (
    ERR,
    LISTENER,
    OUT,
    AoiOption,
    ClusterOption,
    ConfigArgument,
    EnvOption,
    JsonOption,
    LogOption,
    OutOption,
    QuietOption,
    SetOption,
    WorkersOption,
    find_config,
    say,
    show_rows,
)

verbs = typer.Typer()

_HERE = Path("delivery")
"""Where deliveries go of what names no other place."""

_STATUS = {
    "runs": "last runs",
    "deliveries": "deliveries",
    "unfinished": "begun and not finished",
    "failed_reads": "reads that failed",
    "troubles": "what is broken or lost",
}


@verbs.command()
def demo(
    out: OutOption = None,
    aoi: AoiOption = [],  # noqa: B006 typer reads the default, nobody changes it
    quiet: QuietOption = False,
    log: LogOption = None,
    as_json: JsonOption = False,
) -> None:
    """模拟试点区并走完全流程 Simulate the three areas, or some of them, and run everything, offline.

    Example: ecoledger demo --out delivery --aoi guangyang_island --aoi longyou_bay
    """
    with _announce(log, as_json=as_json) as ending:
        settings = pipeline.flow.validation.read_config(
            pipeline.settings.shipped.CONFIGS / "demo.yaml", (), aoi
        )
        settings = settings.model_copy(update={"out": str((out or _HERE).resolve())})
        _deliver(ending, settings, quiet=quiet, as_json=as_json)
        if not as_json:
            endings = pipeline.commands.endings
            for tell in (endings.tell_simulation, endings.tell_size):
                OUT.print(say(tell(Path(settings.out))), highlight=False, soft_wrap=True)


@verbs.command()
def run(
    config: Annotated[
        Path,
        typer.Argument(
            callback=find_config,
            help="YAML 配置，或要重做的交付说明 config, yours or a shipped one by name, or a manifest",
        ),
    ],
    out: OutOption = None,
    overrides: SetOption = [],  # noqa: B006 typer reads the default, nobody changes it
    aoi: AoiOption = [],  # noqa: B006
    env: EnvOption = [],  # noqa: B006
    cluster: ClusterOption = None,
    workers: WorkersOption = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="重新检索影像 search the scenes anew")] = False,
    quiet: QuietOption = False,
    log: LogOption = None,
    as_json: JsonOption = False,
) -> None:
    """运行一份配置 Run a config from its scenes to its deliveries, or repeat the run behind a manifest.

    Example: ecoledger run demo --out delivery --aoi guangyang_island
    """
    LISTENER.follow(config, overrides)
    with _announce(log, as_json=as_json) as ending:
        manifest = pipeline.commands.repeat.read_manifest(config, env)
        settings = (
            manifest.build_settings(overrides, aoi)
            if manifest
            else _read_config(ending, config, overrides, aoi)
        )
        out = out or (_HERE if pipeline.settings.shipped.is_shipped(config) else None)
        settings = pipeline.library.running.place_settings(
            settings, out=out, cluster=cluster, workers=workers
        )
        with pipeline.settings.lines.tell_lines(config, overrides):
            _deliver(ending, settings, quiet=quiet, as_json=as_json, refresh=refresh, manifest=manifest)


@verbs.command()
def validate(config: ConfigArgument) -> None:
    """检查配置 Check a config, its areas, parcels and samples; every mistake at once, nothing is written.

    Example: ecoledger validate configs/demo.yaml
    """
    LISTENER.follow(config)
    for words in pipeline.flow.validation.explain_config(config):
        OUT.print(say(words), highlight=False, soft_wrap=True)
    OUT.print(say(f"{config}: no mistakes"), highlight=False, soft_wrap=True)


@verbs.command("plan")
def show_plan(
    config: ConfigArgument,
    overrides: SetOption = [],  # noqa: B006 typer reads the default, nobody changes it
    aoi: AoiOption = [],  # noqa: B006
    simulate_workers: Annotated[
        list[str],
        typer.Option(
            "--simulate-workers",
            metavar="N",
            help="模拟若干进程时的用时 also simulate so many workers, such as 10,100,1000",
        ),
    ] = [],  # noqa: B006
    measured: Annotated[
        Path | None,
        typer.Option(
            "--measured",
            help="按哪个交付目录以往运行的用时 deliveries whose runs tell time; default: out, else a bench",
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """运行前估算 What a run would search, read and need; no pixel is read, nothing is written.

    Example: ecoledger plan configs/demo.yaml
    """
    LISTENER.follow(config, overrides)
    settings = pipeline.flow.validation.read_config(config, overrides, aoi)
    with pipeline.settings.lines.tell_lines(config, overrides):
        if simulate_workers:
            capacity = pipeline.commands.capacity
            counts = capacity.parse_workers(simulate_workers)
            simulated = capacity.simulate_capacity(settings, counts, measured)
            rows = capacity.dump_capacities(simulated)
            show_rows(rows if as_json else [*capacity.tabulate_capacities(simulated)], as_json=as_json)
            return
        estimate = pipeline.commands.estimate
        found = estimate.estimate_all(settings)
    show_rows(
        estimate.dump_estimates(found) if as_json else estimate.tabulate_estimates(found), as_json=as_json
    )


@verbs.command()
def status(
    out: Annotated[Path, typer.Argument(help="交付目录 folder of the deliveries")],
    as_json: JsonOption = False,
) -> None:
    """运行状况 What is done, what is missing, what failed and why.

    Example: ecoledger status delivery
    """
    found = asdict(pipeline.commands.status.read_status(out))
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        return
    OUT.print(say("a run is at work" if found.pop("running") else "no run is at work"))
    for title, rows in found.items():
        OUT.print(f"\n{say(_STATUS[title])} ({len(rows)})")
        if rows:
            show_rows(rows, as_json=False)


@verbs.command()
def doctor(
    config: Annotated[
        Path | None,
        typer.Argument(callback=find_config, help="YAML 配置，按它检查 the config of the run to check for"),
    ] = None,
    out: OutOption = None,
    offline: Annotated[bool, typer.Option("--offline", help="不联系影像来源 ask no provider")] = False,
    as_json: JsonOption = False,
) -> None:
    """检查本机 Whether this machine can do a run: software, disk, memory, providers, fonts, QGIS.

    Example: ecoledger doctor configs/demo.yaml
    """
    examine = pipeline.commands.doctor
    if config:
        LISTENER.follow(config)
    settings = pipeline.settings.load_settings(config) if config else None
    folder = out or Path(settings.out if settings else "delivery")
    found = []
    for one in examine.diagnose(examine.Machine(settings, folder.resolve(), offline)):
        found.append(one)
        if not as_json:
            OUT.print(examine.lay_out_diagnosis(one, say))
    if as_json:
        show_rows([asdict(one) for one in found], as_json=True)
    sys.exit(examine.find_exit_code(found))


@dataclass
class _Ending:
    """What is told when a run has ended, and to whom: the lines of its log, its summary, a program."""

    lines: "pipeline.engine.logs.JsonLines"
    summary: "pipeline.engine.notice.Summary"
    program: "pipeline.settings.outputs.Notify | None" = None

    def begin(self, run: str) -> None:
        """The run begins; `run` is the id that the ledger has for it."""
        self.lines.run = self.summary.run = run
        logging.getLogger("ecoledger").info("run begun", extra=self.summary.subject)


def _deliver(
    ending: _Ending,
    settings: "pipeline.settings.Settings",
    *,
    quiet: bool,
    as_json: bool,
    refresh: bool = False,
    manifest: "pipeline.commands.repeat.Manifest | None" = None,
) -> None:
    gc.freeze()  # the objects that came with the libraries stay: no search for garbage need look at them
    running = pipeline.library.running
    ending.summary.begin(settings.label, [*map(str, settings.aoi)])
    ending.program = settings.notify
    bars = pipeline.engine.progress.Bars(quiet=quiet, language=LISTENER.language)
    with running.open_run(settings, bars, refresh=refresh, manifest=manifest) as (name, opened):
        ending.begin(name)
        if opened.cluster.dashboard and not quiet:
            ERR.print(f"Dask: {opened.cluster.dashboard}", highlight=False, soft_wrap=True)
        delivered = running.carry_out(opened, settings, manifest)
    _tell_delivered(ending.summary, delivered, as_json=as_json)
    if manifest:
        differences = pipeline.commands.repeat.list_differences(manifest, delivered[0].folder)
        _show_differences(differences, as_json=as_json)


def _read_config(
    ending: _Ending, config: Path, overrides: Sequence[str], aoi: Sequence[str]
) -> "pipeline.settings.Settings":
    """The settings of a run; whom to notify is known as soon as it can be, whatever else is wrong."""
    validation = pipeline.flow.validation
    try:
        settings = validation.load_config(config, overrides)
    except pipeline.settings.config.MistakenConfig as error:
        ending.program = error.salvaged.notify if error.salvaged else None
        raise
    ending.program = settings.notify
    ending.summary.begin(settings.label, [*map(str, settings.aoi)])
    return validation.check_config(settings, config, overrides, aoi)


def _tell_delivered(
    summary: "pipeline.engine.notice.Summary",
    delivered: "Sequence[pipeline.flow.Delivered]",
    *,
    as_json: bool,
) -> None:
    pipeline.library.running.enter_delivered(summary, delivered)
    if as_json:
        return
    OUT.print(*pipeline.commands.headlines.lay_out_headlines(summary.headlines, LISTENER.language), sep="\n")
    for line in pipeline.commands.endings.tell_deliveries(delivered):
        OUT.print(say(line), highlight=False, soft_wrap=True)


@contextmanager
def _announce(log: Path | None, *, as_json: bool) -> Iterator[_Ending]:
    """What is told of a run that begins here, to who asked for it, whatever the end."""
    notice, language = pipeline.engine.notice, LISTENER.language
    with pipeline.engine.logs.open_log(log, language) as lines:
        ending = _Ending(lines, notice.Summary())
        summary = ending.summary
        try:
            with summary.watch(language):
                yield ending
        finally:
            logging.getLogger("ecoledger").info("run ended", extra=summary.end)
            if as_json:
                sys.stdout.write(f"{summary.line}\n")
                sys.stdout.flush()
            if lines.loss:
                ERR.print(say(f"warning: the log takes no more lines: {lines.loss}"), soft_wrap=True)
            if ending.program and (failure := notice.notify(ending.program, summary)):
                logging.getLogger("ecoledger").warning(failure)


def _show_differences(differences: list[dict[str, str]], *, as_json: bool) -> None:
    """Say whether a repeated run gave the bytes of its manifest."""
    other = f"other than the manifest says: {len(differences)}"
    ERR.print(say(other if differences else "every byte is as the manifest says"), highlight=False)
    if differences and not as_json:
        show_rows(differences, as_json=False)
