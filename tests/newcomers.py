"""What somebody has who is new here: a folder of files as offices keep them, mess included."""

from pathlib import Path

import geopandas as gpd
import openpyxl
import shapely

from tests.stac import HERE, raw_item, write_catalogue

CRS = "EPSG:4528"
"""CGCS2000, 3-degree zone 40, as registers of the coast are kept."""

SHORE = shapely.box(121.74, 31.45, 121.76, 31.47)


def lay_out_parcels() -> gpd.GeoDataFrame:
    """Four parcels side by side, under headings of an office of its own."""
    west, south, east, north = SHORE.bounds
    step = (east - west) / 4
    boxes = [shapely.box(west + step * n, south, west + step * (n + 1), north) for n in range(4)]
    rows = {
        "地块编号": [f"崇-{n:03d}" for n in range(4)],
        "地类编码": ["0301", "1101", "0101", "0601"],
        "权利人": ["某镇人民政府", "李某某", "某合作社", "某公司"],
        "面积（亩）": [1590.2, 1590.1, 1590.0, 1589.9],
        "备注": ["", "待核", "", ""],
    }
    return gpd.GeoDataFrame(rows, geometry=boxes, crs="EPSG:4490")


def write_register(path: Path, *, crs: str = CRS, encoding: str = "GBK", told: bool = True) -> Path:
    """The parcels as a Shapefile; without its .prj where its CRS is not `told`."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lay_out_parcels().to_crs(crs).to_file(path, encoding=encoding)
    if not told:
        path.with_suffix(".prj").unlink()
    return path


def write_workbook(path: Path) -> Path:
    """Water samples as a station keeps them: a title, units in the headings, notes, an empty sheet."""
    book = openpyxl.Workbook()
    sheet = book.active
    sheet.title = "2024年监测"
    sheet.append(["某区地表水水质监测结果（2024年）"])
    sheet.append([])
    sheet.append(["断面名称", "采样时间", "高锰酸盐指数（mg/L）", "氨氮(mg/L)", "总磷", "备注"])
    for month in range(1, 13):
        sheet.append(["东滩闸", f"2024年{month}月5日", 3.1, "0.025L", 0.05 + month / 1000, "正常"])
        sheet.append(["北湖桥", f"2024-{month:02d}-05", "4.2 ", 0.31, "未检出", ""])
    book.create_sheet("说明")
    path.parent.mkdir(parents=True, exist_ok=True)
    book.save(path)
    return path


def write_sections(path: Path) -> Path:
    """A register of the sections of the workbook, in GBK."""
    lines = ["断面编号,断面名称,经度,纬度,水质目标", "S1,东滩闸,121.745,31.46,Ⅲ", "S2,北湖桥,121.755,31.46,Ⅱ"]
    path.write_text("\n".join(lines), encoding="gbk")
    return path


def write_scenes(folder: Path) -> Path:
    """A static catalogue of four scenes of two years, without their files."""
    days = ("2023-04-01", "2023-09-10", "2024-05-01", "2024-11-20")
    ids = {day: f"S2A_51RUQ_{day.replace('-', '')}_0_L2A" for day in days}
    items = [raw_item(ids[day], when=f"{day}T02:30:15Z") for day in days]
    for item in items:
        item["assets"] = {band: {"href": f"./{band}.tif"} for band in item["assets"]}
    return write_catalogue(folder, items)


def lay_out_folder(folder: Path) -> Path:
    """The whole folder: scenes, register, workbook and sections."""
    write_scenes(folder / "影像")
    write_register(folder / "登记" / "地块.shp")
    write_workbook(folder / "水质" / "监测结果.xlsx")
    write_sections(folder / "断面.csv")
    assert HERE.covers(SHORE)
    return folder
