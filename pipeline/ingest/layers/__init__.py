"""Existing rasters on the grid."""
