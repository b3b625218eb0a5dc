"""A delivery as a STAC 1.1 catalogue: rasters are items, other files assets, scenes what they come from."""
