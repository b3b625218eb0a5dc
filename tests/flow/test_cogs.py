"""The rasters of a delivery under the check of cloud-optimised GeoTIFFs that GDAL itself brings."""

import os
import subprocess

import pytest

from tests.deliveries import small_delivery, written

PYTHON = "/usr/bin/python3"
CHECK = """
import sys
from osgeo import gdal
from osgeo_utils.samples.validate_cloud_optimized_geotiff import validate
gdal.UseExceptions()
for path in sys.argv[1:]:
    warnings, errors, _ = validate(path, full_check=True)
    file = gdal.Open(path)
    band = file.GetRasterBand(1)
    colors, classes = band.GetRasterColorTable(), band.GetDefaultRAT()
    names = [classes.GetValueAsString(row, 1) for row in range(classes.GetRowCount())] if classes else []
    told = band.GetStatistics(False, False)
    memory = gdal.Translate("", path, format="MEM", nogcp=True)
    memory.GetRasterBand(1).SetMetadata({})
    counted = memory.GetRasterBand(1).ComputeStatistics(False)
    same = all(abs(a - b) < 1e-6 for a, b in zip(told, counted))
    count = colors.GetCount() if colors else 0
    print(len(warnings), len(errors), count, same, "|".join(names), sep=";")
"""


def test_every_raster_is_a_valid_cog_with_statistics_and_classes_have_colours_and_chinese_names(tmp_path):
    if (
        not os.access(PYTHON, os.X_OK)
        or subprocess.run([PYTHON, "-c", "import osgeo_utils"], check=False).returncode
    ):
        pytest.skip("GDAL's Python package is not installed (Debian: apt-get install python3-gdal)")
    written(small_delivery(resolution_m=30), tmp_path)
    paths = sorted((tmp_path / "rasters").glob("*.tif"))
    before = {path.name for path in (tmp_path / "rasters").iterdir()}
    done = subprocess.run([PYTHON, "-c", CHECK, *map(str, paths)], check=True, capture_output=True, text=True)
    found = dict(zip((path.stem for path in paths), map(str.strip, done.stdout.splitlines()), strict=True))
    assert len(found) == 7
    assert all(line.startswith("0;0;") for line in found.values())
    assert found["land_cover_2024"] == "0;0;256;True;水体|植被|裸地|建设用地"
    assert "|植被→水体|" in found["change_2023_2024"]
    assert found["fvc_2024"] == "0;0;0;True;"
    assert {path.name for path in (tmp_path / "rasters").iterdir()} == before
