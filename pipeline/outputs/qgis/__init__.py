"""What QGIS reads: styles of layers and rasters, forms, and the project that brings them together.

Element and attribute names are those that QGIS 3.22 writes itself; later versions read them too.
"""
