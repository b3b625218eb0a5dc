"""A graded table is written as it is told: every row, and nothing else."""

import pandas as pd
import pytest

from pipeline.commands.grade import grade_readings, refuse_overwriting, write_readings
from pipeline.errors import SettingsError
from pipeline.settings import SampleFile

HEAD = "断面,日期,项目,结果,单位\n"
GOOD = "甲,2024-04-05,总磷,0.3,mg/L\n"


@pytest.mark.parametrize(
    ("rows", "reasons"),
    [
        (GOOD, []),
        (f"{GOOD}甲,2024-04-05,氨氮,0.3,斤\n甲,2024-04-05,天知道,0.3,mg/L\n", ["单位", "监测"]),
        (f"{GOOD}乙,2024-02-30,氨氮,0.3,\n乙,2024-04-05,色,停,\n{GOOD}", ["日期", "监测", "与前"]),
    ],
)
def test_the_rejects_are_written_without_a_byte_between(tmp_path, rows, reasons):
    path, out, rejected = (tmp_path / name for name in ("a.csv", "graded.csv", "rejected.csv"))
    path.write_text(HEAD + rows, encoding="utf-8")
    write_readings(grade_readings(SampleFile(path=str(path))), out, rejected)
    for written in (out, rejected):
        assert written.read_bytes().startswith(b"\xef\xbb\xbf")
        assert b"\0" not in written.read_bytes()
    found = pd.read_csv(rejected, encoding="utf-8-sig")
    assert found["reason"].str[:2].tolist() == reasons
    assert pd.read_csv(out, encoding="utf-8-sig")["class"].tolist() == [4]


def test_a_table_is_not_written_over_itself(tmp_path):
    path = tmp_path / "a.csv"
    path.write_text(HEAD + GOOD, encoding="utf-8")
    refuse_overwriting(str(path), tmp_path / "b.csv", None)
    with pytest.raises(SettingsError, match="the table that is graded"):
        refuse_overwriting(str(tmp_path / "*.csv"), None, tmp_path / "." / "a.csv")
