"""What axe-core finds wrong with a page for people who use a keyboard, a reader or strong contrast."""

from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page

_GRAVE = ("serious", "critical")


def list_issues(page: Page, *, grave_only: bool = True, within: str | None = None) -> list[str]:
    """Issues of the page as it stands, each with its rule, its impact and the elements that it is about.

    Those that axe-core calls serious or critical, or all. `within` is a CSS selector that bounds the search.
    """
    found = Axe().run(page, context=within).response["violations"]
    return [
        f"{issue['id']} ({issue['impact']}): {issue['help']}: {_list_elements(issue)}"
        for issue in found
        if not grave_only or issue["impact"] in _GRAVE
    ]


def _list_elements(issue: dict) -> str:
    places = [" ".join(map(str, node["target"])) for node in issue["nodes"]]
    shown = "; ".join(places[:5])
    return shown if len(places) <= 5 else f"{shown}; … {len(places)}"
