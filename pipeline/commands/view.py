"""The view of a folder of deliveries: one page over all of them, served or written to a folder."""

import webbrowser
from collections.abc import Callable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from pipeline import operating_system
from pipeline.errors import InputError, Interrupted, Problem
from pipeline.outputs.columns import Language
from pipeline.outputs.published import Published, survey_deliveries
from pipeline.outputs.view.building import prepare_delivery, prune_cache
from pipeline.outputs.view.downloads import CheckedFiles, list_downloads
from pipeline.outputs.view.pages import ViewedDelivery, build_site
from pipeline.outputs.view.serving import SiteServer, is_loopback, open_server
from pipeline.outputs.view.site import ViewSite, refuse_target, write_site
from pipeline.rights_registry.rules import RULES

__all__ = ["MadeView", "build_view", "is_loopback", "open_view", "refuse_target", "serve_view", "write_view"]

Told = Callable[[str], None]


@dataclass(frozen=True)
class MadeView:
    """A site, the deliveries that it shows (area/label), and what is wrong with those that it does not."""

    site: ViewSite
    shown: tuple[str, ...]
    problems: tuple[Problem, ...]


def build_view(out: Path, *, language: Language | None = None, tell: Told = lambda _: None) -> MadeView:
    """The view over the deliveries of a folder, in their language unless told; `tell` hears of each.

    What is made of a delivery is kept in the cache of the user, and never in the folder. SettingsError where
    nothing was published, InputError where no delivery can be shown; beside others such a one is told of.
    """
    found, problems = survey_deliveries(out)
    spoken = language or (found[-1].language if found else "zh")
    cache = operating_system.find_cache_folder() / "view"
    checked = CheckedFiles(cache.with_name("checked.json"))
    viewed = list(_prepare_all(out, found, spoken, cache, checked, problems, tell))
    checked.save()
    prune_cache(cache)
    if not viewed:
        raise InputError("No delivery can be shown", problems)
    told = [_shorten(problem, out) for problem in problems]
    return MadeView(build_site(viewed, told, spoken), tuple(one.id for one in viewed), tuple(problems))


def _prepare_all(
    out: Path,
    found: Sequence[Published],
    language: Language,
    cache: Path,
    checked: CheckedFiles,
    problems: list[Problem],
    tell: Told,
) -> Iterator[ViewedDelivery]:
    rules = {name: (rule.title_zh, rule.title_en) for name, rule in RULES.items()}
    for number, published in enumerate(found):
        tell(f"{published.id} ({number + 1}/{len(found)})")
        try:
            _refuse_stranger(published, out)
            downloads = list_downloads(published, checked)
            folder = prepare_delivery(_speak(published, language), cache, rules)
        except InputError as error:
            problems += error.problems or [Problem(str(published.folder), error.message, "")]
            continue
        yield ViewedDelivery(published.id, folder, downloads)


def _refuse_stranger(published: Published, out: Path) -> None:
    """InputError for a folder that a link leads out of the one that is viewed."""
    if not published.folder.resolve().is_relative_to(out.resolve()):
        found = "a link that leads out of the folder"
        expected = f"a folder within {out}"
        raise InputError("A delivery lies elsewhere", [Problem(str(published.folder), found, expected)])


def _speak(published: Published, language: Language) -> Published:
    """The delivery with its words in a language."""
    config = {**published.manifest["config"], "language": language}
    return replace(published, manifest={**published.manifest, "config": config})


def _shorten(problem: Problem, out: Path) -> Problem:
    """The problem as others may read it: its place within the folder."""
    return replace(problem, place=problem.place.removeprefix(f"{out}/"))


def write_view(view: MadeView, target: Path) -> None:
    """Write a view as a folder that opens without a server; SettingsError where it cannot stand there."""
    write_site(view.site, target)


def open_view(view: MadeView, host: str, port: int) -> SiteServer:
    """A server of a view that listens already; SettingsError where it may not."""
    return open_server(view.site, host, port)


def serve_view(server: SiteServer, *, browse: bool) -> None:
    """Serve until a signal says to stop, in a browser that is opened if it shall be."""
    with server:
        if browse:
            webbrowser.open(server.url)
        with suppress(Interrupted):
            server.serve_forever()
