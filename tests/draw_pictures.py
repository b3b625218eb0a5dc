"""What people should look at of real deliveries, drawn into build/pictures; run by `make pictures`.

Argument: a folder of deliveries, such as that of the demo. Of each area: the report as its first screen, on
a phone and on paper; the pages of the catalogue as LibreOffice prints them; fact sheets; and the map of all.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import geopandas as gpd
from playwright.sync_api import Browser, sync_playwright

from pipeline.storage.delivered import find_delivered
from tests.flow.playwright_browser import ARGUMENTS, DESK, PHONE, PICTURES, PROGRAM

_OFFICE = shutil.which("soffice") or shutil.which("libreoffice")
_MOST_PAGES = 12
_FACT_SHEETS = 3
_DOTS_PER_INCH = "70"
_ECOLEDGER = Path(sys.executable).with_name("ecoledger")


def draw_pictures(out: Path) -> None:
    """All pictures of the deliveries of a folder; what cannot be drawn here is told."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name, sync_playwright() as playwright:
        folder = Path(name)
        browser = playwright.chromium.launch(executable_path=PROGRAM, args=list(ARGUMENTS))
        for delivery in find_deliveries(out):
            draw_report(browser, delivery)
            print_catalogue(delivery, folder)
            print_fact_sheets(delivery, folder)
        draw_view(browser, out, folder)


def find_deliveries(out: Path) -> Iterator[Path]:
    """The newest delivery of every area."""
    for latest in sorted(out.glob("*/latest")):
        yield latest.resolve() if latest.is_dir() else latest.parent / latest.read_text().strip()


def draw_report(browser: Browser, delivery: Path) -> None:
    """Its first screen, a phone's, and what it is on A4."""
    report = find_delivered(delivery, ".html")
    for kind, (width, height) in {"desk": DESK, "phone": PHONE}.items():
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto(report.as_uri())
        page.wait_for_timeout(1500)
        page.screenshot(path=PICTURES / f"{report.stem}_report_{kind}.png")
        if kind == "desk":
            page.pdf(path=PICTURES / f"{report.stem}_report.pdf", format="A4", print_background=True)
            draw_pages(PICTURES / f"{report.stem}_report.pdf")
        page.close()


def print_catalogue(delivery: Path, folder: Path) -> None:
    """The first pages of its workbook, which are those of the catalogue."""
    if _OFFICE is None:
        tell("the catalogue on paper needs LibreOffice")
        return
    book = find_delivered(delivery, ".xlsx")
    pages = f'pdf:calc_pdf_Export:{{"PageRange":{{"type":"string","value":"1-{_MOST_PAGES}"}}}}'
    profile = f"-env:UserInstallation={(folder / 'profile').as_uri()}"
    run([_OFFICE, profile, "--headless", "--convert-to", pages, "--outdir", folder, book])
    draw_pages(Path(shutil.copy(folder / f"{book.stem}.pdf", PICTURES / f"{book.stem}_catalogue.pdf")))


def print_fact_sheets(delivery: Path, folder: Path) -> None:
    """The fact sheets of a few of its parcels."""
    book = find_delivered(delivery, ".gpkg")
    parcels = gpd.read_file(book, layer="parcels", columns=["parcel_id"], ignore_geometry=True)["parcel_id"]
    chosen = [
        word for parcel in parcels[:: max(1, len(parcels) // _FACT_SHEETS)] for word in ("--parcel", parcel)
    ]
    path = PICTURES / f"{book.stem}_fact_sheets.pdf"
    run([_ECOLEDGER, "sheets", delivery, *chosen, "--to", folder / path.name])
    draw_pages(Path(shutil.copy(folder / path.name, path)))


def draw_view(browser: Browser, out: Path, folder: Path) -> None:
    """The map of all deliveries, as a folder without a server."""
    run([_ECOLEDGER, "view", out, "--to", folder / "view", "--no-browser"])
    for kind, (width, height) in {"desk": DESK, "phone": PHONE}.items():
        page = browser.new_page(viewport={"width": width, "height": height})
        page.goto((folder / "view" / "index.html").as_uri())
        page.wait_for_timeout(4000)
        page.screenshot(path=PICTURES / f"view_of_all_{kind}.png")
        page.close()


def draw_pages(paper: Path) -> None:
    """The first pages of a PDF, each as a PNG beside it."""
    program = shutil.which("pdftoppm")
    if program is None:
        tell(f"pages of {paper.name} as pictures need pdftoppm (Debian: poppler-utils)")
        return
    for old in PICTURES.glob(f"{re.escape(paper.stem)}-*.png"):
        old.unlink()
    run([program, "-r", _DOTS_PER_INCH, "-l", _MOST_PAGES, "-png", paper, paper.with_suffix("")])


def run(words: list[object]) -> None:
    """Run a program; its own words where it fails."""
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False)
    if done.returncode:
        tell(f"{Path(str(words[0])).name}: {done.stdout}{done.stderr}")


def tell(words: str) -> None:
    """Say what is not drawn, and why."""
    print(f"not drawn: {words}", file=sys.stderr)


if __name__ == "__main__":
    draw_pictures(Path(sys.argv[1]))
