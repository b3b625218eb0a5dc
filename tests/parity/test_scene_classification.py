"""Water and vegetation by index beside the scene classification that comes with a real scene.

The chip has no short-wave infrared, so water is where NDWI is above 0 (McFeeters 1996,
DOI 10.1080/01431169608948714). The scene classification (SCL) is a classifier too, not the truth: the
confusion is shown, not judged.
"""

import numpy as np
import rasterio
import xarray as xr

from pipeline.indices.accuracy import count_confusion
from pipeline.indices.formulas import apply_formula
from pipeline.indices.spectral import find_index
from tests.scenery import SHARED, needs_real_scenes

CHIP = SHARED / "data" / "real_scenes" / "S2_ALPS_20220612"
SCL_CLASSES = {"vegetation": 4, "water": 6}
SEEN = (4, 5, 6, 7, 11)


def numbers(band):
    with rasterio.open(CHIP / f"{band}.tif") as source:
        return source.read(1)


@needs_real_scenes
def test_the_confusion_of_water_and_vegetation_with_the_scene_classification_is_shown():
    classes = numbers("scl")
    seen = np.isin(classes, SEEN)
    bands = {band: xr.DataArray(numbers(band)[seen] * 1e-4, dims="pixel") for band in ("green", "red", "nir")}
    rules = {
        "water": apply_formula(find_index("ndwi"), bands) > 0,
        "vegetation": apply_formula(find_index("ndvi"), bands) >= 0.3,
    }
    for name, found in rules.items():
        theirs = classes[seen] == SCL_CLASSES[name]
        counts = count_confusion(found.to_numpy().astype(int), theirs.astype(int), [1, 0])
        (both, ours), (scl, neither) = counts.tolist()
        print(
            f"{name}: both {both}, index alone {ours}, SCL alone {scl}, neither {neither}; "
            f"of ours {both / (both + ours):.3f}, of theirs {both / (both + scl):.3f}"
        )
        assert counts.sum() == seen.sum()
        assert both > 0
