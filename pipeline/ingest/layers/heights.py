"""Vertical datums: what heights are above, as a file says and as a config does."""

import re
from dataclasses import replace

from pipeline import standards
from pipeline.errors import Problem
from pipeline.ingest.layers.conventions import Convention
from pipeline.ingest.layers.layer import OpenLayer, build_layer_error

_FEET = re.compile(r"\bft\b|\(ft|foot|feet", re.IGNORECASE)
_UNKNOWN = "vertical datum: unknown"


def settle_datum(opened: OpenLayer, told: str | None, convention: Convention) -> OpenLayer:
    """Heights with the datum that their file states, else the one that is told of them, else none.

    InputError where the file states another one than is told, or one in feet.
    """
    said, expected = opened.vertical_datum, told or convention.vertical_datum
    name = opened.rasters[0].name
    if _FEET.search(said):
        problem = Problem(name, f"heights in feet: {said}", "m", "Convert them, with gdalwarp -t_srs")
        raise build_layer_error(opened.layer, problem)
    if said and expected and spell_datum(said) != spell_datum(expected):
        who = "the config" if told else convention.name
        todo = "Correct `vertical_datum`, or shift the heights with gdalwarp -s_srs -t_srs"
        problem = Problem(name, f"heights above {said}", f"above {expected}, as {who} says", todo)
        raise build_layer_error(opened.layer, problem)
    if said or not expected:
        return opened
    who = "as the config says 按配置" if told else f"as {convention.name} has it 按数据集惯例"
    notes = [note for note in opened.assumed if not note.startswith(_UNKNOWN)]
    return replace(opened, vertical_datum=expected, assumed=(*notes, f"vertical datum {expected}: {who}"))


def spell_datum(name: str) -> str:
    """A vertical datum by its name here, whatever it is called; an unknown one as it is called."""
    plain = " ".join(name.split()).casefold()
    for row in standards.read_rows("vertical_datums"):
        if row["spelling"].casefold() == plain:
            return row["datum"]
    return plain
