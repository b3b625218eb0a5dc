"""A run as a function: checked, estimated, carried out."""

import logging
import warnings
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from pathlib import Path

import pandas as pd
from rasterio.errors import NotGeoreferencedWarning

from pipeline import commands, engine, flow, library
from pipeline.commands.repeat import Manifest
from pipeline.engine.notice import Summary
from pipeline.engine.progress import Bars
from pipeline.engine.run import Run
from pipeline.flow import Delivered
from pipeline.library.configs import build_settings, locate_config
from pipeline.settings import Settings
from pipeline.settings.shipped import CONFIGS
from pipeline.storage.workspace import Workspace

_LOG = logging.getLogger("ecoledger")


def run(
    config: str | Path | Settings,
    *,
    out: str | Path | None = None,
    aoi: Sequence[str] = (),
    env: Sequence[str] = (),
    cluster: str | None = None,
    workers: int | None = None,
    refresh: bool = False,
    progress: bool = False,
) -> "list[library.delivery.Delivery]":
    """Run a config (its file, or settings) from its scenes to its deliveries, or repeat that of a manifest.

    What was made before from the same causes is found in `out/work` and not made again. `aoi` chooses some of
    its areas, `env` names the variables that the addresses of a manifest may have. `cluster` is local, slurm,
    or the address of a Dask scheduler; `refresh` searches the scenes anew. With `progress` bars stand on
    stderr. A `notify` of the config is told, whatever the end. Warnings are in the manifest, and go to the
    logger `ecoledger`. Raises a PipelineError by who can mend it: SettingsError, InputError, TooMuchLost,
    WorkspaceBusy, SourceError and others, with its `exit_code`.

    Examples
    --------
    ::

        for delivery in pipeline.run("my_county/ecoledger.yaml", out="delivery"):
            print(delivery.indicators)

    `notebooks/08_new_area.ipynb` runs it.
    """
    manifest = (
        None if isinstance(config, Settings) else commands.repeat.read_manifest(locate_config(config)[0], env)
    )
    settings = manifest.build_settings([], aoi) if manifest else _read_settings(config, aoi)
    settings = place_settings(settings, out=out, aoi=aoi, cluster=cluster, workers=workers)
    summary = Summary(settings.label, [*map(str, settings.aoi)])
    bars = engine.progress.Bars(quiet=not progress, language=settings.language)
    try:
        with summary.watch(settings.language), _keep_quiet():
            with open_run(settings, bars, refresh=refresh, manifest=manifest) as (summary.run, opened):
                delivered = carry_out(opened, settings, manifest)
            enter_delivered(summary, delivered)
    finally:
        if settings.notify and (failure := engine.notice.notify(settings.notify, summary)):
            _LOG.warning(failure)
    return [library.delivery.open_delivery(one.folder) for one in delivered]


def run_demo(
    out: str | Path = "delivery", *, aoi: Sequence[str] = (), progress: bool = False
) -> "list[library.delivery.Delivery]":
    """Simulate the three areas, or those of `aoi`, and run everything on them, without a network.

    All that it gives is marked as simulated. It takes minutes, and as much room as `ecoledger demo` says.

    Examples
    --------
    >>> pipeline.run_demo(aoi=["nowhere"])
    Traceback (most recent call last):
    ...
    pipeline.errors.SettingsError: ...
    """
    return run(CONFIGS / "demo.yaml", out=out, aoi=aoi, progress=progress)


def validate(config: str | Path | Settings) -> list[str]:
    """Check a config, its areas, parcels and samples; how what was read is understood, in words.

    Nothing is written. SettingsError or InputError with every mistake at once.

    Examples
    --------
    >>> pipeline.validate(
    ...     pipeline.build_settings(
    ...         label="2024",
    ...         aoi=["guangyang_island"],
    ...         scenes={"provider": "simulated", "start": "2024-01-01", "end": "2024-12-31"},
    ...     )
    ... )
    []
    """
    if isinstance(config, Settings):
        return flow.validation.validate_all(config)
    return flow.validation.explain_config(locate_config(config)[0])


