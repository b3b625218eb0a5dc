"""The GeoPackage opened by the QGIS desktop in the three ways of staff; pictures stay in build/pictures."""

import json
import shutil
import subprocess
from pathlib import Path

import pytest

from tests.deliveries import small_delivery, written
from tests.flow.test_qgis import PICTURES, environment

pytestmark = pytest.mark.slow
ORDER = ["sections", "findings", "aoi", "change_patches", "parcels", "inventory"]


@pytest.fixture(scope="module")
def package(tmp_path_factory):
    for program in ("qgis", "xvfb-run"):
        if not shutil.which(program, path="/usr/bin"):
            pytest.skip(f"{program} is not installed (Debian: apt-get install qgis python3-qgis xvfb)")
    folder = tmp_path_factory.mktemp("delivery")
    delivery = small_delivery(resolution_m=30)
    written(delivery, folder)
    PICTURES.mkdir(parents=True, exist_ok=True)
    return folder / delivery.name_file(".gpkg")


@pytest.fixture
def look(tmp_path):
    tmp_path.chmod(0o700)

    def open_desktop(name, act, *arguments):
        told = environment(tmp_path) | {
            "QT_QPA_PLATFORM": "xcb",
            "PYQGIS_STARTUP": str(Path(__file__).with_name("qgis_desktop.py")),
            "ECOLEDGER_PICTURE": str(PICTURES / f"qgis_{name}.png"),
            "ECOLEDGER_ACT": act,
        }
        screen = ["xvfb-run", "-a", "-s", "-screen 0 1600x1000x24"]
        program = ["qgis", "--nologo", "--noversioncheck", "--noplugins", "--profiles-path", str(tmp_path)]
        seen = subprocess.run(
            [*screen, *program, *arguments],
            capture_output=True,
            text=True,
            check=False,
            timeout=120,
            env=told,
        )
        (line,) = (line for line in seen.stdout.splitlines() if line.startswith("DESKTOP "))
        return json.loads(line.removeprefix("DESKTOP "))

    return open_desktop


def address(package):
    return "--project", f"geopackage:{package}?projectName=ecoledger"


def test_a_double_click_loads_all_layers_with_products_under_all_others(look, package):
    seen = look("double_click", "look", str(package))
    assert [name.rpartition(" — ")[2] for name in seen["shown"]] == ORDER


def test_dragging_the_file_into_the_window_loads_all_layers_in_order_of_the_alphabet(look, package):
    seen = look("dragged", f"drop:{package}")
    assert [name.rpartition(" — ")[2] for name in seen["shown"]] == sorted(ORDER)


def test_the_project_begins_with_the_last_period_and_asks_nothing(look, package):
    seen = look("project", "look", *address(package))
    assert seen["asked"] == []
    assert seen["title"] == "河口湿地 2024 生态产品目录清单（模拟数据）"
    assert seen["shown"][0] == "2024 水质断面（模拟数据）"
    assert seen["shown"][-1] == "2024 地块生态系统（模拟数据）"


def test_a_set_of_layers_switches_the_map(look, package):
    seen = look("theme", "theme:植被覆盖", *address(package))
    assert seen["shown"][-2:] == ["2024 水体（模拟数据）", "2024 植被覆盖度（模拟数据）"]


@pytest.mark.parametrize(
    ("name", "act"),
    [("form", "form:ecoledger_inventory_ground_2024"), ("table", "table:ecoledger_inventory")],
)
def test_forms_and_tables_open(look, package, name, act):
    assert look(name, act, *address(package))["asked"] == []
    assert (PICTURES / f"qgis_{name}.png").stat().st_size > 10_000
