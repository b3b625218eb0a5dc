"""What the health of rivers and lakes is read from: bodies, tables of measures, water function zones.

`bodies` reads outlines and lists of bodies, `measures` tables of figures, `zones` those of water function
zones; `words` says what headings and cells mean, `spans` what words for a time do, `columns` finds headings.
"""
