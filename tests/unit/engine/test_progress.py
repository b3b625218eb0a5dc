"""Bars as they stand on a terminal: each task once, nothing cut, what remains below."""

from io import StringIO

import pytest
from rich.console import Console

from pipeline.engine import progress
from pipeline.engine.progress import Bars
from tests.terminal import Terminal, count_cells

LONG = "广阳岛 2023/2024 土壤可蚀性与坡度坡长因子 erodibility and slope"


class Clock:
    """A clock that tests turn."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        return self.now


@pytest.fixture(autouse=True)
def clock(monkeypatch):
    clock = Clock()
    monkeypatch.setattr(progress, "monotonic", clock)
    return clock


class Screen:
    """Bars on a terminal of a width."""

    def __init__(self, width=80, *, quiet=False):
        self.width, self.file = width, StringIO()
        console = Console(file=self.file, width=width, force_terminal=True, color_system=None)
        self.bars = Bars(quiet=quiet, console=console)

    def read(self):
        """The lines, those of bars at work among them."""
        return [line for line in Terminal(self.width).feed(self.file.getvalue()).lines if line]


def test_a_task_within_one_of_the_same_title_has_no_bar_of_its_own():
    screen = Screen()
    with screen.bars.show() as bars, bars.step("广阳岛 场景 scenes", "scenes"):
        inner = bars.start("广阳岛 场景 scenes", 3)
        for _ in range(3):
            bars.advance(inner)
    (line,) = [line for line in screen.read() if "场景" in line]
    assert "3/3" in line


def test_a_task_of_nothing_shows_no_bar_and_a_single_one_no_count():
    screen = Screen()
    with screen.bars.show() as bars:
        bars.advance(bars.start("空 nothing", 0))
        with bars.step("清单 inventory", "inventory"):
            pass
    lines = screen.read()
    assert not [line for line in lines if "nothing" in line or "0/0" in line]
    (line,) = [line for line in lines if "inventory" in line]
    assert "1/1" not in line


@pytest.mark.parametrize("width", [80, 120])
def test_no_title_is_cut_and_no_line_is_wider_than_the_terminal(width):
    screen = Screen(width)
    with screen.bars.show() as bars:
        bars.enter_area(1, 3)
        bars.expect(["factors"] * 52)
        task = bars.start(LONG, 2, step="factors")
        bars.advance(task)
        bars.advance(task)
        bars.settle("factors")
    lines = screen.read()
    assert all(count_cells(line) <= width for line in lines)
    assert "…" not in "".join(lines)
    assert all(word in "".join(lines) for word in LONG.split())


def test_many_tasks_leave_a_line_each_and_the_whole_stands_last():
    screen = Screen()
    with screen.bars.show() as bars:
        bars.enter_area(1, 1)
        bars.expect(["composite"] * 60)
        for number in range(60):
            with bars.step(f"合成 composite {number:02}", "composite"):
                pass
    *tasks, whole = screen.read()
    assert [line.split()[2] for line in tasks] == [f"{number:02}" for number in range(60)]
    assert "step 60/60" in whole
    assert "left" not in whole


def test_what_remains_is_said_as_far_as_it_is_known(clock):
    screen = Screen()
    bars = screen.bars
    bars.enter_area(1, 1)
    bars.expect(["composite", "composite", "accounts"])

    def read():
        return Terminal(80).feed(render(bars)).lines[-2]

    assert "area 1/1 step 0/3 left ?" in read()
    with bars.step("合成 composite", "composite"):
        clock.now += 70
    assert "step 1/3 left ≥ 0:01:10" in read()
    with bars.step("核算 accounts", "accounts"):
        clock.now += 5
    assert "step 2/3 left ≈ 0:01:10" in read()


def render(bars):
    """The bars at work as they would be drawn now."""
    console = Console(file=StringIO(), width=80, force_terminal=True, color_system=None)
    console.print(bars.draw())
    return console.file.getvalue()


def test_titles_are_no_markup():
    screen = Screen()
    with screen.bars.show() as bars, bars.step("清单 [red]x[/red]", "inventory"):
        pass
    assert any("[red]x[/red]" in line for line in screen.read())


def test_quiet_writes_nothing():
    screen = Screen(quiet=True)
    with screen.bars.show() as bars, bars.step("清单 inventory", "inventory"):
        pass
    assert screen.file.getvalue() == ""


def test_several_tasks_within_one_of_the_same_title_share_its_bar_to_the_end():
    screen = Screen()
    with screen.bars.show() as bars, bars.step("RSEI 2024", "rsei"):
        for parts in (3, 1, 2):
            bar = bars.start("RSEI 2024", parts)
            for _ in range(parts):
                bars.advance(bar)
    assert sum("RSEI 2024" in line for line in screen.read()) == 1
