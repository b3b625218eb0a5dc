"""The report opened by a real browser. The picture stays in build/pictures to be looked at."""

import shutil
import subprocess
from pathlib import Path

import pytest
from matplotlib.image import imread

from pipeline.outputs.delivery import write
from tests.deliveries import small_delivery

PICTURES = Path(__file__).resolve().parents[2] / "build" / "pictures"
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
QUIET = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--disable-dev-shm-usage",
    "--hide-scrollbars",
    "--enable-logging=stderr",
)


@pytest.fixture(scope="module")
def browsed(tmp_path_factory):
    if BROWSER is None:
        pytest.skip("no Chromium is installed (Debian: apt-get install chromium)")
    folder = tmp_path_factory.mktemp("delivery")
    write(small_delivery(resolution_m=30), folder)
    PICTURES.mkdir(parents=True, exist_ok=True)

    def browse(*arguments):
        profile = f"--user-data-dir={tmp_path_factory.mktemp('profile')}"
        page = (folder / "report.html").as_uri()
        return subprocess.run(
            [BROWSER, *QUIET, profile, *arguments, page],
            capture_output=True,
            text=True,
            check=True,
            timeout=120,
        )

    browse("--window-size=1300,3800", f"--screenshot={PICTURES / 'report.png'}")
    return browse("--dump-dom")


def test_the_report_opens_without_a_failed_request_or_a_console_error(browsed):
    complaints = [line for line in browsed.stderr.splitlines() if "CONSOLE" in line or "ERR_" in line]
    assert not complaints


def test_nothing_that_came_from_data_runs(browsed):
    assert "<script" not in browsed.stdout
    assert "&lt;script&gt;alert(1)" in browsed.stdout


def test_the_page_says_that_it_is_simulated_and_shows_its_maps(browsed):
    assert "模拟数据" in browsed.stdout
    picture = imread(PICTURES / "report.png")
    assert picture.shape[:2] == (3800, 1300)
    red, green, blue = picture[10, 30, :3]
    assert red > 0.6
    assert max(green, blue) < 0.3
