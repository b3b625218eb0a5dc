"""NDVI of every look as a delivery keeps it: the planted course, look by look, and only where asked."""

from dataclasses import replace

import numpy as np

from pipeline.contracts import REFLECTANCE_NODATA
from pipeline.maps.look_series import LOOK_SERIES
from pipeline.settings import Outputs
from tests.mapmaking import make
from tests.unit.maps.test_look_ndvi import DAYS, over, scenes_of


def test_every_look_is_a_band_that_is_called_by_its_day_and_empty_where_it_was_clouded(
    run, planted, tmp_path
):
    area = over(planted)
    area = replace(area, settings=area.settings.model_copy(update={"outputs": Outputs(looks=True)}))
    table, slope = scenes_of(area, tmp_path)
    maps = make(run, area, table)
    (period,) = area.periods
    (raster,) = LOOK_SERIES.show.rasters(maps, period)
    assert raster.name == "ndvi_looks_2024"
    assert raster.values.dims == ("band", "y", "x")
    names = [f"2024-{month:02d}-{day:02d} sentinel-2" for month, day in sorted(DAYS)]
    assert raster.values["band"].values.tolist() == names
    half = slope.shape[1] // 2
    for (month, day), stored in zip(sorted(DAYS), raster.values.to_numpy(), strict=True):
        seen = stored != REFLECTANCE_NODATA
        assert seen[:, half:].any()
        assert seen[:, :half].any() == (month != 6)
        np.testing.assert_allclose(stored[seen] * 1e-4, (DAYS[month, day] - slope)[seen], atol=4e-4)


def test_looks_are_kept_only_where_that_is_asked(planted):
    assert not LOOK_SERIES.times(planted)
    asked = planted.settings.model_copy(update={"outputs": Outputs(looks=True)})
    assert list(LOOK_SERIES.times(replace(planted, settings=asked))) == list(planted.periods)
