"""Where the registers of other rights of the simulated world lie, as a config would name them."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from pipeline.settings.parcels import RestrictingFile
from pipeline.settings.rights import Rights, RightsFile

RED_LINE_FILE, RED_LINE_LAYER = "red_line.gpkg", "生态保护红线"
FILES: Mapping[str, str] = MappingProxyType(
    {
        "water_licence": "取水许可_台账.xlsx",
        "water_trade": "水权交易.csv",
        "discharge_licence": "排污许可.gpkg",
        "discharge_trade": "排污权交易.xlsx",
        "energy_quota": "用能权.xlsx",
        "energy_trade": "用能权交易.csv",
        "carbon_project": "碳汇项目.gpkg",
        "carbon_trade": "碳交易.csv",
        "forest_right": "林权.csv",
        "aquaculture_licence": "养殖证.gpkg",
    }
)
"""The file of each kind of register."""


def complete_rights(given: Rights, folder: Path) -> Rights:
    """The block with simulated registers of the kinds that it does not name, and a red line."""
    named = {register.kind for register in given.registers}
    made = [
        RightsFile.model_validate({"kind": kind, "path": str(folder / file)})
        for kind, file in FILES.items()
        if kind not in named
    ]
    red_line = RestrictingFile(path=str(folder / RED_LINE_FILE), kind="ecological_red_line")
    layers = given.restricting or [red_line]
    return given.model_copy(update={"registers": [*given.registers, *made], "restricting": layers})
