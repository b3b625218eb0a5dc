"""Areas of interest, as a config names them."""

from pathlib import Path

from pipeline.aoi import Aoi, load_aoi
from pipeline.settings.paths import AoiName, ConfigPath
from pipeline.settings.strict import Strict


class AoiFile(Strict):
    """The outline of an aoi: a vector file, of which the layer or the CRS has to be said.

    `layer` is the one with the outline, where several have polygons; `crs` stands in for one that the file
    lacks.
    """

    path: ConfigPath
    layer: str | None = None
    crs: str | None = None

    def __str__(self) -> str:
        """What it is called by: its path."""
        return self.path


AoiEntry = AoiName | AoiFile
"""The id of a shipped aoi, the path of one, or a file of which more is said."""


def load_entry(entry: AoiEntry) -> Aoi:
    """The aoi that an entry of a config names; errors as `load_aoi`."""
    if isinstance(entry, AoiFile):
        return load_aoi(entry.path, relative_to=Path.cwd(), layer=entry.layer, crs=entry.crs)
    return load_aoi(entry, relative_to=Path.cwd())
