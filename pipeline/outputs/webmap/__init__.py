"""The map in pages: a widget of our own on MapLibre GL JS, and what of a delivery it shows."""
