"""What `validate` says of water samples: how many readings they are, and of how many sections of an area."""

from collections.abc import Callable, Collection
from pathlib import Path

from pipeline.aoi import list_aois
from pipeline.errors import InputError
from pipeline.indices.sections.membership import select_sections
from pipeline.indices.sections.places import place_samples
from pipeline.ingest.samples import read_sections
from pipeline.ingest.samples.tables import Tables
from pipeline.settings import Settings
from pipeline.settings.aoi import AoiEntry, load_entry


def describe_sections(
    settings: Settings, areas: Collection[AoiEntry], tables: Callable[[], Tables]
) -> str | None:
    """The readings of a run and the sections of each area among theirs; None where these cannot be read."""
    register = settings.sections.register_path
    try:
        samples, _, points = tables()
        placed = place_samples(samples, read_sections(Path(register)) if register else None, points)
    except InputError:
        # what is wrong with them is said by their own checks
        return None
    loaded = {aoi.id: aoi for aoi in map(load_entry, [*areas, *list_aois()])}
    outlines = {name: aoi.geometry for name, aoi in loaded.items()}
    days = samples["time"].dt.tz_convert("Asia/Shanghai").dt.date
    lines = [f"water samples: {len(samples)} readings, {min(days)} to {max(days)}"]
    for aoi in map(load_entry, areas):
        here = select_sections(placed, aoi.id, outlines)
        read = here.samples["place"].nunique()
        lines.append(
            f"  {aoi.id}: {len(here.sections)} of {len(placed.sections)} sections, {read} with samples"
        )
    return "\n".join(lines)
