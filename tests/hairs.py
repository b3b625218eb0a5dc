"""Outlines as digitised edges leave them: with hairs that no coordinate can tell the width of."""

import numpy as np
import shapely

from pipeline.geodesy import unproject_all


def draw_hairs(count):
    """Parcels of 60 m by 45 m with a hair of a nanometre that runs out from an edge, valid in degrees."""
    rng = np.random.default_rng(0)
    shapes = []
    for x, y, up, length, angle in rng.uniform((0, 0, 5, 20, -1.2), (1200, 1200, 40, 200, 1.2), (count, 5)):
        left, low = 300_300 + x, 3_498_500 + y
        foot = (left + 60, low + up)
        tip = (foot[0] + length * np.cos(angle), foot[1] + length * np.sin(angle))
        corners = [(left, low), (left + 60, low), foot, tip, (foot[0], foot[1] + 1e-9)]
        shapes.append(shapely.Polygon([*corners, (left + 60, low + 45), (left, low + 45)]))
    drawn = unproject_all(np.array(shapes, dtype=object), "EPSG:32651")
    return drawn[shapely.is_valid(drawn)]