def estimate(config: str | Path | Settings, *, aoi: Sequence[str] = ()) -> pd.DataFrame:
    """What a run would search, read and need: a row per area; no pixel is read, nothing is written.

    `decoded_bytes` is what all windows hold once decoded, `memory_mib` the most that the process takes (2^20
    bytes). Errors are those of a run.

    Examples
    --------
    >>> found = pipeline.estimate(
    ...     pipeline.build_settings(
    ...         label="2024",
    ...         aoi=["guangyang_island"],
    ...         scenes={"provider": "simulated", "start": "2024-01-01", "end": "2024-12-31"},
    ...     )
    ... )
    >>> found[["aoi", "periods"]].values.tolist()
    [['guangyang_island', 1]]
    """
    settings = place_settings(_read_settings(config, aoi), aoi=aoi)
    return pd.DataFrame(map(asdict, commands.estimate.estimate_all(settings)))


def _read_settings(config: str | Path | Settings, aoi: Sequence[str]) -> Settings:
    """Settings as they are, or of a file, whose mistakes are said with their lines."""
    if isinstance(config, Settings):
        return config
    path, overrides = locate_config(config)
    return flow.validation.read_config(path, overrides, aoi)


def examine_machine(
    config: str | Path | Settings | None = None, *, out: str | Path = "delivery", offline: bool = False
) -> pd.DataFrame:
    """Whether this machine can do a run: a row per `subject`, with its `state`, what was found, what to do.

    With a config it is looked at for that run. Asks the providers whether they answer unless `offline`.

    Examples
    --------
    >>> found = pipeline.examine_machine(offline=True)
    >>> list(found.columns)
    ['subject', 'state', 'found', 'todo']
    """
    settings = None if config is None else build_settings(config)
    machine = commands.doctor.Machine(settings, Path(out).expanduser().resolve(), offline)
    return pd.DataFrame(map(asdict, commands.doctor.diagnose(machine)))


def place_settings(
    settings: Settings,
    *,
    out: str | Path | None = None,
    aoi: Sequence[str] = (),
    cluster: str | None = None,
    workers: int | None = None,
) -> Settings:
    """The settings with what a command may say beside them: where to, which areas, where tasks run."""
    told = {"cluster": cluster, "workers": workers}
    given = {name: value for name, value in told.items() if value is not None}
    compute = settings.compute.model_copy(update=given)
    place = {} if out is None else {"out": str(Path(out).expanduser().resolve())}
    return settings.model_copy(update={"compute": compute, "aoi": settings.choose_aoi(aoi), **place})


@contextmanager
def _keep_quiet() -> Iterator[None]:
    """Warnings go to whoever listens to the logger, and to no terminal by themselves.

    rasterio silences one of its own in one thread only.
    """
    nobody = logging.NullHandler()
    _LOG.addHandler(nobody)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", NotGeoreferencedWarning)
            yield
    finally:
        _LOG.removeHandler(nobody)


@contextmanager
def open_run(
    settings: Settings, bars: Bars, *, refresh: bool, manifest: Manifest | None = None
) -> Iterator[tuple[str, Run]]:
    """A run and its id: its workspace held, the ledger knows of it, workers and bars stand ready."""
    workspace = Workspace(Path(settings.out) / "work")
    with (
        workspace.hold(),
        engine.journal.record_run(workspace, settings.label, [*map(str, settings.aoi)]) as name,
        engine.clusters.open_cluster(settings.compute, workspace.root / "workers") as cluster,
        bars.show(),
    ):
        repeats = manifest.path.parent if manifest else None
        yield name, engine.run.Run(workspace, cluster, bars, refresh, repeats=repeats)


def carry_out(opened: Run, settings: Settings, manifest: Manifest | None = None) -> list[Delivered]:
    """All deliveries of the settings; those of a manifest only from the inputs that it was made from."""
    if manifest:
        commands.repeat.refuse_changed_inputs(opened, manifest, settings)
    return flow.deliver_all(opened, settings)


def enter_delivered(summary: Summary, delivered: Sequence[Delivered]) -> None:
    """Take down what a run delivered, as its summary tells it."""
    summary.deliveries = commands.endings.dump_deliveries(delivered)
    summary.figures = commands.headlines.list_figures(delivered)
    summary.headlines = commands.headlines.list_headlines(delivered)
