"""Where the simulated world has what the health of rivers and lakes is told by, as a config would name it."""

from pathlib import Path
from typing import Any

from pipeline.settings.health import BodyFile, Health, MeasureFile, OtherSections, ZoneFile
from pipeline.settings.sections import SampleFile

NEIGHBOUR = "模拟邻省"
"""The province on the other side of the water."""


def complete_health(given: Health, folder: Path) -> Health:
    """The block with what it does not name in the simulated world's folder."""
    made: dict[str, Any] = {
        "bodies": [BodyFile(path=str(folder / "河湖名录.gpkg"))],
        "tables": [
            MeasureFile(path=str(folder / "评价指标.xlsx")),
            MeasureFile(path=str(folder / "逐月流量.csv")),
        ],
        "zones": [ZoneFile(path=str(folder / "水功能区.xlsx"))],
        "registers": [
            OtherSections(
                name=f"{NEIGHBOUR}监测中心（模拟）",
                samples=[
                    SampleFile(path=str(folder / "邻省断面.csv")),
                    SampleFile(path=str(folder / "模拟湖.csv"), water_body="lake"),
                ],
                register=str(folder / "邻省名录.csv"),
            )
        ],
    }
    if given.bodies:
        made = {"bodies": given.bodies}
    lacking = {name: value for name, value in made.items() if not getattr(given, name)}
    return given.model_copy(update=lacking)
