"""Health of rivers and lakes: from figures of a body to scores, layers and a card; compliance of zones.

`scores` gives values their scores, `cards` joins them after a scheme; `waters` are figures of the sections of
a body, `ground` those of maps about it, `told` those of tables; `bodies` says which sections are on it,
`zones` which water function zones complied.
"""
