"""How the site is built: `make site`, every warning an error, nothing fetched."""

from pipeline import __version__

project = "ecoledger"
author = "The ecoledger developers"
release = __version__
extensions = ["myst_parser"]
html_theme = "furo"
html_title = f"ecoledger {release}"
html_copy_source = False
html_show_copyright = False
myst_heading_anchors = 3
nitpicky = True
