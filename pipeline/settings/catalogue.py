"""The catalogue of ecological products (生态产品目录清单): who compiles it, what staff completed by hand."""

from typing import Annotated, Any

from pydantic import BeforeValidator, Field

from pipeline.settings.paths import ConfigPath
from pipeline.settings.strict import Strict

Organisation = Annotated[str, Field(min_length=1)]


def _take_path(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


class Catalogue(Strict):
    """What the catalogue says beside its figures.

    `organisation` (编制单位) is who compiles it, or such by the id of each area; where none is named, printed
    sheets leave a line to fill. `supplement` are templates that staff completed: a path or pattern, or
    several of them; tables without rows of an area leave it as it is.
    """

    organisation: Organisation | dict[str, Organisation] | None = None
    supplement: Annotated[
        list[ConfigPath], BeforeValidator(_take_path, json_schema_input_type=str | list[str])
    ] = []

    def name_organisation(self, aoi: str) -> str:
        """Who compiles the catalogue of an area; empty where nobody is named."""
        if isinstance(self.organisation, dict):
            return self.organisation.get(aoi, "")
        return self.organisation or ""
