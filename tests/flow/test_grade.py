"""`ecoledger grade` on a generated national release of 1,900 rows with all its mess, planted and found."""

import csv
import json
import random

import pandas as pd
import pytest
from programs import ecoledger

ROWS = 1900
UNITS = {
    "水温": "℃", "pH": "无量纲", "溶解氧": "mg/L", "电导率": "μS/cm", "浊度": "NTU", "高锰酸盐指数": "mg/L",
    "氨氮": "mg/L", "总磷": "mg/L", "总氮": "mg/L", "叶绿素α": "mg/L", "藻密度": "cells/L",
}  # fmt: skip
HEADINGS = [
    "省份", "流域", "断面名称", "监测时间", "水质类别",
    *(f"{name}<br/><span class='unit'>({unit})</span>" for name, unit in UNITS.items()), "站点情况",
]  # fmt: skip
SHOWN = [*HEADINGS[:5], *(f"{name} ({unit})" for name, unit in UNITS.items()), "站点情况"]
PH, DO, CODMN, NH3N, TP, STATE, TIME = 6, 7, 10, 11, 12, 16, 3
# one value of each class, the last ones on the limit
CODMN_OF_CLASS = {1: "1.9", 2: "4.0", 3: "5.2", 4: "10.0", 5: "15.0", 6: "15.1"}


def _span(text):
    """A raw value, of which the page shows the next higher step."""
    places = len(text.partition(".")[2])
    return f"<span title='原始值：{text}'>{float(text) + 10**-places:.{places}f}</span>"


def _good(number, rng):
    """A row and the planted class of its raw values; every other value is of class I."""
    planted = rng.randint(1, 6)
    time = f"04-{rng.randint(1, 5):02d} {rng.choice([0, 4, 8, 12, 16, 20]):02d}:00"
    values = [
        f"{rng.uniform(5, 25):.1f}", "7.5", "8.5", "300", "12.5", CODMN_OF_CLASS[planted],
        f"{rng.uniform(0.02, 0.15):.3f}", "0.02", "1.2", rng.choice(["*", "0.004"]),
        rng.choice(["--", "1000"]),
    ]  # fmt: skip
    wrapped = [_span(text) if text[0].isdigit() and rng.random() < 0.7 else text for text in values]
    # names repeat between provinces
    return [f"省{number % 2}", "长江", f"断面{number // 2}", time, "Ⅱ", *wrapped, "正常"], planted


DEFECTS = {
    "state": (STATE, lambda rng: rng.choice(["维护", "停运", "不具备运行条件"]), "站点状态"),
    "no time": (TIME, lambda rng: rng.choice(["*", "--"]), "缺少时间"),
    "no such time": (TIME, lambda _: "02-30 08:00", "日期不存在"),
    "future": (TIME, lambda _: "04-09 08:00", "时间在未来"),
    "implausible": (PH, lambda _: "<span title='原始值：70.11'>70.1</span>", "超出合理范围"),
    "not a number": (NH3N, lambda _: "仪器故障", "不是数值"),
    "no limit": (TP, lambda _: "未检出", "未检出但检出限未知"),
}  # fmt: skip


@pytest.fixture(scope="module")
def planted():
    """Rows of the release, planted classes by row number, and the reason of each planted defect."""
    rng = random.Random(5)
    rows, classes, defects, contradictory = [], {}, {}, set()
    while len(rows) < ROWS:
        row, planted = _good(len(rows), rng)
        here = len(rows) + 2
        draw = rng.random()
        if draw < 0.2:
            position, text, reason = DEFECTS[rng.choice(list(DEFECTS))]
            row[position] = text(rng)
            defects[here, SHOWN[position]] = reason
            if position in {STATE, TIME}:
                planted = None
        elif draw < 0.25 and here - 1 in classes:
            row = list(rows[-1])
            defects[here, SHOWN[CODMN]] = "与前面的记录重复"
            planted = None
        elif draw < 0.3 and here - 1 in classes and (here - 1) not in {place for place, _ in defects}:
            row = list(rows[-1])
            planted = classes[here - 1] % 6 + 1
            row[CODMN] = CODMN_OF_CLASS[planted]
            contradictory |= {here - 1, here}
        rows.append(row)
        if planted:
            classes[here] = planted
    return rows, classes, defects, contradictory


