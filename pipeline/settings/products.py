"""Ecological products by ecosystem type, and the grades of their quality: configs/products.yaml."""

from typing import Annotated, Literal, Self

from pydantic import Field, ValidationError, model_validator

from pipeline.aoi import PROJECT_ROOT
from pipeline.errors import SettingsError
from pipeline.settings import text
from pipeline.settings.strict import Percent, Strict


class Product(Strict):
    """An ecological product that an ecosystem type supplies; `dlbm` limits it to land classes, empty: all."""

    cat1: Literal["M", "R", "C"]
    cat2_code: Annotated[str, Field(pattern=r"^(MAT|REG|CUL)-\d{2}[a-d]?$")]
    cat2_name: str
    cat3_name: str
    functions: str
    unit: str
    dlbm: list[str] = []
    source: str


class Grades(Strict):
    """Grades of quality by mean vegetation cover: a value on a cut belongs to the better grade."""

    names: list[str]
    cuts_percent: list[Percent]
    source: str

    @model_validator(mode="after")
    def _one_more_than_cuts(self) -> Self:
        if len(self.names) != len(self.cuts_percent) + 1 or self.cuts_percent != sorted(self.cuts_percent):
            raise ValueError("cuts_percent must rise, and there is one name more than cuts")
        return self


class Products(Strict):
    """The table of ecological products: names of the three classes, grades, products by ecosystem type."""

    categories: dict[Literal["M", "R", "C"], str]
    grades: Grades
    ecosystems: dict[str, list[Product]]


def load_products() -> Products:
    """The products and grades of configs/products.yaml; SettingsError lists its mistakes."""
    path = PROJECT_ROOT / "configs" / "products.yaml"
    node, content = text.parse(path, text.read(path))
    try:
        return Products.model_validate(content)
    except ValidationError as error:
        problems = text.to_problems(path, node, content, error.errors())
        raise SettingsError(f"The table of products {path} has mistakes", problems) from error
