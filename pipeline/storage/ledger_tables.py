"""The tables of a ledger, and whether those of a file are ours."""

import sqlite3
from contextlib import closing
from pathlib import Path

from pipeline.errors import Problem, WorkspaceError

TABLES = """
create table if not exists artifacts (
    key text primary key, step text not null, cause text not null,
    bytes integer not null, checksum text not null);
create table if not exists blocks (
    key text not null, block text not null, checksum text not null, primary key (key, block));
create table if not exists reads (
    key text not null, scene_id text not null, band text not null, block text not null,
    outcome text not null, reason text not null, href text not null, attempts integer not null,
    error text not null);
create table if not exists deliveries (
    target text primary key, key text not null, bytes integer not null, checksum text not null);
drop index if exists reads_by_key;
create index if not exists reads_by_block on reads (key, block);
create table if not exists runs (
    id text primary key, label text not null, areas text not null, started text not null,
    ended text, exit_code integer, message text not null);
create table if not exists costs (
    step text not null, kind text not null, times integer not null, pixels integer not null,
    seconds real not null, primary key (step, kind));
"""
LAYOUT = 1
"""The number of these tables, as `user_version` of the file; 0 in ledgers from before there was one."""
INPUTS = (
    "create table inputs (key text not null, input text not null, primary key (key, input))",
    "create index inputs_by_input on inputs (input)",
)


def refuse_other_release(connection: sqlite3.Connection, path: Path) -> None:
    """WorkspaceError for a ledger whose tables are not ours, before anything is written into it."""
    (layout,) = connection.execute("pragma user_version").fetchone()
    strange = _find_strange_tables(connection)
    if layout <= LAYOUT and not strange:
        return
    found = f"tables of other columns: {', '.join(strange)}" if strange else f"layout {layout}"
    todo = "Go on with the release that wrote it, or name another folder by --out"
    problem = Problem(str(path), found, f"layout {LAYOUT}, of this release", todo)
    raise WorkspaceError("The ledger is of another release", [problem])


def _find_strange_tables(connection: sqlite3.Connection) -> list[str]:
    with closing(sqlite3.connect(":memory:")) as ours:
        ours.executescript(TABLES)
        names = [name for (name,) in ours.execute("select name from sqlite_master where type = 'table'")]
        return [
            name for name in names if _list_columns(connection, name) not in ([], _list_columns(ours, name))
        ]


def _list_columns(connection: sqlite3.Connection, table: str) -> list[str]:
    """Names of the columns of a table; none where there is no such table."""
    return [name for (name,) in connection.execute("select name from pragma_table_info(?)", [table])]
