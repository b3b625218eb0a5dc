"""Times of samples are the same moments in every zone of the machine, whatever the file that holds them."""

import time

import geopandas as gpd
import pandas as pd
import pytest
import shapely

from pipeline.ingest.samples.files import read_samples
from pipeline.settings.sections import SampleFile

NAIVE = pd.to_datetime(["2024-04-30 23:30:00", "2024-05-01 00:30:00", "2024-05-01 08:00:00"])
LOCAL = NAIVE.tz_localize("Asia/Shanghai")
WRITERS = {
    "xlsx": lambda table, path: table.to_excel(path, index=False),
    "csv": lambda table, path: table.to_csv(path, index=False),
    "parquet": lambda table, path: table.to_parquet(path),
    "gpkg": lambda table, path: _locate(table).to_file(path),
    "geojson": lambda table, path: _locate(table).to_file(path),
}
TIMES = {
    "without a zone": NAIVE,
    "local": LOCAL,
    "utc": LOCAL.tz_convert("UTC"),
    "text": NAIVE.strftime("%Y-%m-%dT%H:%M:%S"),
    "text of utc": LOCAL.tz_convert("UTC").strftime("%Y-%m-%dT%H:%M:%SZ"),
    "text with a zone": LOCAL.strftime("%Y-%m-%dT%H:%M:%S+08:00"),
}
UNKNOWN_TO = {("xlsx", "local"), ("xlsx", "utc")}
"""Excel has no zones."""


def _locate(table: pd.DataFrame) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(table, geometry=[shapely.Point(121.8, 31.4)] * len(table), crs=4490)


@pytest.mark.filterwarnings("ignore:Non-conformant content:RuntimeWarning")
@pytest.mark.parametrize("zone", ["Asia/Shanghai", "America/New_York", "UTC"])
@pytest.mark.parametrize(
    ("suffix", "kind"), [(a, b) for a in WRITERS for b in TIMES if (a, b) not in UNKNOWN_TO]
)
def test_a_time_is_the_same_moment_in_every_zone_of_the_machine(tmp_path, monkeypatch, suffix, kind, zone):
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    path = tmp_path / f"samples.{suffix}"
    table = pd.DataFrame(
        {"断面名称": ["甲", "乙", "丙"], "监测时间": TIMES[kind], "溶解氧(mg/L)": [8.0, 7.0, 6.0]}
    )
    WRITERS[suffix](table, path)
    found = read_samples([SampleFile(path=str(path))])[0]
    monkeypatch.undo()
    time.tzset()
    assert list(found["time"]) == list(LOCAL)
