"""What a run would search, read and need, told without reading a pixel; nothing is written."""

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray

from pipeline.contracts import Scene
from pipeline.engine.clusters import count_workers
from pipeline.engine.study import Study
from pipeline.flow.inputs import SEED, find_items
from pipeline.flow.scenes import choose_for_study
from pipeline.flow.validation import validate_settings
from pipeline.geodesy import unproject
from pipeline.grid import BASELINE_BYTES, Block, BlockPlan
from pipeline.ingest.reading.blocks import process_bytes
from pipeline.ingest.scenes.archives import RawItem
from pipeline.ingest.scenes.choice import Choice, choose, select_assets
from pipeline.ingest.scenes.providers import resolve
from pipeline.ingest.scenes.sensors import HARMONISED_NIR, SENSORS
from pipeline.ingest.simulate.scenes import list_acquisitions
from pipeline.ingest.simulate.world import plan_world
from pipeline.maps import registry
from pipeline.maps.layout import Layout, meet_frames, place_scenes, plan_layout
from pipeline.maps.step import Footprint
from pipeline.settings import Settings

_BAND_BYTES = 2
_TILE_PX = 512
"""Edge of the tiles of files: providers write them of 512 or 1024 pixels."""


@dataclass(frozen=True)
class Estimate:
    """What one area takes of its provider.

    `mask_reads` is how many clear masks are read, one a scene and task that it meets, and another of a scene
    that says where it is saturated; `band_reads` how
    many bands follow at most, if every mask shows something clear; `decoded_bytes` what all these windows
    hold once decoded, without what whole tiles of files add. `requests` are those of remote files at most:
    one for each row of tiles of 512 pixels that a window touches, and one for the header of each file.
    `maps` counts what is made by step.
    `memory_mib` is the most that the process takes (2^20 bytes), by the same figures that size the blocks.
    """

    aoi: str
    provider: str
    found: int
    scenes: int
    superseded: int
    rejected: dict[str, int]
    missions: dict[str, int]
    passes_missed: dict[str, str]
    periods: int
    bands: tuple[str, ...]
    maps: dict[str, int]
    blocks: int
    block_px: int
    mask_reads: int
    band_reads: int
    decoded_bytes: int
    requests: int
    memory_mib: int


def estimate_all(settings: Settings) -> list[Estimate]:
    """What every area of a config takes; SettingsError and NoScenes as a run would raise them."""
    validate_settings(settings)
    return [estimate_study(Study.of(aoi, settings)) for aoi in settings.aoi]


@dataclass(frozen=True)
class PlanBasis:
    """What a plan rests on: the scenes that are chosen, where they lie, and the blocks of the maps."""

    choice: Choice
    placed: list[Footprint]
    layout: Layout
    blocks: list[Block]


def lay_out(study: Study, choice: Choice) -> PlanBasis:
    """The blocks of an area for the scenes that are chosen for it."""
    found = choice.candidates
    placed = place_scenes(study, [one.scene for one in found], [one.outline for one in found])
    layout = plan_layout(study, placed, registry.STEPS)
    return PlanBasis(choice, placed, layout, study.blocks(layout.blocks.edge_px))


def estimate_study(study: Study) -> Estimate:
    """What one area takes. A simulated world is not built, so its clouds are not known yet."""
    return estimate_area(study, lay_out(study, choose_planned(study)))


def estimate_area(study: Study, planned: PlanBasis) -> Estimate:
    """What one area takes of the scenes that are chosen for it."""
    choice, layout, blocks = planned.choice, planned.layout, planned.blocks
    scenes = [one.scene for one in planned.placed]
    reading = [step for step in registry.STEPS if step.times(study) and step.bands]
    reads = sum(
        (
            _count_reads(study, planned.placed, step.list_bands(study, scenes), layout.of(step).tasks(blocks))
            for step in reading
        ),
        Counter[str](),
    )
    provider = study.settings.scenes.provider
    return Estimate(
        aoi=study.aoi.id,
        provider=provider if isinstance(provider, str) else str(next(iter(provider.model_dump().values()))),
        found=choice.found,
        scenes=len(scenes),
        superseded=choice.superseded,
        rejected=choice.rejected,
        missions=dict(sorted(Counter(scene.mission for scene in scenes).items())),
        passes_missed={
            mission: f"{passes.found} < {passes.expected}" for mission, passes in choice.missed.items()
        },
        periods=len(study.settings.scenes.periods),
        bands=next(step.list_bands(study, scenes) for step in reading if step.wide),
        maps={
            step.name: len(step.times(study)) for step in registry.STEPS if step.makes and step.times(study)
        },
        blocks=len(blocks),
        block_px=layout.blocks.edge_px,
        mask_reads=reads["mask"],
        band_reads=reads["band"],
        decoded_bytes=reads["decoded"],
        requests=reads["request"],
        memory_mib=_estimate_memory(study, planned) // 2**20,
    )


def choose_planned(study: Study) -> Choice:
    """The scenes that a run would take; those of a simulated world as it plans their passes."""
    settings = study.settings
    if settings.simulated:
        return choose(_plan_passes(study), study.aoi.geometry, settings.scenes)
    provider = resolve(settings.scenes.provider, settings.scenes.missions)
    return choose_for_study(study, provider, find_items(study, provider))


