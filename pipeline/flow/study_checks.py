"""What `validate` finds of an area with its grid: its scenes, and whether samples are enough to train on."""

from collections.abc import Callable, Sequence
from functools import partial

import geopandas as gpd

from pipeline.engine.study import Study
from pipeline.flow.mistakes import raise_mistakes
from pipeline.flow.scene_gaps import count_scenes, list_gaps
from pipeline.flow.scenes import choose_for_study
from pipeline.geodesy import CGCS2000
from pipeline.ingest.scenes.archives import RawItem
from pipeline.ingest.scenes.providers import resolve
from pipeline.maps.accounts.entries import open_layers
from pipeline.maps.land_cover.training import refuse_few_samples
from pipeline.settings import Settings
from pipeline.settings.aoi import AoiEntry


def describe_scenes(settings: Settings, aoi: AoiEntry, read: Callable[[], Sequence[RawItem]]) -> str:
    """The scenes that a run would take of items, and what is lacking; NoScenes where there is none."""
    study = Study.of(aoi, settings)
    scenes = settings.scenes
    choice = choose_for_study(study, resolve(scenes.provider, scenes.missions), read())
    candidates = choice.candidates
    moments = [one.scene.datetime for one in candidates]
    table = gpd.GeoDataFrame(
        {"datetime": moments}, geometry=[one.outline for one in candidates], crs=CGCS2000
    )
    days = f"{moments[0]:%Y-%m-%d} to {moments[-1]:%Y-%m-%d}"
    name = f"{study.aoi.name_zh} / {study.aoi.name_en}"
    taken = f"{name}: {len(moments)} scenes of {choice.found} items found, {days}"
    return "\n".join([taken, *(f"  {gap}" for gap in list_gaps(count_scenes(study, table)))])


def check_layers(settings: Settings, aoi: AoiEntry, names: tuple[str, ...]) -> None:
    """InputError where rasters of the accounts cannot be opened for a year of a run."""
    study = Study.of(aoi, settings)
    raise_mistakes(partial(open_layers, study, period, names, None) for period in study.periods)


def check_samples(settings: Settings, aoi: AoiEntry) -> None:
    """InputError where labelled samples cannot be read, or are too few to train on however clear it was."""
    refuse_few_samples(Study.of(aoi, settings))
