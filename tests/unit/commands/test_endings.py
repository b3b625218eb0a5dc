"""What is said of deliveries when a run has ended."""

import json
from pathlib import Path

import pandas as pd

from pipeline.commands.endings import dump_deliveries, tell_deliveries, tell_simulation, tell_size
from pipeline.commands.headlines import list_figures
from pipeline.flow import Delivered
from pipeline.messages import translate
from pipeline.storage.ledger import Cost
from pipeline.storage.workspace import Workspace

FIGURES = [
    ("never_seen_share", "2024Q1", 0.54, 540.0, 1000.0),
    ("never_seen_share", "2024Q2", 0.0004, 0.4, 1000.0),
    ("never_seen_share", "2024Q3", None, None, 1000.0),
    ("mean_fvc_land", "2024Q1", None, None, 400.0),
    ("mean_fvc_land", "2024Q2", 0.61, 244.0, 400.0),
    ("class_share:water", "2024Q2", 0.1, 100.0, 1000.0),
]


def delivered(warnings=(), **changes):
    names = ["indicator", "period", "value", "numerator", "denominator"]
    rows = pd.DataFrame(FIGURES, columns=names).assign(unit="share", low=None, high=None, reason="no look")
    told = {
        "findings": {"error": 2, "warning": 40, "info": 81},
        "warnings": tuple(warnings),
        "periods": (
            {"period": "2024Q1", "scenes": 0, "outside_m2": 9.0, "area_m2": 9.0, "outside_share": 1.0},
        ),
    }
    known = {"aoi": "shore", "name": "滩涂", "folder": Path("out/shore/2024"), "kept": False}
    return Delivered(**known, indicators=rows, truth=None, **{**told, **changes})


def test_the_last_lines_tell_findings_warnings_and_what_was_never_seen():
    long = "3 scenes: " + "S2A_51RUQ_20240501_0_L2A, " * 40
    lines = list(tell_deliveries([delivered(["no scene in 2024Q1", long, *"abcdef"])]))
    assert lines[0] == "滩涂 (shore): published: out/shore/2024"
    assert "  findings: 2 errors, 40 warnings, 81 remarks" in lines
    assert "  never seen clear: 2024Q1 54.0%" in lines
    told = lines[lines.index("  what should be known (8):") + 1 :]
    assert told[0] == "  - no scene in 2024Q1"
    assert len(told[1]) < 250
    assert told[5:] == ["  and 3 more in manifest.json"]


def test_of_a_delivery_without_flaws_nothing_more_is_said_than_that_there_are_none():
    clean = delivered(findings={}, periods=())
    quiet = Delivered(**{**vars(clean), "indicators": clean.indicators.iloc[:0]})
    assert list(tell_deliveries([quiet]))[1:] == ["  findings: 0 errors, 0 warnings, 0 remarks"]


def test_the_last_lines_are_chinese_where_their_reader_is():
    lines = [translate(line, "zh") for line in tell_deliveries([delivered(["no scene in 2024Q1"])])]
    assert lines[0] == "滩涂 (shore)：已发布：out/shore/2024"
    assert not [
        line for line in lines[1:] if any(word in line for word in ("findings", "scene", "seen", "known"))
    ]


def test_machines_get_ids_keys_and_numbers():
    (told,) = dump_deliveries([delivered(["no scene in 2024Q1"])])
    assert told["area"] == "shore"
    assert told["findings"] == {"error": 2, "warning": 40, "info": 81}
    assert told["periods"][0]["scenes"] == 0
    figures = list_figures([delivered()])
    assert [(one["indicator"], one["period"]) for one in figures] == [
        (name, period) for name, period, *_ in FIGURES if name != "class_share:water"
    ]
    for one, (name, period, *numbers) in zip(figures, FIGURES, strict=False):
        assert [one["area"], one["indicator"], one["period"]] == ["shore", name, period]
        assert [one["value"], one["numerator"], one["denominator"]] == numbers
    json.dumps([told, figures], allow_nan=False)


def test_sums_of_accounts_are_numbers_in_yuan_for_machines():
    totals = pd.DataFrame(
        {
            "region": "shore",
            "period": "2024",
            "basis": "registered",
            "service": ["R", "partial"],
            "value_yuan": [123_456.5, float("nan")],
            "known": [2, 1],
            "of": [2, 2],
        }
    )
    sums = [one for one in list_figures([delivered(totals=totals)]) if one["unit"] == "yuan"]
    assert [(one["indicator"], one["value"], one["known"], one["of"]) for one in sums] == [
        ("R", 123_456.5, 2, 2),
        ("partial", None, 1, 2),
    ]


def test_what_a_folder_takes_is_told_with_what_of_it_may_be_deleted(tmp_path):
    for place, size in (("work/a/b", 2_000_000), ("area/2024/c", 1_000_000)):
        path = tmp_path / place
        path.parent.mkdir(parents=True)
        path.write_bytes(bytes(size))
    told = "3 MB; 2 MB of it, in work, may be deleted at the cost of time"
    assert tell_size(tmp_path) == f"{tmp_path} takes {told}"


def test_how_long_the_simulated_worlds_took_is_told_apart_from_all_else(tmp_path):
    took = {
        "simulated": 20.0,
        "simulated_accounts": 1.4,
        "account_truth": 1.0,
        "simulated_part_health": 0.3,
        "scenes": 70.0,
        "accounts": 9.0,
    }
    with Workspace(tmp_path / "work").hold() as workspace:
        workspace.ledger.add_costs(Cost(step, "whole", 1, 0, seconds) for step, seconds in took.items())
    told = tell_simulation(tmp_path)
    assert told == "the simulated worlds took 23 s to make, once for all runs into this folder"
    assert translate(told, "zh") == "模拟世界的生成用时 23 秒，写入同一文件夹的各次运行共用"
