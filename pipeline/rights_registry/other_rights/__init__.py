"""Other rights than those of the land register: water, discharge, energy, carbon, forest, aquaculture.

`states` says which are in force on a day, `linking` what they are linked to, `places` where they lie;
`balance` and `trades` what was granted, traded and used; `conflicts` which hold the same; `judging` makes
findings, `telling` the table of rights.
"""
