"""Sums of maps over ground: exact coverage of pixels by parcels and outlines, and the measures of it."""