def _graded(folder, path):
    out, rejected = folder / "graded.csv", folder / "rejected.csv"
    ecoledger("grade", path, "--out", out, "--rejected", rejected)
    return pd.read_csv(out, encoding="utf-8-sig"), pd.read_csv(rejected, encoding="utf-8-sig")


@pytest.mark.parametrize("form", ["json", "csv"])
def test_every_planted_defect_is_rejected_and_every_good_reading_graded_as_planted(tmp_path, planted, form):
    rows, truth, defects, contradictory = planted
    path = tmp_path / f"water_2024-04-05.{form}"
    if form == "json":
        path.write_text(json.dumps({"thead": HEADINGS, "tbody": rows}), encoding="utf-8")
    else:
        with path.open("w", encoding="gbk", newline="") as stream:
            csv.writer(stream).writerows([HEADINGS, *rows])
    graded, rejected = _graded(tmp_path, path)
    assert len(rows) == ROWS
    assert graded["class"].tolist() == list(truth.values())
    found = {(row, column): reason for row, column, reason in zip(
        rejected["row"], rejected["column"], rejected["reason"], strict=True)}  # fmt: skip
    assert {
        place: reason for place, reason in defects.items() if not found.get(place, "").startswith(reason)
    } == {}
    assert set(rejected["row"]) == {row for row, _ in defects}
    flagged = graded["flag"] == "contradicts"
    assert [row for row, is_flagged in zip(truth, flagged, strict=True) if is_flagged] == sorted(
        contradictory
    )
    assert (rejected["file"] == path.name).all()
    first = rows[next(iter(truth)) - 2]
    assert graded.loc[0, ["province", "basin", "section"]].tolist() == first[:3]
    assert graded.loc[0, "time"] == f"2024-{first[TIME].replace(' ', 'T')}:00+08:00"


def test_a_table_with_rejects_is_graded_unless_strict(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("断面,日期,氨氮,总磷\n甲,2024-04-05,0.5,停\n", encoding="utf-8")
    done = ecoledger("grade", path, "--json")
    assert json.loads(done.stdout) == [
        {"province": None, "basin": None, "section": "甲", "time": "2024-04-05T00:00:00+08:00", "class": 2,
         "decided_by": "NH3N", "items": "NH3N", "flag": None}
    ]  # fmt: skip
    done = ecoledger("grade", path, "--strict", "--rejected", tmp_path / "r.csv", expected=3)
    assert "row 2" in done.stderr
    assert len(pd.read_csv(tmp_path / "r.csv")) == 1


def test_nothing_usable_is_3_and_still_lists_what_was_rejected(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("断面,日期,氨氮\n甲,2024-02-30,0.5\n", encoding="utf-8")
    ecoledger("grade", path, "--out", tmp_path / "g.csv", "--rejected", tmp_path / "r.csv", expected=3)
    assert pd.read_csv(tmp_path / "r.csv")["value"].tolist() == ["2024-02-30"]
    ecoledger("grade", tmp_path / "none.csv", expected=3)


def test_the_second_value_of_a_long_table_is_graded_with_the_other_items(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(
        "断面,日期,项目,结果\n甲,2024-04-05,氨氮,0.5\n甲,2024-04-05,总磷,0.3\n甲,2024-04-05,氨氮,2.5\n",
        encoding="utf-8",
    )
    graded, _ = _graded(tmp_path, path)
    assert graded[["class", "decided_by", "items", "flag"]].to_numpy().tolist() == [
        [4, "TP", "NH3N;TP", "contradicts"], [6, "NH3N", "NH3N;TP", "contradicts"],
    ]  # fmt: skip


def test_a_lake_is_judged_by_the_limits_of_lakes(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text("断面,日期,总磷\n甲,2024-04-05,0.05\n", encoding="utf-8")
    ecoledger("grade", path, "--water-body", "lake", "--out", tmp_path / "g.csv")
    assert pd.read_csv(tmp_path / "g.csv", encoding="utf-8-sig")["class"].tolist() == [3]
