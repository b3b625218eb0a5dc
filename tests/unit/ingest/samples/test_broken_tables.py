"""Tables whose bytes are broken or lie: whatever is in them, they are read or refused by name."""

import datetime as dt
import io

import pandas as pd
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from pipeline.ingest.samples import opening, read_records
from pipeline.settings import SampleFile

HEAD = "断面,监测时间,溶解氧\n"


def _packed():
    rows = {
        "断面": ["甲"] * 50,
        "监测时间": pd.to_datetime(["2024-05-01"] * 50),
        "溶解氧": [8.1] * 50,
        "水温": [8] * 50,
        "日期": [dt.date(2024, 5, 1)] * 50,
    }
    buffer = io.BytesIO()
    pd.DataFrame(rows).to_parquet(buffer)
    return buffer.getvalue()


PACKED = _packed()
BYTES = st.dictionaries(st.integers(0, len(PACKED) - 1), st.integers(0, 255), min_size=1, max_size=40)


@pytest.fixture(scope="module")
def path(tmp_path_factory):
    return tmp_path_factory.mktemp("broken") / "water.parquet"


@given(changes=BYTES)
@example(changes=dict.fromkeys(range(len(PACKED) - 8, len(PACKED) - 4), 0))
@example(changes={place: 255 - PACKED[place] for place in range(len(PACKED) - 900, len(PACKED) - 8)})
@example(changes={place: 255 - PACKED[place] for place in range(4, 200)})
@settings(max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_parquet_with_any_bytes_changed_is_read_or_refused_by_name(path, changes):
    content = bytearray(PACKED)
    for place, byte in changes.items():
        content[place] = byte
    path.write_bytes(content)
    samples, rejects, _ = read_records([SampleFile(path=str(path))])
    assert len(samples) or "water.parquet" in set(rejects["file"])


def test_words_that_are_no_utf_8_in_parquet_are_refused(path):
    path.write_bytes(PACKED.replace("甲".encode(), b"\xe7\x94A"))
    samples, rejects, _ = read_records([SampleFile(path=str(path))])
    assert samples.empty
    assert "UTF8" in rejects["value"].iloc[0]


def test_a_quotation_that_never_closes_costs_its_own_row_alone(tmp_path):
    lines = [f"断面{number},2024-05-02,8\n" for number in range(100_000)]
    (tmp_path / "water.csv").write_text(HEAD + '甲,2024-05-01,"8.1\n' + "".join(lines), encoding="utf-8")
    samples, rejects, _ = read_records([SampleFile(path=str(tmp_path / "water.csv"))])
    assert len(samples) == len(lines)
    assert rejects["value"].tolist() == ['"8.1']


def test_what_is_held_as_a_whole_is_refused_beyond_its_bound(tmp_path, monkeypatch):
    monkeypatch.setattr(opening, "MOST_WORKBOOK_BYTES", 1000)
    (tmp_path / "water.csv").write_text("江苏省水质\n" + HEAD + "甲,2024-05-01,8\n" * 100, encoding="utf-8")
    samples, rejects, _ = read_records([SampleFile(path=str(tmp_path / "water.csv"))])
    assert samples.empty
    assert "in one piece" in rejects["value"].iloc[0]
