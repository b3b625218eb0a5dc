"""The config as text, with what each key means beside it, and the files that go with it."""

import textwrap
from collections.abc import Iterable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import yaml

from pipeline.aoi import list_aois, load_aoi
from pipeline.commands import schemas
from pipeline.commands.drafting.choices import Choices
from pipeline.commands.drafting.found import Found
from pipeline.commands.drafting.outline import draw_hull, find_shipped, write_outline
from pipeline.commands.drafting.texts import say
from pipeline.errors import Problem, SettingsError
from pipeline.messages import Language
from pipeline.settings import Settings, load_settings
from pipeline.settings.aoi import load_entry
from pipeline.settings.words import read_words

SCHEMA = "ecoledger.schema.json"
_OUTLINE = "area.geojson"
_WIDTH = 106
_MODELINE = f"# yaml-language-server: $schema=./{SCHEMA}"


@dataclass(frozen=True)
class Draft:
    """What was written: the config, and all files with it. `drawn` tells of an area that was drawn."""

    config: Path
    files: tuple[Path, ...]
    drawn: str


def write_draft(choices: Choices, config: Path, language: Language) -> Draft:
    """Write a config of what was chosen, its schema beside it, and an area where none was given.

    SettingsError, before anything is written, where one of the files is there already.
    """
    folder = config.parent
    outline = folder / _OUTLINE
    is_drawn = choices.area is None and choices.shipped is None
    refuse_present([config, outline] if is_drawn else [config])
    drawn = ""
    if choices.parcels and is_drawn:
        drawn = _draw_area(choices.parcels, outline, language)
        choices = replace(choices, area=Found(outline, "area"))
    config.write_text(format_config(choices, folder.resolve(), language, drawn), encoding="utf-8")
    if not (folder / SCHEMA).exists():
        (folder / SCHEMA).write_text(schemas.format_schema(schemas.CONFIG), encoding="utf-8")
    return Draft(config, (config, folder / SCHEMA, *([outline] if drawn else [])), drawn)


def refuse_present(paths: Iterable[Path]) -> None:
    """SettingsError for files that are there already."""
    todo = "Name another one with --to, or move it away: nothing is written over it"
    problems = [Problem(str(path), "a file", "none yet", todo) for path in paths if path.exists()]
    if problems:
        raise SettingsError("A file is there already", problems)


def _draw_area(parcels: Found, path: Path, language: Language) -> str:
    """Write the hull of a register as an area; what is to be said of it."""
    hull = draw_hull(parcels)
    write_outline(path, hull, path.parent.resolve().name)
    area = load_aoi(path.name, relative_to=path.parent)
    shipped = {name: load_aoi(name, relative_to=path.parent).geometry for name in list_aois()}
    met = ", ".join(find_shipped(hull, shipped))
    told = say("drawn", language, file=path.name, km2=f"{area.area_m2 / 1e6:.2f}")
    return f"{told} {say('drawn.shipped', language, ids=met)}" if met else told


def list_commands(config: Path, language: Language) -> list[str]:
    """What to type next, and where the delivery of the first area then is."""
    settings = load_settings(config)
    out = _shorten(Path(settings.out))
    latest = out / load_entry(settings.aoi[0]).id / "latest"
    told = {"config": _quote(config), "out": out, "latest": latest}
    keys = ("next", "next.validate", "next.plan", "next.run", "next.notebook")
    return [say(key, language, **told) for key in keys]


def _shorten(path: Path) -> Path:
    """A path from where somebody works, if it is below."""
    return path.relative_to(Path.cwd()) if path.is_relative_to(Path.cwd()) else path


def _quote(path: Path) -> str:
    return f'"{path}"' if " " in str(path) else str(path)


def format_config(choices: Choices, folder: Path, language: Language, drawn: str = "") -> str:
    """The text of a config: what was chosen in force, all other blocks as comments with an example."""
    page = _Page(folder, language)
    blocks = [
        [_MODELINE, *page.note(say("head", language))],
        page.enter("label", choices.label),
        page.enter("aoi", page.name_areas(choices), notes=[drawn] if drawn else []),
        page.write_scenes(choices),
        page.write_parcels(choices),
        page.write_samples(choices.samples),
        page.write_sections(choices.sections),
        page.enter("language", language),
        page.enter("out", "delivery/"),
        page.note(say("others", language)),
        page.offer("restricting", page.list_restricting(choices.restricting)),
        *(page.offer(key) for key in Settings.model_fields if key not in _WRITTEN),
    ]
    return "\n\n".join("\n".join(block) for block in blocks) + "\n"


_WRITTEN = frozenset(
    {"label", "aoi", "scenes", "parcels", "samples", "sections", "language", "out", "restricting"}
)