def _plan_passes(study: Study) -> list[RawItem]:
    """Items of the passes that a simulated world plans, over the whole of their tiles."""
    settings = study.settings.scenes
    world = plan_world(study.aoi, settings.periods, seed=SEED, resolution_m=settings.resolution_m)
    items: list[RawItem] = []
    for entry in list_acquisitions(world, settings.start, settings.end, settings.missions):
        grid, sensor = world.tile(entry.tile_id).grid, SENSORS[entry.mission]
        outline = unproject(shapely.box(*grid.block_bounds(grid.whole)), grid.crs)
        files = [*sensor.bands.values(), *([sensor.mask] if sensor.mask else [])]
        keys = [file.keys[0] for file in files]
        items.append(
            {
                "type": "Feature",
                "stac_version": "1.0.0",
                "id": entry.id,
                "geometry": shapely.geometry.mapping(outline),
                "bbox": list(outline.bounds),
                "links": [],
                "properties": {
                    "datetime": entry.moment.isoformat(),
                    "platform": entry.platform,
                    "grid:code": entry.tile_id,
                    "ecoledger:simulated": True,
                },
                "assets": {key: {"href": f"{entry.id}/{key}.tif"} for key in keys},
            }
        )
    return items


def _count_reads(
    study: Study, found: Sequence[Footprint], bands: tuple[str, ...], blocks: Sequence[Block]
) -> Counter[str]:
    """Masks, bands and decoded bytes of one reading of some bands over some blocks."""
    met = meet_frames(found, study.grid.frame_blocks(blocks))
    periods = study.settings.scenes.periods
    used = np.array([sum(period.holds(one.scene.datetime) for period in periods) for one in found])
    names = [_list_bands(study, one.scene, bands) for one in found]
    count = np.array([len(read) for read in names])
    masks = np.array([1 + (one.scene.saturation is not None) for one in found])
    pairs = list(zip(found, names, strict=True))
    tile_rows_per_m = [_count_tile_rows_per_m(one.scene, read) for one, read in pairs]
    bytes_per_m2 = [_count_bytes_per_m2(one.scene, read) for one, read in pairs]
    height_m = np.array([one.shape[0] for one in blocks]) * study.grid.resolution_m
    size_m2 = np.array([one.shape[0] * one.shape[1] for one in blocks]) * study.grid.resolution_m**2
    rows = (met.sum_by_frame(used * tile_rows_per_m) * height_m).sum() + met.sum_by_frame(
        used * (masks + count)
    ).sum()
    return Counter(
        mask=int(met.sum_by_frame(used * masks).sum()),
        band=int(met.sum_by_frame(used * count).sum()),
        decoded=round(float((met.sum_by_frame(used * bytes_per_m2) * size_m2).sum())),
        request=round(float(rows)) + int((count + masks)[met.meeting].sum()),
    )


def _list_bands(study: Study, scene: Scene, bands: tuple[str, ...]) -> list[str]:
    """The bands of a sensor that are read for those of the analysis."""
    harmonised = study.settings.scenes.harmonised
    narrow = harmonised and scene.mission == "sentinel-2"
    held = select_assets(scene, bands, harmonised=harmonised)
    return [HARMONISED_NIR if narrow and band == "nir" else band for band in held]


def _count_bytes_per_m2(scene: Scene, bands: Sequence[str]) -> float:
    sensor = SENSORS[scene.mission]
    sizes: NDArray[np.float64] = np.array([sensor.bands[band].pixel_m for band in bands])
    mask = sensor.mask.pixel_bytes / sensor.mask.pixel_m**2 if sensor.mask else 0.0
    masks = mask * (2 if scene.saturation else 1)
    return float(masks + (_BAND_BYTES / sizes**2).sum())


def _count_tile_rows_per_m(scene: Scene, bands: Sequence[str]) -> float:
    """Rows of tiles on a metre down, in all files that are read of a scene."""
    sensor = SENSORS[scene.mission]
    masks = [sensor.mask.pixel_m] * (2 if scene.saturation else 1) if sensor.mask else []
    return sum(
        1 / (pixel_m * _TILE_PX) for pixel_m in [*masks, *(sensor.bands[one].pixel_m for one in bands)]
    )


def _estimate_memory(study: Study, planned: PlanBasis) -> int:
    layout, blocks, compute = planned.layout, planned.blocks, study.settings.compute
    workers = count_workers(compute) if compute.cluster == "local" else 1

    def take(plan: BlockPlan, block_bytes: int) -> int:
        at_once = min(plan.at_once, workers, len(plan.tasks(blocks)))
        pixels = plan.abreast * plan.edge_px**2
        return pixels * (process_bytes(study.grid.resolution_m) + at_once * block_bytes)

    return BASELINE_BYTES + max(take(layout.blocks, layout.block_bytes), take(layout.wide, layout.wide_bytes))


def dump_estimates(found: Sequence[Estimate]) -> list[dict[str, Any]]:
    """Every figure of every area, for machines."""
    return [asdict(one) for one in found]


def tabulate_estimates(found: Sequence[Estimate]) -> list[dict[str, Any]]:
    """One row a figure and one column an area, for people."""
    figures: dict[str, Callable[[Estimate], object]] = {
        "来源 provider": lambda one: one.provider,
        "景 scenes": lambda one: one.scenes,
        "其中 of which": lambda one: ", ".join(f"{count} {name}" for name, count in one.missions.items()),
        "不取 left out": lambda one: sum(one.rejected.values()) + one.superseded,
        "缺过境 passes missed": lambda one: ", ".join(map(" ".join, one.passes_missed.items())) or "-",
        "图 maps": lambda one: ", ".join(f"{count} {name}" for name, count in one.maps.items()),
        "块 blocks": lambda one: f"{one.blocks} x {one.block_px} px",
        "读掩膜 mask reads": lambda one: one.mask_reads,
        "读波段 band reads, at most": lambda one: one.band_reads,
        "解码后 decoded MB, at most": lambda one: f"{one.decoded_bytes / 1e6:.1f}",
        "请求 requests, at most": lambda one: one.requests,
        "内存 memory MiB": lambda one: one.memory_mib,
    }
    return [{"": label, **{one.aoi: figure(one) for one in found}} for label, figure in figures.items()]
