"""Small tables of surveys, as files: names, sites, estimates, and sheets of records."""

import csv

import openpyxl
import shapely

from pipeline.aoi import Aoi, Part
from pipeline.ingest.rejects import tabulate_rejects
from pipeline.ingest.species.surveys import read_species
from pipeline.settings.species import Species

OUTLINE = shapely.box(121.80, 31.40, 121.90, 31.50)
AREA = Aoi(
    "island", "岛", "island", (Part("1", "岛", "island", OUTLINE, None),), "EPSG:32651", "drawn", "exact"
)
NAMES = [
    ["中文名", "学名", "别名", "类群"],
    ["白头鹤", "Grus monacha Temminck, 1835", "玄鹤、修女鹤", "水鸟"],
    ["小天鹅", "Cygnus columbianus", "短嘴天鹅", "水鸟"],
    ["斑嘴鸭", "Anas zonorhyncha", "花嘴鸭、野鸭", "水鸟"],
    ["绿翅鸭", "Anas crecca", "小水鸭、野鸭", "水鸟"],
    ["赤颈鸭", "Mareca penelope (Linnaeus, 1758)", "", "水鸟"],
    ["黑腹滨鹬", "Calidris alpina", "", "水鸟"],
    ["麻雀", "Passer montanus", "家雀", "鸟类"],
    ["芦苇", "Phragmites australis (Cav.) Trin. ex Steud.", "苇子", "植物"],
    ["刀鲚", "Coilia nasus", "刀鱼", "鱼类"],
]
SITES = [
    ["样点编号", "样点名称", "别名", "样点群", "经度", "纬度"],
    ["S1", "东滩甲", "甲", "东滩", "121.85", "31.45"],
    ["S2", "东滩乙", "乙", "东滩", "121°51′E", "31°27′36″N"],
    ["S3", "外滩", "", "", "121.95", "31.45"],
]
ESTIMATES = [
    ["物种", "种群数量（万只）", "1%标准（只）", "估计年份", "来源"],
    ["白头鹤", "", "10", "2021", "试验"],
    ["小天鹅", "9.2", "", "2021年", "试验"],
]
HEADINGS = ["物种", "样点", "日期", "数量"]


def write_csv(path, rows, encoding="utf-8"):
    with path.open("w", encoding=encoding, newline="") as stream:
        csv.writer(stream).writerows(rows)
    return str(path)


def write_book(path, merges=(), hidden=(), **sheets):
    """A workbook of sheets by name, some `hidden`; `merges` are ranges such as (sheet, B3:B5)."""
    book = openpyxl.Workbook()
    book.remove(book.active)
    for name, rows in sheets.items():
        sheet = book.create_sheet(name)
        for row in rows:
            sheet.append(row)
    for name, cells in merges:
        book[name].merge_cells(cells)
    for name in hidden:
        book[name].sheet_state = "hidden"
    book.save(path)
    return str(path)


def build_block(folder, surveys, names=NAMES, sites=SITES, estimates=None, habitats=None, **told):
    """The block of a config over tables in a folder; `surveys` is a path, or rows of one table."""
    path = surveys if isinstance(surveys, str) else write_csv(folder / "surveys.csv", surveys)
    given = {"populations": estimates, "habitats": habitats}
    return Species.model_validate(
        {
            "surveys": [{"path": path, **told}],
            "names": write_csv(folder / "names.csv", names),
            "sites": write_csv(folder / "sites.csv", sites),
            **{key: write_csv(folder / f"{key}.csv", rows) for key, rows in given.items() if rows},
        }
    )


def read(folder, surveys, **told):
    """Records and rejects of surveys."""
    tables = read_species(build_block(folder, surveys, **told), AREA)
    return tables.records, tabulate_rejects(tables.rejects)


def tell(records):
    """Species, site, date and bounds of each record."""
    columns = ["species", "site_id", "survey_date", "count_low", "count_high"]
    return [tuple(row) for row in records[columns].itertuples(index=False)]