class _Page:
    """Lines of a config in a language, paths by the folder that it lies in."""

    def __init__(self, folder: Path, language: Language) -> None:
        self._folder = folder
        self._language = language

    def note(self, text: str, indent: str = "") -> list[str]:
        """A text as comments."""
        width = _WIDTH - len(indent) if self._language == "en" else 10 * _WIDTH
        lines = [part for line in text.split("\n") for part in textwrap.wrap(line, width) or [""]]
        return [f"{indent}# {line}".rstrip() for line in lines]

    def explain(self, key: str, indent: str = "") -> list[str]:
        """What a key means, as comments."""
        words = read_words()[key]
        if self._language == "zh":
            return self.note(f"{words.name_zh}：{words.meaning_zh}", indent)
        return self.note(f"{words.name_en[:1].upper()}{words.name_en[1:]}: {words.meaning_en}", indent)

    def enter(self, key: str, value: Any, *, notes: list[str] | None = None) -> list[str]:
        """A key in force, below what it means and what else there is to say."""
        *parents, name = key.split(".")
        indent = "  " * len(parents)
        told = [line for note in notes or [] for line in self.note(note, indent)]
        return [*self.explain(key, indent), *told, f"{indent}{name}: {_dump(value)}"]

    def offer(self, key: str, value: Any = None) -> list[str]:
        """A key as a comment, with an example."""
        example = _dump(value) if value else read_words()[key].example
        return [*self.explain(key), f"# {key}: {example}"]

    def name_path(self, path: Path) -> str:
        """A path as the config may write it."""
        full = path.resolve()
        return str(full.relative_to(self._folder)) if full.is_relative_to(self._folder) else str(full)

    def name_areas(self, choices: Choices) -> list[Any]:
        """The value of `aoi`."""
        area = choices.area
        if area is None:
            return [choices.shipped]
        path = self.name_path(area.path)
        told = {"path": path, "layer": area.layer, "crs": area.crs}
        given = {key: value for key, value in told.items() if value}
        return [given if len(given) > 1 else path]

    def write_scenes(self, choices: Choices) -> list[str]:
        """The block of scenes."""
        scenes, told = choices.scenes, []
        provider: Any = choices.provider
        if scenes:
            provider = {scenes.kind or "static": self.name_path(scenes.path)}
            told = scenes.tell(self._language)[1:]
        elif choices.provider == "earth-search":
            told = [say("scenes.remote", self._language)]
        lines = [*self.explain("scenes"), "scenes:", *self.enter("scenes.provider", provider, notes=told)]
        if scenes and scenes.missions:
            lines += self.enter("scenes.missions", [*scenes.missions])
        for key in ("start", "end", "period"):
            lines += self.enter(f"scenes.{key}", getattr(choices, key))
        return lines

    def write_parcels(self, choices: Choices) -> list[str]:
        """The block of the register, or what it would be."""
        register = choices.parcels
        if register is None:
            return self.offer("parcels")
        lines = [*self.explain("parcels"), *self._tell(register), "parcels:"]
        lines.append(f"  path: {_dump(self.name_path(register.path))}")
        if register.layer:
            lines += self.enter("parcels.layer", register.layer)
        if register.crs:
            lines += self.enter("parcels.crs", register.crs)
        return lines

    def write_samples(self, samples: tuple[Found, ...]) -> list[str]:
        """The tables of samples, or what they would be."""
        if not samples:
            return self.offer("samples")
        entries = [f"  - {_dump({'path': self.name_path(one.path)})}" for one in samples]
        told = [line for one in samples for line in self._tell(one)]
        return [*self.explain("samples"), *told, "samples:", *entries]

    def write_sections(self, sections: Found | None) -> list[str]:
        """The register of sections, or what it would be."""
        if sections is None:
            return self.offer("sections")
        return [*self.explain("sections"), *self._tell(sections), *self._name_register(sections)]

    def _name_register(self, sections: Found) -> list[str]:
        return ["sections:", f"  register: {_dump(self.name_path(sections.path))}"]

    def list_restricting(self, found: tuple[Found, ...]) -> list[dict[str, str]]:
        """The layers whose names tell of a restriction, to be taken by whoever knows that they are."""
        return [
            {"path": self.name_path(one.path), "kind": one.kind} | ({"layer": one.layer} if one.layer else {})
            for one in found
        ]

    def _tell(self, found: Found) -> list[str]:
        first, *facts = found.tell(self._language)
        named = say("found", self._language, file=self.name_path(found.path), role=first)
        return [line for text in (named, *(f"  {fact}" for fact in facts)) for line in self.note(text)]


def _dump(value: Any) -> str:
    """A value in YAML on one line."""
    text = yaml.safe_dump(value, default_flow_style=True, allow_unicode=True, width=10**6, sort_keys=False)
    return text.removesuffix("...\n").strip()
