"""Every notebook runs from top to bottom on a delivery of the demo."""

import nbformat
import pytest
from nbclient import NotebookClient
from programs import ROOT

NOTEBOOKS = sorted((ROOT / "notebooks").glob("*.ipynb"))


@pytest.mark.filterwarnings("ignore::DeprecationWarning:zmq", "ignore::DeprecationWarning:jupyter_client")
@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
@pytest.mark.parametrize("aoi", ["guangyang_island", "longyou_bay"])
def test_a_notebook_runs_and_says_that_its_data_are_simulated(path, aoi, demo, monkeypatch):
    monkeypatch.setenv("ECOLEDGER_DELIVERY", str(demo))
    monkeypatch.setenv("ECOLEDGER_AOI", aoi)
    notebook = nbformat.read(path, as_version=4)
    done = NotebookClient(notebook, timeout=300, resources={"metadata": {"path": path.parent}}).execute()
    outputs = [output for cell in done.cells for output in cell.get("outputs", [])]
    assert "模拟数据" in outputs[0]["text"]
    assert sum("image/png" in output.get("data", {}) for output in outputs) >= 4
    assert not any("Glyph" in output.get("text", "") for output in outputs)


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.stem)
def test_a_notebook_defines_no_function_and_keeps_no_output(path):
    notebook = nbformat.read(path, as_version=4)
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert not any("def " in cell.source or "lambda" in cell.source for cell in code)
    assert not any(cell.outputs for cell in code)
