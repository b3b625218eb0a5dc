"""Surveys of species as staff have them, long or wide, made into records; and the tables beside them.

`surveys` reads the tables that are named: `layouts` tells where their headings are and what each column is
of, `titles` what stands around them, `records` reads the cells by `counts`, `days` and `names`, `repeats`
holds entries against each other. `entries` reads the tables of names, sites, populations and habitats;
`faults` says why something is not used.
"""
