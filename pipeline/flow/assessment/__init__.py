"""The assessment of an area: one file for each part, which `registry` lists; `part` says what a part is."""
