"""The verbs of `ecoledger`; the only place that prints or exits."""

import gc
import json
import logging
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any, Literal

import typer
from rich.console import Console
from rich.text import Text

import pipeline
from pipeline import signals
from pipeline.errors import PipelineError

app = typer.Typer(no_args_is_help=True, add_completion=False, pretty_exceptions_enable=False)
_OUT = Console(markup=False)
_ERR = Console(stderr=True, markup=False)
_STATUS = {
    "runs": "最近的运行 last runs",
    "deliveries": "交付 deliveries",
    "unfinished": "未完成 begun and not finished",
    "failed_reads": "读取失败 reads that failed",
}

OutOption = Annotated[Path | None, typer.Option("--out", help="交付目录 folder of the deliveries")]
SetOption = Annotated[list[str], typer.Option("--set", help="KEY=VALUE, e.g. scenes.period=month")]
JsonOption = Annotated[bool, typer.Option("--json", help="结果以 JSON 输出 result as JSON")]
QuietOption = Annotated[bool, typer.Option("--quiet", help="不显示进度 no progress bars")]
LogOption = Annotated[Path | None, typer.Option("--log", help="JSON 行日志 log as JSON lines")]
ClusterOption = Annotated[str | None, typer.Option(help="local, slurm, or the address of a Dask scheduler")]
WorkersOption = Annotated[int | None, typer.Option(min=1, help="并行数 tasks at a time")]


def main() -> None:
    """Run the command line; an error that a user can mend is one message and its exit code."""
    signals.watch_signals()
    try:
        app()
    except PipelineError as error:
        _ERR.print(Text.assemble(("错误 error", "bold red"), f": {error}"), soft_wrap=True)
        sys.exit(error.exit_code)


@app.command()
def demo(
    out: OutOption = None, quiet: QuietOption = False, log: LogOption = None, as_json: JsonOption = False
) -> None:
    """模拟三个试点区并走完全流程 Simulate the three areas and run everything, offline.

    Example: ecoledger demo --out delivery
    """
    settings = pipeline.settings.load_settings(pipeline.aoi.PROJECT_ROOT / "configs" / "demo.yaml")
    settings = settings.model_copy(update={"out": str((out or Path("delivery")).resolve())})
    _deliver(settings, quiet=quiet, log=log, as_json=as_json)


@app.command()
def run(
    config: Annotated[Path, typer.Argument(help="YAML 配置，或要重做的 manifest.json config, or a manifest")],
    out: OutOption = None,
    overrides: SetOption = [],  # noqa: B006 typer reads the default, nobody changes it
    aoi: Annotated[list[str], typer.Option("--aoi", help="只运行这些区 only these areas")] = [],  # noqa: B006
    cluster: ClusterOption = None,
    workers: WorkersOption = None,
    refresh: Annotated[bool, typer.Option("--refresh", help="重新检索场景 search the scenes anew")] = False,
    quiet: QuietOption = False,
    log: LogOption = None,
    as_json: JsonOption = False,
) -> None:
    """运行一份配置 Run a config from its scenes to its deliveries, or repeat the run behind a manifest.

    Example: ecoledger run configs/demo.yaml --out delivery --aoi guangyang_island
    """
    manifest = pipeline.commands.repeat.read_manifest(config)
    settings = (
        manifest.build_settings(overrides, aoi)
        if manifest
        else pipeline.settings.load_settings(config, overrides)
    )
    compute = settings.compute.model_copy(
        update={
            "cluster": cluster or settings.compute.cluster,
            "workers": workers or settings.compute.workers,
        }
    )
    changes: dict[str, Any] = {"compute": compute, "aoi": settings.choose_aoi(aoi)}
    if out:
        changes["out"] = str(out.resolve())
    settings = settings.model_copy(update=changes)
    _deliver(settings, quiet=quiet, log=log, as_json=as_json, refresh=refresh, manifest=manifest)


@app.command()
def validate(config: Annotated[Path, typer.Argument(help="YAML 配置 config")]) -> None:
    """检查配置 Check a config, its areas, parcels and samples; every mistake at once, nothing is written.

    Example: ecoledger validate configs/demo.yaml
    """
    for words in pipeline.flow.validation.validate_all(pipeline.settings.load_settings(config)):
        _OUT.print(words, highlight=False, soft_wrap=True)
    _OUT.print(f"{config}: 无误 no mistakes")


@app.command("plan")
def show_plan(
    config: Annotated[Path, typer.Argument(help="YAML 配置 config")],
    overrides: SetOption = [],  # noqa: B006 typer reads the default, nobody changes it
    aoi: Annotated[list[str], typer.Option("--aoi", help="只看这些区 only these areas")] = [],  # noqa: B006
    as_json: JsonOption = False,
) -> None:
    """运行前估算 What a run would search, read and need; no pixel is read, nothing is written.

    Example: ecoledger plan configs/demo.yaml
    """
    estimate = pipeline.commands.estimate
    settings = pipeline.settings.load_settings(config, overrides)
    found = estimate.estimate_all(settings.model_copy(update={"aoi": settings.choose_aoi(aoi)}))
    _show(estimate.dump_estimates(found) if as_json else estimate.tabulate_estimates(found), as_json=as_json)


