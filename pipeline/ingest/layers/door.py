"""The door through which any raster becomes a layer: a file, a variable, a STAC collection."""

from pipeline.grid import Grid
from pipeline.ingest.layers.files import open_file
from pipeline.ingest.layers.layer import Layer, OpenLayer
from pipeline.ingest.layers.mosaics import open_collection
from pipeline.ingest.layers.variables import open_variable
from pipeline.ingest.reading.reader import Reader
from pipeline.periods import Period
from pipeline.settings.layers import LayerCollection, LayerFile, LayerSource


def open_layer(
    layer: Layer,
    given: LayerSource,
    grid: Grid,
    period: Period | None = None,
    reader: Reader | None = None,
) -> OpenLayer:
    """What a config names as a layer, over a grid, of a period where the layer changes with time.

    What the raster says of itself is read and obeyed: CRS, nodata, mask, scale, offset, unit, times, vertical
    datum. What it does not say is in `assumed`. Files of the network are read by a `reader`. Raises
    InputError with what keeps it from being the layer, by file and place; SettingsError, ProviderUnavailable
    and BrokenAsset where a provider does.
    """
    if isinstance(given, LayerFile):
        return open_file(layer, given)
    if isinstance(given, LayerCollection):
        return open_collection(layer, given, grid, period, reader)
    return open_variable(layer, given, period)
