"""Every notebook runs from top to bottom, asks a question, and says the same in both languages."""

import ast
import re
from dataclasses import replace

import nbformat
import pytest
from nbclient import NotebookClient
from programs import ROOT

import pipeline
from tests.deliveries import PERIODS, small_delivery
from tests.publishing import publish_delivery

FOLDER = ROOT / "notebooks"
NAMES = sorted(path.name for path in FOLDER.glob("*.ipynb"))
FIRST, *OTHERS = NAMES
USUAL = {
    *("dask", "geopandas", "matplotlib", "numpy", "os", "pandas", "pathlib", "scipy", "shapely", "tempfile"),
    *("xarray", "pipeline"),
}
"""What notebooks import: ours, and what analysts have."""

quiet_kernels = pytest.mark.filterwarnings(
    "ignore::DeprecationWarning:zmq", "ignore::DeprecationWarning:jupyter_client"
)


def read(name, language="zh"):
    return nbformat.read(FOLDER / ("" if language == "zh" else language) / name, as_version=4)


def list_cells(notebook, kind):
    return [cell.source for cell in notebook.cells if cell.cell_type == kind]


def run(name, language="zh"):
    """What the cells of a notebook put out."""
    client = NotebookClient(read(name, language), timeout=600, resources={"metadata": {"path": FOLDER}})
    return [output for cell in client.execute().cells for output in cell.get("outputs", [])]


def count_pictures(outputs):
    return sum("image/png" in output.get("data", {}) for output in outputs)


def list_complaints(outputs):
    """What stands on stderr: warnings of letters that a font lacks, and of all else."""
    return [output["text"] for output in outputs if output.get("name") == "stderr"]


@pytest.fixture(scope="module")
def one_period(tmp_path_factory):
    """A delivery of one period: no change, no change patches, no parcel measures."""
    whole, period = small_delivery(), PERIODS[1]
    rasters = [raster for raster in whole.rasters if raster.name.endswith(f"_{period.label}")]
    rasters = [raster for raster in rasters if not raster.name.startswith("change")]
    indicators = whole.tables["indicators"].assign(
        indicator=["vegetation_cover_share_land", "mean_fvc_land", "unknown_share"], unit="share"
    )
    of_period = {
        name: getattr(whole, name)[getattr(whole, name)["period"] == period.label]
        for name in ("inventory", "sections")
    }
    single = replace(
        whole,
        periods=(period,),
        rasters=tuple(rasters),
        change_patches=whole.change_patches.iloc[:0],
        tables={**whole.tables, "indicators": indicators},
        **of_period,
    )
    out = tmp_path_factory.mktemp("single")
    publish_delivery(single, out)
    return out


@quiet_kernels
@pytest.mark.parametrize("language", ["zh", pytest.param("en", marks=pytest.mark.slow)])
def test_the_first_look_shows_a_delivery_of_the_demo(language, demo, monkeypatch):
    monkeypatch.setenv("ECOLEDGER_DELIVERY", str(demo))
    monkeypatch.setenv("ECOLEDGER_LANGUAGE", language)
    outputs = run(FIRST, language)
    assert "模拟 simulated" in outputs[0]["text"]
    assert count_pictures(outputs) == 5
    assert list_complaints(outputs) == []


@quiet_kernels
@pytest.mark.slow
def test_the_first_look_shows_a_delivery_of_one_period(one_period, monkeypatch):
    monkeypatch.setenv("ECOLEDGER_DELIVERY", str(one_period))
    monkeypatch.setenv("ECOLEDGER_AOI", "delta")
    monkeypatch.setenv("ECOLEDGER_LANGUAGE", "zh")
    outputs = run(FIRST)
    assert count_pictures(outputs) == 4
    assert list_complaints(outputs) == []


@pytest.fixture(scope="module")
def island(tmp_path_factory):
    """A simulated delivery of the smallest area with its workspace, that notebooks may write into."""
    out = tmp_path_factory.mktemp("island")
    pipeline.run_demo(out, aoi=["guangyang_island"])
    return out


@pytest.mark.slow
@quiet_kernels
@pytest.mark.parametrize("name", OTHERS)
def test_a_notebook_runs_from_top_to_bottom(name, island, monkeypatch):
    monkeypatch.setenv("ECOLEDGER_DELIVERY", str(island))
    monkeypatch.setenv("ECOLEDGER_LANGUAGE", "zh")
    (island / "guangyang_island" / "latest").write_text("2024\n", encoding="utf-8")
    outputs = run(name)
    assert not [text for text in list_complaints(outputs) if "Glyph" in text or "Traceback" in text]
    assert any("模拟 simulated" in output.get("text", "") for output in outputs)


@pytest.mark.parametrize("name", NAMES)
def test_both_languages_have_the_same_code_and_a_text_for_each_text(name):
    chinese, english = read(name), read(name, "en")
    assert list_cells(chinese, "code") == list_cells(english, "code")
    assert [cell.cell_type for cell in chinese.cells] == [cell.cell_type for cell in english.cells]
    texts = list_cells(english, "markdown")
    assert not [text for text in texts if re.search("[一-鿿]", re.sub("环办〔2011〕22号", "", text))]
    assert all(re.search("[一-鿿]", text) for text in list_cells(chinese, "markdown"))


@pytest.mark.parametrize("name", NAMES)
def test_the_title_of_a_notebook_asks_a_question(name):
    assert "？" in list_cells(read(name), "markdown")[0].splitlines()[0]
    assert "?" in list_cells(read(name, "en"), "markdown")[0].splitlines()[0]


@pytest.mark.parametrize("name", NAMES)
def test_a_notebook_uses_public_names_alone_and_keeps_no_output(name):
    notebook = read(name)
    assert not any(cell.get("outputs") for cell in notebook.cells)
    tree = ast.parse("\n".join(list_cells(notebook, "code")))
    nodes = list(ast.walk(tree))
    assert not any(isinstance(node, ast.FunctionDef | ast.Lambda | ast.ClassDef) for node in nodes)
    imported = {
        alias.name.split(".")[0] for node in nodes if isinstance(node, ast.Import) for alias in node.names
    }
    imported |= {node.module.split(".")[0] for node in nodes if isinstance(node, ast.ImportFrom)}
    assert imported <= USUAL
    named = {
        node.attr
        for node in nodes
        if isinstance(node, ast.Attribute)
        and isinstance(node.value, ast.Name)
        and node.value.id == "pipeline"
    }
    stub = ast.parse((ROOT / "pipeline" / "__init__.pyi").read_text("utf-8"))
    public = {
        alias.name
        for node in stub.body
        if isinstance(node, ast.ImportFrom) and node.module
        for alias in node.names
    }
    assert named <= public
    assert named


def test_every_notebook_has_its_english():
    assert sorted(path.name for path in (FOLDER / "en").glob("*.ipynb")) == NAMES
