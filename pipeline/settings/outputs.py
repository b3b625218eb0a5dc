"""What is written besides the standing deliverables, how long it stays, and who is told of it."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.settings.strict import Strict

Headings = Literal["keys", "names"]
Code = Annotated[str, Field(pattern=r"^[0-9A-Za-z]{1,28}$")]
Parts = Literal["all", "none"] | Annotated[list[Code], Field(min_length=1)]


class Outputs(Strict):
    """What is written besides the standing deliverables.

    `looks`: also NDVI of every clear look, a raster a period with a band a look, so that a series is told
    without the scenes. `shapefile`: also the layers as Shapefiles, their names laundered, with a table that
    maps them back.
    `headings: names` gives the inventory as CSV the headings and values that people read, in the language of
    the run, and writes all tables so into `tables_named/`; those of `tables/` keep their keys.
    `parts`: of a register that no single GeoPackage holds, which parts have a GeoPackage and a workbook: all,
    none, or those with parcels whose codes begin so (county, town, village).
    """

    composite: bool = False
    looks: bool = False
    shapefile: bool = False
    headings: Headings = "keys"
    parts: Parts = "all"


class Retention(Strict):
    """How many deliveries of each area stay, the last ones; all where there is no number."""

    deliveries: Annotated[int, Field(ge=1)] | None = None


class Notify(Strict):
    """A command that is run when a run has ended, however it ended: the program and its words.

    It finds the summary of the run (one line of JSON) on its stdin and the exit code in
    ECOLEDGER_EXIT_CODE. It has `seconds`; its failure is a warning.
    """

    command: Annotated[list[str], Field(min_length=1)]
    seconds: Annotated[float, Field(gt=0, le=600)] = 30
