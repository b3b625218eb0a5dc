"""A template that staff completed is read by the next run, shown, and stands in the next template."""

import json

import openpyxl
import pandas as pd
import pytest

from tests.small_runs import AREA, ended, started

pytestmark = pytest.mark.slow


def complete(path, to):
    """Someone completes the first parcel and product, and breaks the id of another."""
    book = openpyxl.load_workbook(path)
    land, products = book["地块补录"], book["产品补录"]
    heads = {cell.value: cell.column for cell in land[1]}
    land.cell(2, heads["保护情况"]).value = "划入生态保护红线"
    land.cell(3, heads["开发利用情况"]).value = "养殖"
    land.cell(3, heads["地块标识"]).value = "P-none"
    names = {cell.value: cell.column for cell in products[1]}
    products.cell(2, names["地方产品名"]).value = "如皋黑塌菜"
    to.parent.mkdir(exist_ok=True)
    book.save(to)
    return land.cell(2, heads["地块标识"]).value, products.cell(2, names["地块标识"]).value


def delivered(out):
    folder = next(path for path in (out / AREA).iterdir() if path.is_dir())
    return folder, json.loads((folder / "manifest.json").read_text(encoding="utf-8"))


def test_what_is_completed_is_kept_from_run_to_run_with_its_evidence(tmp_path):
    out = tmp_path / "out"
    ended(started(out, tmp_path / "1.log"))
    folder, _ = delivered(out)
    template = folder / f"{AREA}_{folder.name}_supplement.xlsx"
    parcel, grower = complete(template, tmp_path / "done" / "done.xlsx")
    complete(template, template)
    ended(started(out, tmp_path / "2.log"))
    assert template.read_bytes() != (tmp_path / "done" / "done.xlsx").read_bytes()
    kept = sorted(path.name for path in (folder / "kept").iterdir()) if (folder / "kept").exists() else []
    _, manifest = delivered(out)
    assert len(kept) == 1, "what was completed in place and not read stays, under a name of its own"
    assert any("catalogue.supplement" in text for text in manifest["warnings"])

    words = ("--set", f"catalogue.supplement={tmp_path / 'done' / '*.xlsx'}")
    ended(started(out, tmp_path / "3.log", *words))
    folder, manifest = delivered(out)
    assert "done.xlsx" in manifest["inputs"]
    rows = pd.read_parquet(folder / f"{AREA}_{folder.name}.parquet")
    assert set(rows.loc[rows["parcel_id"] == parcel, "protection_status"]) == {"划入生态保护红线"}
    assert "如皋黑塌菜" in set(rows.loc[rows["parcel_id"] == grower, "cat3_name"])
    entries = pd.read_csv(folder / "tables" / "supplement.csv", encoding="utf-8-sig")
    assert set(entries["item"]) == {"protection_status", "local_name"}
    lost = pd.read_csv(folder / "tables" / "supplement_rejected.csv", encoding="utf-8-sig")
    assert lost["found"].tolist() == ["P-none"]
    assert any("1 处未使用" in text for text in manifest["warnings"])
    sheet = openpyxl.load_workbook(template)["地块补录"]
    heads = [cell.value for cell in sheet[1]]
    again = {row[heads.index("地块标识")]: row[heads.index("保护情况")] for row in sheet.values}
    assert again[parcel] == "划入生态保护红线"
    book = openpyxl.load_workbook(folder / f"{AREA}_{folder.name}.xlsx")
    assert "保护情况" in [cell.value for cell in book["生态产品目录清单"][4]]
