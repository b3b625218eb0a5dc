"""Rasters of the accounts on the grid: what they are, the ground that stays, the fields of each year."""
