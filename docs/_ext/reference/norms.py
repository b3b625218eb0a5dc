"""The tables of the standards: how many rows each has, its columns and the sources that rows name."""

from collections import Counter
from collections.abc import Iterator
from importlib.resources import files

from pipeline import standards
from reference.chapters import Chapter, Code, Row, Said

_MOST = 6
"""Sources that a row of the page tells in full; of the others their number."""


def list_names() -> list[str]:
    """The names of all tables of the standards."""
    folder = files("pipeline.standards")
    return sorted(one.name.removesuffix(".csv") for one in folder.iterdir() if one.name.endswith(".csv"))


def list_tables() -> Iterator[Chapter]:
    """One chapter: a row for each table."""
    heads = (Said("表", "table"), Said("行数", "rows"), Said("列", "columns"), Said("来源", "sources"))
    rows = tuple(_tell(name) for name in list_names())
    yield Chapter("all-tables", Said("全部基准表", "All tables"), heads, rows)


def _tell(name: str) -> Row:
    rows = standards.read_rows(name)
    sources = Counter(row.get("source") or row.get("basis", "") for row in rows)
    told = "; ".join(source for source, _ in sources.most_common(_MOST) if source)
    more = len(sources) - _MOST
    both = Said(f"{told}；另有 {more} 种", f"{told}; and {more} more") if more > 0 else told
    return (
        Code(f"pipeline/standards/{name}.csv", name.replace("_", "-")),
        str(len(rows)),
        " ".join(rows[0]),
        both,
    )
