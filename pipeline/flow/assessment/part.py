"""What a part of the assessment is: its block of the config, what it reads, what it makes."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from pipeline.aoi import Aoi
from pipeline.settings import Settings

if TYPE_CHECKING:
    import geopandas as gpd
    import pandas as pd

    from pipeline.flow.assessment.sources import Sources
    from pipeline.ingest.simulate.world import World
    from pipeline.rights_registry.rules import Rule

ReadName = Literal["maps", "parcels", "told", "statistics", "sections", "waters", "accounts", "parts"]
"""What a part may read: all maps, artifacts of the run, the `parts` that stand before it in the registry.

`waters` are sections and readings of all registers, wherever they are.
"""


@dataclass(frozen=True)
class Assessed:
    """What a part makes of one area.

    `tables` are delivered under their names, `indicators` (INDICATORS) join those of the delivery, `findings`
    (FINDINGS) likewise, `layers` become layers of the GeoPackage, in EPSG:4490.
    """

    tables: Mapping[str, pd.DataFrame]
    indicators: pd.DataFrame | None = None
    findings: gpd.GeoDataFrame | None = None
    layers: Mapping[str, gpd.GeoDataFrame] = field(default_factory=dict)


@dataclass(frozen=True)
class Simulated:
    """How the simulated world gives a part what the config does not name.

    `write` puts its files into a folder, the second one; the first is that of the world itself, with
    register.gpkg and sections.csv. `complete` gives the block with paths into that folder for all that it
    does not name. `list_planted` gives of `truth.json` indicator, period and value of what is planted of
    `headlines`. Raise `version` with what changes a file.
    """

    version: int
    write: Callable[[World, Path, Path], None]
    complete: Callable[[Any, Path], Any]
    list_planted: Callable[[Any], Iterator[tuple[str, str, float]]] = lambda _: iter(())


@dataclass(frozen=True)
class Part:
    """A part of the assessment.

    `find_block` gives its block of the config, None where it is not asked for; `list_paths` the paths and
    patterns that a block names, whose files decide the result with all else that the block says. `reads`
    names the artifacts that it reads. `check` reads the files of a block through for one area, for
    `validate`. `headlines` are the indicators that a run ends with, `rules` gives those of RULES that only
    its findings follow. What reads or computes is imported no sooner than it is called: a config is checked,
    and a delivery found unchanged, without it. Raise `version` with what changes a result.
    """

    name: str
    title: str
    version: int
    reads: tuple[ReadName, ...]
    find_block: Callable[[Settings], Any]
    list_paths: Callable[[Any], Iterator[str]]
    assess: Callable[[Sources], Assessed]
    check: Callable[[Any, Aoi], None]
    simulated: Simulated | None = None
    headlines: tuple[str, ...] = ()
    rules: Callable[[], Sequence[Rule]] = tuple
