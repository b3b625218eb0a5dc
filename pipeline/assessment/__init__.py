"""Assessment: how an area does against targets, norms and its neighbours.

Pure arithmetic over tables and geometries: it opens no file and no socket. `flow/assessment/` brings the
tables together, one file for each part; what a part is says `flow/assessment/part.py`.
"""
