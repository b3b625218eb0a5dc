"""Published figures of water, as the fact base beside the repository keeps them, against this code."""

import json
from pathlib import Path

import pandas as pd
import pytest

from pipeline.indices.sections import trophic

FACTS = Path(__file__).parents[3] / "shared" / "knowledge" / "domain" / "worked_examples.json"
PARAMETERS = {"chla": "Chla", "TP": "TP", "TN": "TN", "SD": "SD"}


def _examples(start):
    if not FACTS.is_file():
        return []
    return [entry for entry in json.loads(FACTS.read_text(encoding="utf-8")) if entry["id"].startswith(start)]


pytestmark = pytest.mark.skipif(not FACTS.is_file(), reason="the fact base is not beside the repository")


@pytest.mark.parametrize("example", _examples("hulun_TLI"), ids=lambda example: example["id"])
def test_every_published_row_of_the_trophic_index_is_reproduced(example):
    given = example["inputs"]
    levels = pd.DataFrame([{code: given[name] for name, code in PARAMETERS.items()}])
    assert trophic.compute_weights(list(levels)).tolist() == pytest.approx(given["weights"])
    found = trophic.combine_levels(levels)["tli"].iloc[0]
    assert found == pytest.approx(example["expected"], abs=example["tolerance"])


@pytest.mark.parametrize("example", _examples("tli_weights"), ids=lambda example: example["id"])
def test_the_published_weight_is_reproduced(example):
    weights = trophic.compute_weights(trophic.list_codes())
    assert weights["Chla"] == pytest.approx(example["expected"], abs=example["tolerance"])


@pytest.mark.parametrize("example", _examples("tli_formula"), ids=lambda example: example["id"])
def test_the_worked_row_of_concentrations_is_reproduced(example):
    given = example["inputs"]
    names = {"Chla": "chla_mg_m3", "TP": "TP", "TN": "TN", "SD": "SD_m", "CODMn": "CODMn"}
    levels = trophic.compute_levels(pd.DataFrame([{code: given[name] for code, name in names.items()}]))
    assert levels.iloc[0].tolist() == pytest.approx(given["sub"], abs=example["tolerance"])
    found = trophic.combine_levels(levels)["tli"].iloc[0]
    assert found == pytest.approx(example["expected"], abs=example["tolerance"])
