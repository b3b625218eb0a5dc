"""Ground that services name: types of ecosystems, and classes of the third survey within a type."""

from pipeline import standards
from pipeline.accounts.service import Supply

PLANTS = ("森林", "灌丛", "草地", "vegetation")
"""Natural plants; `vegetation` are plants that the method of mapping does not tell apart."""
FARMLAND = "农田"
WETLAND = "湿地"
ORCHARDS = ("0201", "0202", "0203", "0204")
WATERS = ("1101", "1102", "1103", "1104", "1107", "water")
MARSHES = ("0304", "0306", "0402", "1108")


def pick_types(*names: str) -> Supply:
    """All ground of types, classes of the survey or classes of cover."""
    return Supply(frozenset(names))


def pick_classes(type_zh: str, *names: str) -> Supply:
    """Some classes of a type; ground of the type that is not told apart further supplies too."""
    rest = {row["code"] for row in standards.read_rows("land_classes") if row["ecosystem"] == type_zh}
    return Supply(frozenset({type_zh, *names}), frozenset(rest - set(names)))
