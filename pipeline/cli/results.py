"""Verbs on samples and on what was delivered: grade, diff, account, bulletin, view, sheets, sample."""

import json
import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

import pipeline
from pipeline.cli.terminal import ERR, OUT, JsonOption, QuietOption, say, show_rows

verbs = typer.Typer()


@verbs.command()
def grade(
    samples: Annotated[
        str, typer.Argument(help="水样表 a table of water samples: CSV, XLSX, JSON, Parquet, GPKG")
    ],
    out: Annotated[Path | None, typer.Option("--out", help="评价结果 graded readings, CSV")] = None,
    rejected: Annotated[
        Path | None, typer.Option("--rejected", help="剔除清单 what was rejected, CSV")
    ] = None,
    water_body: Annotated[
        Literal["river", "lake"], typer.Option("--water-body", help="水体类型 kind of water: river or lake")
    ] = "river",
    year: Annotated[
        int | None, typer.Option("--year", help="时间中没有年份时用 for times without a year")
    ] = None,
    strict: Annotated[
        bool, typer.Option("--strict", help="有剔除即失败 fail if anything was rejected")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """水样评价 Grade a table of water samples by GB 3838-2002, reading by reading; no run is needed.

    Example: ecoledger grade samples.csv --out graded.csv --rejected rejected.csv
    """
    grading = pipeline.commands.grade
    grading.refuse_overwriting(samples, out, rejected)
    source = pipeline.settings.SampleFile(path=samples, water_body=water_body, year=year)
    graded = grading.grade_readings(source, latest=datetime.now(UTC))
    grading.write_readings(graded, out, rejected)
    if graded.readings.empty or (strict and len(graded.rejects)):
        raise grading.build_refusal(graded)
    show_rows(grading.count_readings(graded) if out else grading.tabulate_readings(graded), as_json=as_json)
    if len(graded.rejects):
        ERR.print(say(f"rejected: {len(graded.rejects)}"), highlight=False)


@verbs.command()
def diff(
    old: Annotated[Path, typer.Argument(help="旧交付（文件夹或 GeoPackage） a delivery")],
    new: Annotated[Path, typer.Argument(help="新交付 a later one of the same area")],
    out: Annotated[Path | None, typer.Option("--out", help="结果文件夹 folder for CSV and GPKG")] = None,
    as_json: JsonOption = False,
) -> None:
    """两次交付的变化 What changed between two deliveries of an area, parcel by parcel, and why.

    Example: ecoledger diff delivery/guangyang_island/2023 delivery/guangyang_island/2024 --out changes
    """
    comparing = pipeline.commands.diff
    comparison = comparing.compare_deliveries(old, new)
    if out:
        comparing.write_comparison(comparison, out)
    if as_json:
        sys.stdout.write(json.dumps(comparing.dump_comparison(comparison), ensure_ascii=False) + "\n")
        return
    show_rows(comparing.count_events(comparison), as_json=False)
    show_rows(comparing.count_differences(comparison), as_json=False)


@verbs.command("account")
def revalue(
    delivery: Annotated[Path, typer.Argument(help="有核算的交付（文件夹） a delivery with accounts")],
    parameters: Annotated[
        Path | None, typer.Option("--parameters", help="本地参数表，CSV parameters that go before others")
    ] = None,
    price_year: Annotated[
        int | None, typer.Option("--price-year", help="可比价年份 year of comparable prices")
    ] = None,
    out: Annotated[Path | None, typer.Option("--out", help="结果文件夹 folder for CSV")] = None,
    as_json: JsonOption = False,
) -> None:
    """重新估值 Value the accounts of a delivery anew from its tables, with other parameters or prices.

    Example: ecoledger account delivery/guangyang_island/2024 --parameters local.csv --price-year 2024
    """
    accounting = pipeline.commands.account
    stored = accounting.load_accounts(delivery)
    found = accounting.revalue(stored, parameters=parameters, price_year=price_year)
    if out:
        accounting.write_revaluation(found, out)
    show_rows(
        accounting.dump_totals(found) if as_json else accounting.tabulate_totals(found), as_json=as_json
    )
    for row in found.unused:
        place = f"{row.origin}, row {row.row}: {row.key} {row.land_class or ''} {row.region or ''}"
        ERR.print(say(f"not used: {place.strip()}"), highlight=False, soft_wrap=True)


@verbs.command("bulletin")
def show_bulletin(
    out: Annotated[Path, typer.Argument(help="交付目录 folder of the deliveries")],
    quarter: Annotated[str | None, typer.Option("--quarter", help="季度 a quarter, e.g. 2024Q3")] = None,
    period: Annotated[
        str | None, typer.Option("--period", help="任一时段，缺省为最新 any period, the newest if not given")
    ] = None,
    template: Annotated[
        Path | None, typer.Option("--template", help="本单位的 Word 模板 a Word template of your own")
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", help="写到哪个 .docx where to write it")] = None,
    title: Annotated[str, typer.Option("--title", help="标题 title")] = "",
    office: Annotated[str, typer.Option("--office", help="编制单位 who makes it")] = "",
    date: Annotated[str, typer.Option("--date", help="日期 its date")] = "",
    language: Annotated[
        Literal["zh", "en"] | None, typer.Option("--language", help="缺省同交付 that of the delivery")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """公报和调度表 The bulletin of a period over all areas, as DOCX and PDF, each number with its evidence.

    Example: ecoledger bulletin delivery --quarter 2024Q3 --template own.docx
    """
    bulletins = pipeline.commands.bulletin
    made = bulletins.make_bulletin(
        out,
        period=bulletins.choose_period(quarter, period),
        template=template,
        to=to,
        title=title,
        office=office,
        day=date,
        language=language,
    )
    if as_json:
        sys.stdout.write(json.dumps(made.summary, ensure_ascii=False) + "\n")
    else:
        for path in (made.document, made.pdf, made.evidence):
            if path:
                OUT.print(str(path), soft_wrap=True)
    for line in (*made.absent, made.no_pdf):
        if line:
            ERR.print(say(line), highlight=False, soft_wrap=True)


@verbs.command("view")
def show_view(
    out: Annotated[Path, typer.Argument(help="交付目录 folder of the deliveries")],
    port: Annotated[
        int, typer.Option("--port", min=0, max=65535, help="端口，0 为任一空闲 0: any that is free")
    ] = 0,
    host: Annotated[
        str, typer.Option("--host", help="缺省仅本机 this machine only unless told")
    ] = "127.0.0.1",
    to: Annotated[
        Path | None, typer.Option("--to", help="写成无需服务器的文件夹 write a folder that needs no server")
    ] = None,
    no_browser: Annotated[bool, typer.Option("--no-browser", help="不打开浏览器 open no browser")] = False,
    language: Annotated[
        Literal["zh", "en"] | None, typer.Option("--language", help="缺省同交付 that of the deliveries")
    ] = None,
    quiet: QuietOption = False,
) -> None:
    """一张图 One map over all areas, labels and periods of a folder: served on this machine, or as a folder.

    Example: ecoledger view delivery
    """
    viewing = pipeline.commands.view
    if to:
        viewing.refuse_target(to)
    tell = ERR.print if not quiet else lambda _: None
    made = viewing.build_view(out, language=language, tell=tell)
    for problem in made.problems:
        ERR.print(say(f"not shown: {problem}"), highlight=False, soft_wrap=True)
    if to:
        viewing.write_view(made, to)
        OUT.print(say(f"{to / 'index.html'}: {len(made.shown)} deliveries"), soft_wrap=True)
        return
    server = viewing.open_view(made, host, port)
    if not viewing.is_loopback(host):
        ERR.print(say(f"note: whoever reaches {host} can read all of it"), highlight=False)
    OUT.print(say(f"{server.url} ({len(made.shown)} deliveries; Ctrl+C stops)"), soft_wrap=True)
    viewing.serve_view(server, browse=not no_browser)


@verbs.command()
def sheets(
    delivery: Annotated[Path, typer.Argument(help="交付（文件夹），或区的 latest a delivery, or a latest")],
    parcel: Annotated[
        list[str] | None,
        typer.Option("--parcel", help="地块标识，可多次；缺省为全部 parcels, all if not given"),
    ] = None,
    to: Annotated[Path | None, typer.Option("--to", help="写到哪个 .pdf where to write it")] = None,
    as_json: JsonOption = False,
) -> None:
    """一地一档 Fact sheets of parcels as one PDF: map, rights, cover, water, products, value, evidence.

    Example: ecoledger sheets delivery/guangyang_island/latest --to sheets.pdf
    """
    made = pipeline.commands.sheets.make_sheets(delivery, parcels=parcel or (), to=to)
    if as_json:
        sys.stdout.write(json.dumps(made.summary, ensure_ascii=False) + "\n")
    else:
        for path in made.documents:
            OUT.print(str(path), soft_wrap=True)


@verbs.command()
def sample(
    delivery: Annotated[Path, typer.Argument(help="交付（文件夹） a delivery")],
    out: Annotated[Path, typer.Option("--out", help="待标注的样本点，GPKG points to label")],
    points: Annotated[int, typer.Option("--points", min=1, help="点数 how many")] = 600,
    period: Annotated[
        str | None, typer.Option("--period", help="时段，缺省为最后一期 the last period")
    ] = None,
    seed: Annotated[int, typer.Option("--seed", min=0, help="随机种子 seed of the draw")] = 1,
) -> None:
    """抽取精度评价样本 Draw points of the land cover to label in QGIS, for `land_cover.accuracy` of a config.

    Example: ecoledger sample delivery/guangyang_island/2024 --out points.gpkg
    """
    drawing = pipeline.commands.sample
    drawn = drawing.draw_sample(delivery, points=points, period=period, seed=seed)
    drawing.write_sample(drawn, out)
    OUT.print(say(f"{out}: {len(drawn)} points to label"), soft_wrap=True)
