"""A map is a step: what it is made from, how a block of it is made, what it shows; all else is derived.

`making` makes the steps of a study, `layout` cuts their blocks, `showing` gathers what they show.
"""

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar

import pandas as pd
import xarray as xr
from numpy.typing import NDArray
from shapely.geometry.base import BaseGeometry

from pipeline.contracts import Raster, ReadRecord, Scene
from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.grid import Block, BlockPlan, Grid
from pipeline.ingest.reading.blocks import BlockRequest
from pipeline.ingest.reading.reader import Reader
from pipeline.legends import Legend
from pipeline.maps.encoding import LayerEncoding
from pipeline.periods import When
from pipeline.storage.blocks import open_store, read_block
from pipeline.storage.cause import Artifact
from pipeline.zonal.ground import Ground

Layers = dict[str, NDArray[Any]]
"""Arrays (y, x) of a block by the name of their layer, encoded as the store has them."""

Row = dict[str, object]
"""A row of INDICATORS without its aoi."""

Place = tuple[str, When]
"""A map: the name of its step, and what it holds for."""

Sums = TypeVar("Sums")


@dataclass(frozen=True)
class Footprint:
    """A scene, and its outline in the CRS of the grid."""

    scene: Scene
    outline: BaseGeometry


@dataclass(frozen=True)
class BlockInputs:
    """What a kernel is given of one block: the outline over it, the stores of what is needed, in order.

    `reader` reads what is neither: the scenes of `request`, and other files.
    """

    block: Block
    grid: Grid
    outline: BaseGeometry
    stores: Mapping[str, tuple[Path, ...]]
    reader: Reader
    request: BlockRequest | None = None
    records: list[ReadRecord] = field(default_factory=list)
    """What became of every read of a scene: a kernel that reads scenes adds to it."""

    @property
    def scenes(self) -> BlockRequest:
        """What the step reads of scenes over the block."""
        assert self.request is not None, "the step names no band that it reads of scenes"
        return self.request

    def read(self, step: str, layers: Iterable[str], block: Block | None = None) -> Layers:
        """Layers of the first store that is needed of a step, over the block unless another is given."""
        return read_block(self.stores[step][0], block or self.block, layers)

    def read_each(self, step: str, layers: Sequence[str], block: Block | None = None) -> list[Layers]:
        """Layers of every store that is needed of a step, in order."""
        return [read_block(store, block or self.block, layers) for store in self.stores[step]]


@dataclass(frozen=True)
class Load:
    """What bounds the memory of a task: the most scenes of a period, and of all, that meet it; its bands."""

    dates: int
    scenes: int
    bands: int


@dataclass(frozen=True)
class Maps:
    """The finished maps of a study: `maps["cover", period]` is an artifact; `steps` are those of the run.

    `layout` are the blocks of every map; where a step reads whole rows of tiles, several of them that lie
    side by side are one task, which is `wide_layout`. `reader` opens files of the network.
    """

    study: Study
    steps: tuple["Step", ...]
    footprints: tuple[Footprint, ...]
    layout: BlockPlan
    wide_layout: BlockPlan
    made: Mapping[Place, Artifact] = field(default_factory=dict)
    reader: Reader | None = None

    def __getitem__(self, place: Place) -> Artifact:
        return self.made[place]

    def __contains__(self, place: Place) -> bool:
        return place in self.made

    def of(self, step: str) -> dict[When, Artifact]:
        """All maps of a step by what they hold for, in order."""
        return {when: artifact for (name, when), artifact in self.made.items() if name == step}

    def open(self, step: str, when: When) -> xr.Dataset:
        """Lazy layers (y, x) of a map, values as they are stored."""
        return open_store(self[step, when].path)

    def path(self, step: str, when: When) -> Path:
        """The store or the folder of a map."""
        return self[step, when].path

    def step(self, name: str) -> "Step":
        """The step of a name that this study makes; of variants of one map the study has one."""
        return next(step for step in self.steps if step.name == name and step.times(self.study))

    def with_map(self, place: Place, artifact: Artifact) -> "Maps":
        """These maps and one more."""
        return replace(self, made={**self.made, place: artifact})

    @cached_property
    def scenes(self) -> tuple[Scene, ...]:
        """All scenes of the study."""
        return tuple(footprint.scene for footprint in self.footprints)

    @property
    def bands(self) -> tuple[str, ...]:
        """The bands of the composites."""
        return self.step("composite").list_bands(self.study, self.scenes)

    def lacking(self, bands: Iterable[str]) -> str:
        """Why what needs some bands is not known: those that no scene has; empty where none is missing."""
        missing = ", ".join(band for band in bands if band not in self.bands)
        return f"影像缺波段 {missing} / the scenes lack {missing}" if missing else ""

    @property
    def keys(self) -> dict[str, list[str]]:
        """Keys of all maps by step, in order; steps of accounts or assessment only where that is asked."""
        given = self.study.settings
        lacking = [("accounts",)] * (given.accounts is None) + [("assessment",)] * (given.assessment is None)
        steps = [step for step in self.steps if step.config not in lacking]
        return {step.name: [one.key for one in self.of(step.name).values()] for step in steps}


