"""Codes of other dictionaries that mean one of ours: configs/rights.yaml."""

from functools import cache

from pydantic import TypeAdapter, ValidationError

from pipeline.aoi import PROJECT_ROOT
from pipeline.errors import SettingsError
from pipeline.settings import text
from pipeline.settings.strict import Strict


class ColumnCodes(Strict):
    """What the codes of a column of theirs mean in the dictionary of a column of ours."""

    ours: str
    source: str
    codes: dict[str, str]


@cache
def load_rights_codes() -> dict[str, ColumnCodes]:
    """Codes that mean one of ours, by their column: configs/rights.yaml; SettingsError lists its mistakes."""
    path = PROJECT_ROOT / "configs" / "rights.yaml"
    node, content = text.parse(path, text.read(path))
    try:
        return TypeAdapter(dict[str, ColumnCodes]).validate_python(content)
    except ValidationError as error:
        problems = text.to_problems(path, node, content, error.errors())
        raise SettingsError(f"The dictionaries of rights {path} have mistakes", problems) from error
