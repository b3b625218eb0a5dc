"""How the site is built: `make docs`, in both languages, every warning an error, nothing fetched."""

import sys
from pathlib import Path

from pipeline import __version__

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "ecoledger"
author = "The ecoledger developers"
release = __version__
language = "zh_CN"
extensions = [
    "myst_nb",
    "sphinx.ext.autodoc",
    "sphinx.ext.napoleon",
    "sphinx_copybutton",
    "sphinx_design",
    "chinese_search",
    "mathml",
    "notebooks",
    "pictures",
    "remarks",
    "reference",
    "translation",
]
nitpicky = True
nitpick_ignore_regex = [("py:.*", ".*")]  # types of other projects, whose pages are not at hand
default_role = "code"
autodoc_member_order = "bysource"
exclude_patterns = ["_ext", "_templates", "locale"]

locale_dirs = ["locale"]
gettext_compact = False
gettext_location = False
gettext_uuid = False

nb_execution_mode = "off"  # `make notebooks` runs them

myst_heading_anchors = 3
myst_enable_extensions = ["colon_fence", "deflist", "dollarmath"]

html_theme = "furo"
html_title = f"ecoledger {release}"
html_copy_source = False
html_show_search_summary = False  # it is fetched, which a page opened from a file may not
html_show_copyright = False
html_math_renderer = "mathml"
html_static_path = ["_static"]
html_css_files = ["site.css"]
templates_path = ["_templates"]
html_theme_options = {
    "top_of_page_buttons": ["view"],  # its place is that of the switch of languages, see _templates
}
copybutton_exclude = ".linenos, .gp, .go"
