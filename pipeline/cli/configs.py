"""The verb that begins a config: init."""

import sys
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

import pipeline
from pipeline import messages
from pipeline.cli.terminal import LISTENER, OUT, say

verbs = typer.Typer()

_DAYS = ["%Y-%m-%d"]


@verbs.command("init")
def draft_config(
    folder: Annotated[Path, typer.Argument(help="您的文件所在 the folder with your files")] = Path(),
    to: Annotated[
        Path | None,
        typer.Option("--to", help="写到哪里，缺省在 FOLDER 中 the file, else FOLDER/ecoledger.yaml"),
    ] = None,
    aoi: Annotated[
        str | None, typer.Option("--aoi", help="内置标识或边界文件 a shipped id, or a file")
    ] = None,
    parcels: Annotated[Path | None, typer.Option("--parcels", help="地块登记 the land register")] = None,
    samples: Annotated[list[Path], typer.Option("--samples", help="水质样品表 water samples")] = [],  # noqa: B006
    sections: Annotated[
        Path | None, typer.Option("--sections", help="断面登记表 register of sections")
    ] = None,
    scenes: Annotated[
        Path | None, typer.Option("--scenes", help="catalog.json 或本机文件夹 a catalogue, or a folder")
    ] = None,
    provider: Annotated[
        str | None, typer.Option("--provider", help="影像来源名称 name, as `ecoledger providers` lists them")
    ] = None,
    start: Annotated[datetime | None, typer.Option("--start", help="起始日 first day", formats=_DAYS)] = None,
    end: Annotated[datetime | None, typer.Option("--end", help="终止日 last day", formats=_DAYS)] = None,
    period: Annotated[
        Literal["month", "quarter", "season", "year"], typer.Option("--period", help="时段 periods")
    ] = "year",
    label: Annotated[str | None, typer.Option("--label", help="批次名 name of the run")] = None,
    crs: Annotated[
        str | None, typer.Option("--crs", help="缺坐标系的矢量文件用 for vector files that name none")
    ] = None,
    language: Annotated[
        Literal["zh", "en"] | None,
        typer.Option("--language", help="注释和交付的语言 of comments and deliveries"),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="不提问 ask nothing")] = False,
) -> None:
    """看过您的文件，写出配置 Look into your files and write a commented config; nothing is overwritten.

    Example: ecoledger init my_county --period quarter
    """
    drafting = pipeline.commands.drafting
    config, spoken = to or folder / pipeline.library.configs.CONFIG_NAME, language or LISTENER.language
    drafting.refuse_present([config])
    found = drafting.find_inputs(folder, crs)
    _tell_found(found, folder, spoken)
    wishes = drafting.Wishes(
        aoi, parcels, tuple(samples), sections, scenes, provider, _day(start), _day(end), period, label, crs
    )
    if not yes and sys.stdin.isatty():
        wishes = _ask(wishes, found, spoken)
    choices = drafting.choose_inputs(found, wishes, pipeline.settings.rolling.today())
    draft = drafting.write_draft(choices, config, spoken)
    files = ", ".join(map(str, draft.files))
    _print("", drafting.say("written", spoken, files=files), *([draft.drawn] if draft.drawn else []))
    LISTENER.follow(draft.config)
    told = pipeline.flow.validation.explain_config(draft.config)
    _print("", *map(say, told), drafting.say("valid", spoken))
    _print("", *drafting.list_commands(draft.config, spoken))


def _day(moment: datetime | None) -> date | None:
    return moment.date() if moment else None


def _print(*lines: str) -> None:
    OUT.print(*lines, sep="\n", highlight=False, soft_wrap=True)


def _tell_found(
    found: "Sequence[pipeline.commands.drafting.Found]", folder: Path, language: messages.Language
) -> None:
    """What every file is, and what a reader says of it."""
    drafting = pipeline.commands.drafting
    _print(drafting.say("looked" if found else "nothing", language))
    for one in found:
        role, *facts = one.tell(language)
        name = one.path.relative_to(folder) if one.path.is_relative_to(folder) else one.path
        _print(f"  {name}: {role}", *(f"      {fact}" for fact in facts))


def _ask(
    wishes: "pipeline.commands.drafting.Wishes",
    found: "Sequence[pipeline.commands.drafting.Found]",
    language: messages.Language,
) -> "pipeline.commands.drafting.Wishes":
    """The wishes with what was not told by flags, as somebody at a terminal answers."""
    drafting = pipeline.commands.drafting
    for question in [*drafting.list_questions(wishes, found)]:
        _print(*(f"  - {name}" for name in question.candidates if len(question.candidates) > 1))
        text = drafting.say(f"ask.{question.field}", language)
        answer = typer.prompt(text, default=question.default, show_default=bool(question.default))
        wishes = drafting.take_answer(wishes, question.field, answer)
    return wishes
