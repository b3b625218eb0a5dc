"""What an area is made from: scenes, samples, sections and parcels, given or simulated."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from glob import glob
from pathlib import Path

import geopandas as gpd

from pipeline.ingest.providers import api_items, fingerprint, resolve, static_items
from pipeline.ingest.scenes import choose, decided, to_table
from pipeline.ingest.simulate.register import write_register
from pipeline.ingest.simulate.scenes import Acquisition, acquisitions, write_acquisition, write_catalog
from pipeline.ingest.simulate.truth import write_truth
from pipeline.ingest.simulate.water import write_samples
from pipeline.ingest.simulate.world import World, world_of
from pipeline.plan.area import Area
from pipeline.run import Run
from pipeline.settings import ParcelFile, SampleFile, StacApi, StaticCatalog
from pipeline.workspace import Artifact, load_layer, save_tables, sha256_of_file

_SIMULATED, _SCENES = 1, 1
SEED = 20240501


@dataclass(frozen=True)
class Inputs:
    """Where everything comes from; `truth` is the planted truth of a simulated world."""

    provider: StaticCatalog | StacApi
    samples: tuple[SampleFile, ...]
    sections: Path | None
    parcels: ParcelFile | None
    truth: Path | None

    @property
    def files(self) -> list[Path]:
        """The given files, in order; folders stand for all that is in them."""
        tables = [
            Path(found)
            for entry in self.samples
            for found in sorted(glob(entry.path))  # noqa: PTH207 Path.glob takes no absolute pattern
        ]
        parcels = [Path(self.parcels.path)] if self.parcels else []
        return [
            path
            for path in [*tables, *([self.sections] if self.sections else []), *parcels]
            if path.is_file()
        ]

    @property
    def checksums(self) -> dict[str, str]:
        """Checksum of every given file by its name."""
        return {path.name: sha256_of_file(path) for path in self.files}


def inputs_of(run: Run, area: Area) -> Inputs:
    """The inputs that the config names; with the simulated provider, what is not named is simulated."""
    settings = area.settings
    register = Path(settings.sections.register_path) if settings.sections.register_path else None
    if not settings.simulated:
        provider = resolve(settings.scenes.provider)
        return Inputs(provider, tuple(settings.samples), register, settings.parcels, None)
    folder = _simulated(run, area).path
    made = (SampleFile(path=str(folder / "water" / "*")),)
    return Inputs(
        provider=StaticCatalog(static=str(folder / "catalog.json")),
        samples=tuple(settings.samples) or made,
        sections=register or folder / "sections.csv",
        parcels=settings.parcels or ParcelFile(path=str(folder / "register.gpkg")),
        truth=folder / "truth.json",
    )


def scene_table(run: Run, area: Area, inputs: Inputs) -> tuple[gpd.GeoDataFrame, str]:
    """The SceneTable of an area and its key: searched once and kept, until its inputs change or --refresh.

    The radiometric offset of each scene is decided here, from its pixels and metadata.
    """
    settings, provider = area.settings.scenes, inputs.provider
    local = isinstance(provider, StaticCatalog)
    source = fingerprint(provider) if isinstance(provider, StaticCatalog) else provider.api
    cause = area.cause(
        "scenes",
        _SCENES,
        [source],
        missions=list(settings.missions),
        days=[str(settings.start), str(settings.end)],
        max_cloud_percent=settings.max_cloud_percent,
    )
    title = f"{area.aoi.name_zh} 场景 scenes"

    def build(folder: Path) -> None:
        found = choose(_items(area, provider), area.aoi.geometry, settings)
        chosen = run.each(title, decided, found)
        save_tables(folder, {"scenes": to_table(chosen, [candidate.outline for candidate in found])})

    artifact = run.artifact(title, cause, build, anew=run.refresh and not local)
    return load_layer(artifact.path, "scenes"), artifact.key


def _items(area: Area, provider: StaticCatalog | StacApi) -> Sequence[dict[str, object]]:
    settings = area.settings.scenes
    if isinstance(provider, StaticCatalog):
        return list(static_items(provider))
    return list(api_items(provider, area.aoi.geometry, settings.start, settings.end, settings.missions))


def _simulated(run: Run, area: Area) -> Artifact:
    settings = area.settings.scenes
    periods = settings.periods
    cause = area.cause(
        "simulated",
        _SIMULATED,
        [],
        seed=SEED,
        missions=list(settings.missions),
        periods=[period.label for period in periods],
        days=[str(settings.start), str(settings.end)],
    )
    title = f"{area.aoi.name_zh} 模拟 simulate"

    def build(folder: Path) -> None:
        world = world_of(area.aoi, periods, seed=SEED, resolution_m=settings.resolution_m)
        passes = acquisitions(world, settings.start, settings.end, settings.missions)
        run.each(title, partial(_write_pass, world, folder), passes)
        write_samples(world, periods, folder)
        write_register(world, folder)
        write_truth(world, passes, periods, folder)
        write_catalog(world, passes, folder)

    return run.artifact(title, cause, build)


def _write_pass(world: World, folder: Path, acquisition: Acquisition) -> None:
    write_acquisition(world, acquisition, folder)
