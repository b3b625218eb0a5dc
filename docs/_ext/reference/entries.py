"""The generated pages and what each lists: a new page is a new entry."""

from collections.abc import Callable, Iterable, Mapping

from reference.chapters import Chapter
from reference.config_keys import list_blocks
from reference.maps import list_columns, list_indicators, list_indices, list_legends, list_rules
from reference.norms import list_tables
from reference.programs import list_commands, list_errors
from reference.unconfirmed import list_unconfirmed

PAGES: Mapping[str, Callable[[], Iterable[Chapter]]] = {
    "commands": list_commands,
    "config": list_blocks,
    "columns": list_columns,
    "indicators": list_indicators,
    "rules": list_rules,
    "legends": list_legends,
    "indices": list_indices,
    "standards": list_tables,
    "unconfirmed": list_unconfirmed,
    "errors": list_errors,
}
