"""Every test here is a row of the table of faults: by the fixture `fault`, or else by its name."""

import re
from dataclasses import asdict
from functools import partial
from pathlib import Path

import pytest

from tests.faults.strangers import standing_at
from tests.faults.table import FALLS_SHORT, HOLDS, NOT_TRIED, Row, count, shorten, try_case, write_table

_ROWS = pytest.StashKey[list[Row]]()
_SUFFIX = re.compile(r"\[(.*)\]$")


def pytest_addoption(parser):
    parser.addoption("--faults-table", type=Path, help="write the table of faults to this file")


@pytest.fixture
def fault(request):
    """`with fault("a case in a sentence", must="exit 3, names the file") as seen: ... seen.happened = "..."`.

    Kind and door are `KIND` and `DOOR` of the module where the call does not give them.
    """
    module = request.node.module
    rows = request.node.stash.setdefault(_ROWS, [])
    hits = request.getfixturevalue("stranger").hits if "stranger" in request.fixturenames else []
    return partial(try_case, rows, hits, kind=module.KIND, door=getattr(module, "DOOR", ""))


@pytest.fixture
def stranger():
    """A host that nothing leads to, at an address of its own; whoever asks it is a hit in the table."""
    with standing_at("127.0.0.2") as server:
        yield server


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    kind = getattr(item.module, "KIND", "")
    if not kind:
        return report
    rows = item.stash.setdefault(_ROWS, [])
    told = call.when == "call" or report.outcome != "passed"
    if told and (not rows or (report.failed and all(row.holds == HOLDS for row in rows))):
        rows.append(_name_row(item, kind, report))
    if call.when == "teardown":
        report.user_properties += [("fault", asdict(row)) for row in rows]
    return report


def _name_row(item, kind, report):
    """The row of a test by its name."""
    given = _SUFFIX.search(item.name)
    case = item.originalname.removeprefix("test_").replace("_", " ") + (f" ({given[1]})" if given else "")
    happened, holds = {
        "passed": ("it did", HOLDS),
        "skipped": (str(report.longrepr[2]) if isinstance(report.longrepr, tuple) else "", NOT_TRIED),
    }.get(report.outcome, (str(report.longrepr).splitlines()[-1], FALLS_SHORT))
    door = getattr(item.module, "DOOR", "")
    hits = len(getattr(item.funcargs.get("stranger"), "hits", ()))
    seconds = round(report.duration, 2)
    return Row(case, kind, door, "as the case says", shorten(happened), seconds, holds, hits)


def pytest_configure(config):
    config.stash[_ROWS] = []
    if config.getoption("faults_table", None):
        config.pluginmanager.register(_Collector(config.stash[_ROWS]), "faults-table")


class _Collector:
    """Takes the rows of all tests, whichever process ran them, and writes them in the end."""

    def __init__(self, rows):
        self.rows = rows

    def pytest_runtest_logreport(self, report):
        if report.when == "teardown":
            self.rows += [Row(**row) for name, row in report.user_properties if name == "fault"]

    def pytest_terminal_summary(self, terminalreporter, config):
        write_table(self.rows, config.getoption("faults_table"))
        terminalreporter.section("faults")
        terminalreporter.line(count(self.rows))
        terminalreporter.line(f"table: {config.getoption('faults_table')}")
        for row in self.rows:
            if row.holds == FALLS_SHORT:
                terminalreporter.line(f"falls short: {row.case}: {row.happened}")
