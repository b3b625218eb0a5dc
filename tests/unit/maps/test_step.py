"""What a step is shown by."""

from functools import partial
from typing import Any, cast

import geopandas as gpd
import numpy as np
import pandas as pd

from pipeline.maps.step import Maps, View
from pipeline.zonal.ground import Ground


def plain_view() -> View:
    """A view of nothing: no map, no ground, no parcel."""
    return View(cast("Maps", None), cast("Ground", None), pd.DataFrame(), gpd.GeoDataFrame(), {})


def test_sums_that_a_row_and_a_table_show_are_added_up_once() -> None:
    view, asked = plain_view(), list[str]()

    def add_up(name: str) -> Any:
        asked.append(name)
        return np.full(2, len(asked))

    rows = [view.sum_once((name, 2024), partial(add_up, name)) for name in ("a", "b", "a")]
    assert asked == ["a", "b"]
    assert [row.tolist() for row in rows] == [[1, 1], [2, 2], [1, 1]]


def test_sums_of_one_view_are_not_those_of_another() -> None:
    first, second = plain_view(), plain_view()
    assert (first.sum_once("a", lambda: 1), second.sum_once("a", lambda: 2)) == (1, 2)
