"""Scenes, samples and land parcels in; the ecological product inventory with its evidence out."""

__version__ = "0.1.0"
