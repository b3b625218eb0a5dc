"""Species: how many were found, which came and went, which waterbirds reach 1 %, and where they live.

`surveys` sorts records by period, group and effort; `counts`, `change`, `waterbirds` and `habitats` make the
tables, `indicators` the figures of an area.
"""
