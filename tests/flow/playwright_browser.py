"""A real Chromium driven by Playwright, without a network: for every test that opens a page.

The fixture `open_page` opens a file or an address in a window of its own and gives an `OpenPage`, which has
gathered what the page complained of and asked for since. It skips, and says why, where no Chromium is.
"""

import re
import shutil
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
PHONE, DESK, A4 = (390, 844), (1440, 900), (794, 1123)
"""Windows, width and height in CSS pixels; A4 is the paper at 96 to the inch."""

_PHONE_WIDTH = 600
_NO_NAMES = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1, EXCLUDE localhost"
ARGUMENTS = ("--no-sandbox", "--enable-unsafe-swiftshader", "--disable-dev-shm-usage", _NO_NAMES)
_INSIDE = ("data:", "blob:", "about:")
_OF_THE_BROWSER = re.compile(r"GL Driver Message|software WebGL")
"""What Chromium says of drawing without a graphics card, which is no fault of the page."""


@dataclass
class OpenPage:
    """A page, with what it complained of and asked for since it was opened."""

    page: Page
    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def list_strangers(self) -> list[str]:
        """Addresses asked for that lie outside: not in the page itself, its folder of files or its server."""
        own = urlsplit(self.page.url)[:2]
        return [
            address
            for address in self.requests
            if not address.startswith(_INSIDE) and urlsplit(address)[:2] != own
        ]

    def measure_overflow(self) -> int:
        """By how many pixels the page is wider than its window; 0 where nothing is pushed sideways."""
        return self.page.evaluate(
            "document.documentElement.scrollWidth - document.documentElement.clientWidth"
        )

    def take_picture(self, name: str, *, whole: bool = False) -> Path:
        """What the window shows, or the whole page, as `build/pictures/<name>.png`."""
        path = _make_room(f"{name}.png")
        self.page.screenshot(path=path, full_page=whole)
        return path

    def print_paper(self, name: str, *, paper: str = "A4", landscape: bool = False) -> Path:
        """The page as it is printed, as `build/pictures/<name>.pdf`."""
        path = _make_room(f"{name}.pdf")
        self.page.pdf(path=path, format=paper, landscape=landscape, print_background=True)
        return path


class PageOpener(Protocol):
    """Opens a file or an address; `webgl=False` as on a computer that cannot draw with it."""

    def __call__(
        self, place: Path | str, *, size: tuple[int, int] = DESK, webgl: bool = True
    ) -> OpenPage: ...


@pytest.fixture(scope="module")
def find_chromium() -> Iterator[Callable[..., Browser]]:
    """The browser with or without WebGL, started when first asked for.

    It is closed with the module, for while Playwright runs nothing else in the process may run asyncio.
    """
    if PROGRAM is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:

        @cache
        def find(*, webgl: bool = True) -> Browser:
            more = () if webgl else ("--disable-3d-apis",)
            return playwright.chromium.launch(executable_path=PROGRAM, args=[*ARGUMENTS, *more])

        yield find


@pytest.fixture
def open_page(find_chromium) -> Iterator[PageOpener]:
    """A function that opens a page; its window is closed after the test."""
    with _open_windows(find_chromium) as open_one:
        yield open_one


@pytest.fixture(scope="module")
def keep_page(find_chromium) -> Iterator[PageOpener]:
    """A function that opens a page for all tests of a module, which leave it as they found it."""
    with _open_windows(find_chromium) as open_one:
        yield open_one


@contextmanager
def _open_windows(find_chromium: Callable[..., Browser]) -> Iterator[PageOpener]:
    with ExitStack() as windows:

        def open_one(place: Path | str, *, size: tuple[int, int] = DESK, webgl: bool = True) -> OpenPage:
            address = place.resolve().as_uri() if isinstance(place, Path) else place
            width, height = size
            window = find_chromium(webgl=webgl).new_context(
                viewport={"width": width, "height": height},
                has_touch=width < _PHONE_WIDTH,
                is_mobile=width < _PHONE_WIDTH,
                offline=address.startswith("file:"),
                accept_downloads=True,
            )
            windows.callback(window.close)
            opened = _listen_to(window.new_page())
            opened.page.goto(address, wait_until="load")
            return opened

        yield open_one


def _listen_to(page: Page) -> OpenPage:
    opened = OpenPage(page)

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning", "assert"} and not _OF_THE_BROWSER.search(message.text):
            opened.complaints.append(f"{message.type}: {message.text}")

    def note_failure(request: Request) -> None:
        opened.complaints.append(f"failed: {request.url[:200]}: {request.failure}")

    page.on("console", hear)
    page.on("pageerror", lambda error: opened.complaints.append(f"uncaught: {error}"))
    page.on("request", lambda request: opened.requests.append(request.url))
    page.on("requestfailed", note_failure)
    return opened


def _make_room(name: str) -> Path:
    PICTURES.mkdir(parents=True, exist_ok=True)
    return PICTURES / name
