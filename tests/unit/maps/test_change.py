"""Transitions of a block between two periods."""

import numpy as np

from pipeline.grid import Grid
from pipeline.maps.change import code_block
from pipeline.maps.encoding import CLASSES, INDEX, RATIO
from tests.mapmaking import inputs_over, store_of

LAYERS = {"land_cover": CLASSES, "ndvi": RATIO, "mndwi": INDEX, "bsi": INDEX}
STORED = {
    "before": ([[1, 2, 3], [3, 255, 3]], [[0, 7000, 1000], [0, 0, 0]], 0.0),
    "after": ([[1, 4, 4], [255, 2, 4]], [[0, 4000, 1900], [0, 0, 1600]], 0.1),
}


def inputs(folder):
    grid = Grid("EPSG:32651", 0.0, 0.0, 10.0, 2, 3)
    stores = tuple(
        store_of(
            folder / name,
            grid,
            {
                "land_cover": np.array(classes, dtype=np.uint8),
                "ndvi": np.array(ndvi, dtype=np.int16),
                "mndwi": np.zeros(grid.shape, dtype=np.float32),
                "bsi": np.full(grid.shape, bsi, dtype=np.float32),
            },
            LAYERS,
        )
        for name, (classes, ndvi, bsi) in STORED.items()
    )
    return inputs_over(grid, land_cover=stores, spectral=stores)


def test_change_is_the_transition_of_the_stored_classes_as_far_as_an_index_moved(tmp_path):
    codes = code_block(inputs(tmp_path), layer="land_cover", least_shift=0.15)["change"]
    assert codes.tolist() == [[0, 24, 0], [255, 255, 34]]


def test_between_existing_maps_every_transition_is_one(tmp_path):
    codes = code_block(inputs(tmp_path), layer="land_cover", least_shift=None)["change"]
    assert codes.tolist() == [[0, 24, 34], [255, 255, 34]]
