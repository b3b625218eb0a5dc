"""The config: one strict model a block, every mistake reported at once with its line.

`config` is the whole; `strict` the base of its blocks, `paths` how relative paths are anchored, `text` the
YAML as it is written, `rolling` the days that follow the calendar. `build_schema` is for editors.
"""

from pipeline.settings.computing import Compute
from pipeline.settings.config import TIDAL_WORLD, Settings, build_schema, load_settings, parse_settings
from pipeline.settings.outputs import Outputs, Retention
from pipeline.settings.scenes import Clear, CompositeMethod, Scenes
from pipeline.settings.sections import SampleFile, SectionRules, Sections, WaterBody
from pipeline.settings.sources import StaticCatalog
from pipeline.settings.vegetation import ClassPercentiles, Endmembers, Vegetation

__all__ = [
    "TIDAL_WORLD", "ClassPercentiles", "Clear", "CompositeMethod", "Compute", "Endmembers", "Outputs",
    "Retention", "SampleFile", "Scenes", "SectionRules", "Sections", "Settings", "StaticCatalog",
    "Vegetation", "WaterBody", "build_schema", "load_settings", "parse_settings",
]  # fmt: skip
