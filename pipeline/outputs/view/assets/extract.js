// The map of a fact sheet.

/** A still map of a parcel and those around it. */
function drawExtract(container, facts, layer, moment) {
  const protocol = "ecosheet";
  maplibregl.addProtocol(protocol, async ({ url }) => {
    const [z, x, y] = url.slice(`${protocol}://`.length).split("/").map(Number);
    return { data: (await layer.source.tiles(z, x, y, labelOf(moment))) ?? new ArrayBuffer(0) };
  });
  const { minzoom, maxzoom, bounds } = layer.source;
  const place = { source: "parcels", "source-layer": "parcels" };
  const own = ["==", ["get", "key"], facts.id];
  const map = new maplibregl.Map({
    container,
    interactive: false,
    attributionControl: false,
    locale: { "ScaleControl.Meters": ecoCatalog.map_words.metres, "ScaleControl.Kilometers": ecoCatalog.map_words.kilometres },
    fadeDuration: 0,
    canvasContextAttributes: { preserveDrawingBuffer: true },
    bounds: [[facts.place.bounds[0], facts.place.bounds[1]], [facts.place.bounds[2], facts.place.bounds[3]]],
    fitBoundsOptions: { padding: 56, maxZoom: 16, animate: false },
    style: {
      version: 8,
      sources: { parcels: { type: "vector", tiles: [`${protocol}://{z}/{x}/{y}`], minzoom, maxzoom, bounds } },
      layers: [
        { id: "ground", type: "background", paint: { "background-color": "#f4f6f4" } },
        { id: "around", type: "fill", ...place, paint: { "fill-color": "#dfe7e1", "fill-outline-color": "#8a938e" } },
        { id: "own", type: "fill", ...place, filter: own, paint: { "fill-color": "#e08a2c", "fill-opacity": 0.55 } },
        { id: "edge", type: "line", ...place, filter: own, paint: { "line-color": "#8a3b00", "line-width": 2.5 } },
      ],
    },
  });
  map.addControl(new maplibregl.ScaleControl({ maxWidth: 120 }), "bottom-left");
  const north = element("div", { class: "maplibregl-ctrl eco-north", "aria-hidden": "true" }, ecoCatalog.map_words.north_mark);
  map.addControl({ onAdd: () => north, onRemove: () => north.remove() }, "top-right");
  return map;
}