@app.command()
def status(
    out: Annotated[Path, typer.Argument(help="交付目录 folder of the deliveries")],
    as_json: JsonOption = False,
) -> None:
    """运行状况 What is done, what is missing, what failed and why.

    Example: ecoledger status delivery
    """
    found = asdict(pipeline.commands.status.read_status(out))
    if as_json:
        sys.stdout.write(json.dumps(found, ensure_ascii=False) + "\n")
        return
    _OUT.print("运行中 a run is at work" if found.pop("running") else "无运行 no run is at work")
    for title, rows in found.items():
        _OUT.print(f"\n{_STATUS[title]} ({len(rows)})")
        if rows:
            _show(rows, as_json=False)


@app.command()
def grade(
    samples: Annotated[
        str, typer.Argument(help="水样表 a table of water samples: CSV, XLSX, JSON, Parquet, GPKG")
    ],
    out: Annotated[Path | None, typer.Option("--out", help="评价结果 graded readings, CSV")] = None,
    rejected: Annotated[
        Path | None, typer.Option("--rejected", help="剔除清单 what was rejected, CSV")
    ] = None,
    water_body: Annotated[
        Literal["river", "lake"], typer.Option("--water-body", help="river 河流 or lake 湖库")
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
    source = pipeline.settings.SampleFile(path=samples, water_body=water_body, year=year)
    graded = grading.grade_readings(source, latest=datetime.now(UTC))
    grading.write_readings(graded, out, rejected)
    if graded.readings.empty or (strict and len(graded.rejects)):
        raise grading.build_refusal(graded)
    _show(grading.count_readings(graded) if out else grading.tabulate_readings(graded), as_json=as_json)
    if len(graded.rejects):
        _ERR.print(f"剔除 rejected: {len(graded.rejects)}", highlight=False)


@app.command()
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
    _show(comparing.count_events(comparison), as_json=False)
    _show(comparing.count_differences(comparison), as_json=False)


@app.command("account")
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
    _show(accounting.dump_totals(found) if as_json else accounting.tabulate_totals(found), as_json=as_json)
    for row in found.unused:
        place = f"{row.origin}, row {row.row}: {row.key} {row.land_class or ''} {row.region or ''}"
        _ERR.print(f"未用到 not used: {place.strip()}", highlight=False, soft_wrap=True)


@app.command("bulletin")
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
                _OUT.print(str(path), soft_wrap=True)
    for line in (*made.absent, made.no_pdf):
        if line:
            _ERR.print(line, highlight=False, soft_wrap=True)


@app.command("view")
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
    tell = _ERR.print if not quiet else lambda _: None
    made = viewing.build_view(out, language=language, tell=tell)
    for problem in made.problems:
        _ERR.print(f"未展示 not shown: {problem}", highlight=False, soft_wrap=True)
    if to:
        viewing.write_view(made, to)
        _OUT.print(f"{to / 'index.html'}: {len(made.shown)} 份交付 deliveries", soft_wrap=True)
        return
    server = viewing.open_view(made, host, port)
    if not viewing.is_loopback(host):
        _ERR.print(
            f"注意：同网络的人都能读取 note: whoever reaches {host} can read all of it", highlight=False
        )
    _OUT.print(f"{server.url} ({len(made.shown)} 份交付 deliveries；Ctrl+C 停止 stops)", soft_wrap=True)
    viewing.serve_view(server, browse=not no_browser)


@app.command()
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
            _OUT.print(str(path), soft_wrap=True)


@app.command()
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
    _OUT.print(f"{out}: {len(drawn)} 个点待标注 points to label")


@app.command("schema")
def show_schema() -> None:
    """配置的 JSON schema The JSON schema of the config.

    Example: ecoledger schema > configs/schema.json
    """
    sys.stdout.write(
        json.dumps(pipeline.settings.build_schema(), ensure_ascii=False, indent=2, sort_keys=True) + "\n"
    )


@app.command("indices")
def show_indices(
    beyond: Annotated[
        bool, typer.Option("--beyond", help="目录中用不了的及其原因 the others, and why")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """可用的光谱指数 The spectral indices that a config may name.

    Example: ecoledger indices
    """
    spectral = pipeline.indices.spectral
    rows = [
        {
            "name": one.name,
            "long_name": one.long_name,
            "formula": one.formula,
            "bands": " ".join(one.bands),
            "known_where": one.domain_words,
        }
        for one in spectral.list_known_indices()
    ]
    if beyond:
        rows = [{"name": name, "needs": reason} for name, reason in spectral.list_foreign_indices().items()]
    _show(rows, as_json=as_json)


@app.command("providers")
def show_providers(as_json: JsonOption = False) -> None:
    """可用的影像来源 The scene providers that a config may name.

    Example: ecoledger providers
    """
    known = pipeline.settings.sources.load_providers()
    rows = [{"name": name, **entry.model_dump(mode="json")} for name, entry in known.items()]
    _show(rows, as_json=as_json)


@app.command("legends")
def show_legends(as_json: JsonOption = False) -> None:
    """图例 The legends of the maps.

    Example: ecoledger legends
    """
    rows = [
        {
            "legend": legend.id,
            "code": one.code,
            "key": one.key,
            "zh": one.name_zh,
            "en": one.name_en,
            "color": one.color,
        }
        for legend in pipeline.legends.LEGENDS.values()
        for one in legend.classes
    ]
    _show(rows, as_json=as_json)


@app.command("rules")
def show_rules(as_json: JsonOption = False) -> None:
    """核查规则 The rules behind the findings, with their basis.

    Example: ecoledger rules
    """
    rules = pipeline.rights_registry.rules.RULES.values()
    rows = [{"rule": rule.id, "severity": rule.severity, "basis": rule.basis} for rule in rules]
    _show(rows, as_json=as_json)


def _deliver(
    settings: "pipeline.settings.Settings",
    *,
    quiet: bool,
    log: Path | None,
    as_json: bool,
    refresh: bool = False,
    manifest: "pipeline.commands.repeat.Manifest | None" = None,
) -> None:
    engine, flow, repeat = pipeline.engine, pipeline.flow, pipeline.commands.repeat
    gc.freeze()  # the objects that came with the libraries stay: no search for garbage need look at them
    workspace = pipeline.storage.workspace.Workspace(Path(settings.out) / "work")
    with (
        engine.logs.open_log(log) as lines,
        _announce(settings, as_json=as_json) as summary,
        workspace.hold(),
        engine.journal.record_run(workspace, settings.label, [*map(str, settings.aoi)]) as lines.run,
        engine.clusters.open_cluster(settings.compute, workspace.root / "workers") as cluster,
        engine.progress.Bars(quiet=quiet).show() as bars,
    ):
        summary.run = lines.run
        logging.getLogger("ecoledger").info("run begun", extra=summary.subject)
        if cluster.dashboard and not quiet:
            _ERR.print(f"Dask: {cluster.dashboard}", highlight=False, soft_wrap=True)
        repeats = manifest.path.parent if manifest else None
        run = engine.run.Run(workspace, cluster, bars, refresh, repeats=repeats)
        if manifest:
            repeat.refuse_changed_inputs(run, manifest, settings)
        delivered = flow.deliver_all(run, settings)
        summary.headlines = pipeline.commands.headlines.list_headlines(delivered)
        summary.deliveries = [
            {"area": one.aoi, "folder": str(one.folder), "state": "kept" if one.kept else "published"}
            for one in delivered
        ]
    if not as_json:
        _OUT.print(*pipeline.commands.headlines.lay_out_headlines(summary.headlines), sep="\n")
        for one in delivered:
            state = "未变，保留 unchanged, kept" if one.kept else "已发布 published"
            _OUT.print(f"{one.name} ({one.aoi}): {state}: {one.folder}", soft_wrap=True)
            for name in one.carried:
                _OUT.print(f"  他人的文件，已保留 a file of people, kept: {name}", soft_wrap=True)
    if manifest:
        _show_differences(repeat.list_differences(manifest, delivered[0].folder), as_json=as_json)


@contextmanager
def _announce(
    settings: "pipeline.settings.Settings", *, as_json: bool
) -> "Iterator[pipeline.engine.notice.Summary]":
    """The summary of a run that begins here, told in the end to who asked for it, whatever the end."""
    notice = pipeline.engine.notice
    summary = notice.Summary(settings.label, [*map(str, settings.aoi)])
    try:
        with summary.watch():
            yield summary
    finally:
        logging.getLogger("ecoledger").info("run ended", extra=summary.end)
        if as_json:
            sys.stdout.write(f"{summary.line}\n")
            sys.stdout.flush()
        if settings.notify and (failure := notice.notify(settings.notify, summary)):
            logging.getLogger("ecoledger").warning(failure)
            _ERR.print(f"警告 warning: {failure}", highlight=False, soft_wrap=True)


def _show_differences(differences: list[dict[str, str]], *, as_json: bool) -> None:
    """Say whether a repeated run gave the bytes of its manifest."""
    other = f"与清单不同 other than the manifest says: {len(differences)}"
    _ERR.print(
        other if differences else "与清单逐字节相同 every byte is as the manifest says", highlight=False
    )
    if differences and not as_json:
        _show(differences, as_json=False)


def _show(rows: list[dict[str, Any]], *, as_json: bool) -> None:
    if as_json:
        sys.stdout.write(json.dumps(rows, ensure_ascii=False, default=str) + "\n")
        return
    _OUT.print(*pipeline.commands.listing.lay_out_rows(rows, _OUT.width), sep="\n")
