"""What makes pages Chinese: remarks in code are translated in their place, what stays English is named."""

import re
import subprocess
import sys
from pathlib import Path

from babel.messages import Catalog
from babel.messages.pofile import write_po

from tests.pages import DOCS

PAGE = """# Title

A sentence with `code`.

| head |
|---|
| 12 |

```yaml
key: 1    # a remark
other: "# not one of ours"  # another
```
"""
CHINESE = {
    "Title": "标题",
    "A sentence with `code`.": "一句带 `code` 的话。",
    "head": "表头",
    "a remark": "一条说明",
    "another": "又一条",
}


def build(folder: Path, translations: dict[str, str], page: str = PAGE) -> tuple[str, str]:
    """The page in Chinese, and the warnings of the builder."""
    extensions = 'extensions = ["myst_parser", "translation", "remarks"]'
    paths = f"import sys\nsys.path.insert(0, {str(DOCS / '_ext')!r})\n"
    (folder / "conf.py").write_text(
        f'{paths}{extensions}\nlanguage = "zh_CN"\nlocale_dirs = ["locale"]\n', "utf-8"
    )
    (folder / "index.md").write_text(page, "utf-8")
    catalog = Catalog()
    for english, chinese in translations.items():
        catalog.add(english, chinese)
    place = folder / "locale" / "zh_CN" / "LC_MESSAGES" / "index.po"
    place.parent.mkdir(parents=True)
    with place.open("wb") as file:
        write_po(file, catalog)
    command = [sys.executable, "-m", "sphinx", "-q", str(folder), str(folder / "built")]
    ended = subprocess.run(command, check=True, capture_output=True, text=True)
    return (folder / "built" / "index.html").read_text("utf-8"), ended.stderr


def test_a_page_that_is_translated_is_chinese_to_the_remarks_of_its_code(tmp_path):
    shown, warned = build(tmp_path, CHINESE)
    assert warned == ""
    assert all(chinese.split("`")[0] in shown for chinese in CHINESE.values())
    assert "a remark" not in shown
    assert "# not one of ours" in re.sub("<[^>]*>", "", shown)


def test_what_stays_english_on_a_chinese_page_is_a_warning(tmp_path):
    empty, a_list, a_comment = "", "1. 标题", "% 表头"
    damaged = dict(zip(CHINESE, [a_list, empty, a_comment, "一条说明", empty], strict=True))
    _, warned = build(tmp_path, damaged)
    named = [line for line in warned.splitlines() if "no translation is shown of" in line]
    assert ["index.md" in line for line in named] == [True] * (len(CHINESE) - 1)
    assert all(english.replace("`", "") in warned for english in CHINESE if english != "a remark")