@dataclass(frozen=True)
class View:
    """What a step shows itself by: the maps, the ground of the aoi, its measures, its parcels.

    `measures` are PARCEL_MEASURES of the aoi, as if it were one parcel; of `parcels` are given `land_class`
    and `area_m2`.
    `sources` say which scenes and existing maps a figure of a time rests on.
    """

    maps: Maps
    ground: Ground
    measures: pd.DataFrame
    parcels: pd.DataFrame
    sources: Mapping[When, str]
    summed: dict[Hashable, Any] = field(default_factory=dict, compare=False)
    """Sums over the ground that stand in more than one row or table, by what they are."""

    @property
    def study(self) -> Study:
        """The study of the maps."""
        return self.maps.study

    def sum_once(self, name: Hashable, add_up: Callable[[], Sums]) -> Sums:
        """What `add_up` gives: sums over the ground, added up the first time that their name is asked for."""
        if name not in self.summed:
            self.summed[name] = add_up()
        sums: Sums = self.summed[name]
        return sums

    def source(self, when: When) -> str:
        """Which scenes and maps a figure rests on, in words."""
        return self.sources[when]


def _nothing(*_: object) -> tuple[()]:
    return ()


def _no_entry(*_: object) -> Mapping[str, Any]:
    return {}


def _no_byte(*_: object) -> int:
    return 0


def _as_it_is(request: BlockRequest) -> BlockRequest:
    return request


@dataclass(frozen=True)
class Show:
    """What a delivery shows of a step.

    `rasters` are those of one map; `rows` are rows of INDICATORS for each of `times` (those of the step
    unless named), null with the reason where there is no map; `tables` are tables by their name. `judge` are
    settings that change rows and tables but no map. `first`: shown period by period, before all others.
    """

    rasters: Callable[[Maps, When], Iterable[Raster]] = _nothing
    rows: Callable[[View, When], Iterable[Row]] = _nothing
    times: Callable[[Study], Sequence[When]] | None = None
    tables: Callable[[View], Mapping[str, pd.DataFrame]] = _no_entry
    judge: Callable[[Study], Mapping[str, Any]] = _no_entry
    warnings: Callable[[Maps], Iterable[str]] = _nothing
    first: bool = False


@dataclass(frozen=True)
class Step:
    """One map, or what maps are made by: `name` and `version` stand in its cause, `title` on screen.

    `times` are what it is made for: periods, pairs of them, the span; none where the config does not ask.
    `needs` are the maps that it is made from. `bands` are those that it reads of the scenes of its time,
    `request` changes what is asked of them; `settings` change its result, `parameters` are what the kernel
    is given. Of one block the `kernel` gives its `layers`; a step without a kernel is made by `build`, at
    once, into a folder; one with neither makes nothing, and only shows what others made. `block_bytes` is
    what a pixel takes while a block is worked on; a `wide` step works on several blocks of a row as one.
    `config` names the blocks of the config that decide its figures: a difference there is a reason in
    `ecoledger diff`.
    """

    name: str
    version: int
    title: str
    times: Callable[[Study], Sequence[When]] = _nothing
    needs: Callable[[Study, When], Sequence[Place]] = _nothing
    bands: Callable[[Study, Sequence[Scene]], tuple[str, ...]] | None = None
    request: Callable[[BlockRequest], BlockRequest] = _as_it_is
    settings: Callable[[Maps, When], Mapping[str, Any]] = _no_entry
    parameters: Callable[[Maps, When], Mapping[str, Any]] = _no_entry
    layers: Callable[[Maps], Mapping[str, LayerEncoding]] = _no_entry
    kernel: Callable[..., Layers] | None = None
    build: Callable[[Run, Maps, When, Path], None] | None = None
    block_bytes: Callable[[Study, Load], int] = _no_byte
    wide: bool = False
    config: tuple[str, ...] = ()
    show: Show = Show()

    def list_bands(self, study: Study, scenes: Sequence[Scene]) -> tuple[str, ...]:
        """The bands that it reads of scenes; none where it reads no scene."""
        return self.bands(study, scenes) if self.bands else ()

    @property
    def makes(self) -> bool:
        """Whether it makes maps, and does not only show what others made."""
        return self.kernel is not None or self.build is not None


def each_period(study: Study) -> Sequence[When]:
    """For every period."""
    return study.periods


def each_pair(study: Study) -> Sequence[When]:
    """For every two consecutive periods."""
    return study.pairs


def need_same(*steps: str) -> Callable[[Study, When], Sequence[Place]]:
    """Needs the maps of some steps for the same time."""

    def places(_study: Study, when: When) -> Sequence[Place]:
        return [(step, when) for step in steps]

    return places


def need_all_periods(*steps: str) -> Callable[[Study, When], Sequence[Place]]:
    """Needs the maps of some steps for all periods."""

    def places(study: Study, _when: When) -> Sequence[Place]:
        return [(step, period) for period in study.periods for step in steps]

    return places


def keep_layers(layers: Mapping[str, LayerEncoding]) -> Callable[[Maps], Mapping[str, LayerEncoding]]:
    """The same layers whatever the maps before."""

    def those(_maps: Maps) -> Mapping[str, LayerEncoding]:
        return layers

    return those


def build_raster(
    maps: Maps,
    step: str,
    when: When,
    layer: str,
    *,
    titles: tuple[str, str] | None = None,
    name: str | None = None,
    legend: Legend | None = None,
) -> Raster:
    """One layer of a map as a raster to deliver, its titles in Chinese and English.

    Its name is that of the layer unless given, with the label of the time behind; classes have the titles of
    their legend.
    """
    titles = (legend.title_zh, legend.title_en) if legend else titles
    assert titles is not None, f"{step}: the raster of {layer} has neither titles nor a legend"
    kind = maps.step(step).layers(maps)[layer].kind
    assert kind is not None, f"{step}: {layer} is no kind of raster"
    values = maps.open(step, when)[layer]
    product = name or layer
    return Raster(f"{product}_{when.stem}", product, kind, values, *titles, when.first, when.last, legend)
