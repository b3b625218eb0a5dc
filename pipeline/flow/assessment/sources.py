"""What a part of the assessment reads: its block of the config, and the artifacts that it names."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import geopandas as gpd
import pandas as pd

from pipeline.engine.run import Run
from pipeline.engine.study import Study
from pipeline.maps.step import Maps
from pipeline.storage.cause import Artifact
from pipeline.storage.tables import load_json, load_layer, load_table


@dataclass(frozen=True)
class Sources:
    """What one part reads over one area.

    `block` is its block of the config, in the simulated world with all that it does not name; `artifacts`
    are those that the part says it reads, by name, `parts` the parts made before it, if it reads them.
    """

    run: Run
    maps: Maps
    block: Any
    artifacts: Mapping[str, Artifact]
    parts: Mapping[str, Artifact]

    @property
    def study(self) -> Study:
        """The area under the settings of the run."""
        return self.maps.study

    def table(self, artifact: str, name: str) -> pd.DataFrame | None:
        """A table of an artifact; None where the run has no such artifact."""
        found = self.artifacts.get(artifact)
        return load_table(found.path, name) if found else None

    def layer(self, artifact: str, name: str) -> gpd.GeoDataFrame | None:
        """A table with geometry of an artifact; None where the run has no such artifact."""
        found = self.artifacts.get(artifact)
        return load_layer(found.path, name) if found else None

    def indicators(self) -> pd.DataFrame:
        """INDICATORS of statistics and sections, as far as they are read, and of the parts before."""
        shown = [self.artifacts[name] for name in ("statistics", "sections") if name in self.artifacts]
        tables = [load_table(found.path, "indicators") for found in (*shown, *self.parts.values())]
        return pd.concat([table for table in tables if len(table)] or tables[:1], ignore_index=True)

    def list_tables(self, artifact: str) -> list[str]:
        """Names of the tables that an artifact delivers by its own account."""
        found = self.artifacts.get(artifact)
        return load_json(found.path / "tables.json") if found else []
