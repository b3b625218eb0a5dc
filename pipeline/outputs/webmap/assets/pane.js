// A pane is one map of MapLibre that shows a state: period, ground, layers, themes, filters, what is chosen.

const loaders = new Map();

/** An address that MapLibre asks for through us, so that chunks and pictures of a page need no server. */
function registerLoader(load) {
  if (!loaders.size)
    maplibregl.addProtocol("eco", async ({ url }) => {
      const [number, variant, ...place] = url.slice("eco://".length).split("/");
      const found = await loaders.get(number)(...place.map(Number), decodeURIComponent(variant ?? ""));
      return { data: found ?? new ArrayBuffer(0) };
    });
  const number = String(loaders.size + 1);
  loaders.set(number, load);
  return `eco://${number}`;
}

function decodePicture(address) {
  const letters = atob(address.slice(address.indexOf(",") + 1));
  return Uint8Array.from(letters, (letter) => letter.charCodeAt(0)).buffer;
}

/** The address of tiles, of one variant where a source has several. */
function nameTiles(source, variant = "") {
  source.address ??= registerLoader(source.tiles);
  return [`${source.address}/${encodeURIComponent(variant)}/{z}/{x}/{y}`];
}

function buildTiles(type, source) {
  const { minzoom = 0, maxzoom = 14, bounds } = source;
  return { type, tiles: nameTiles(source), minzoom, maxzoom, ...(bounds && { bounds }) };
}

function buildSource(source) {
  if (source.tiles) return { ...buildTiles("vector", source), promoteId: "key" };
  return { type: "geojson", data: source.geojson ?? EMPTY, promoteId: "key", tolerance: 0.3 };
}

const EMPTY = { type: "FeatureCollection", features: [] };

function buildGround(image) {
  if (image.tiles) return { ...buildTiles("raster", image), tileSize: image.tileSize ?? 256 };
  const [west, south, east, north] = image.bounds;
  const url = image.url.startsWith("data:") ? registerLoader(async () => decodePicture(image.url)) : image.url;
  return { type: "image", url, coordinates: [[west, north], [east, north], [east, south], [west, south]] };
}

function buildStyle({ layers, outline }) {
  const paint = { "line-color": INK, "line-width": 2, "line-dasharray": [3, 1.5] };
  const sources = Object.fromEntries(layers.map(({ id, source }) => [id, buildSource(source)]));
  return {
    version: 8,
    sources: { outline: buildSource(outline), ...sources },
    layers: [
      { id: "background", type: "background", paint: { "background-color": "#e9eeeb" } },
      ...layers.flatMap(listStyleLayers),
      { id: "outline", type: "line", source: "outline", paint },
      ...layers.filter(({ label }) => label).map(buildLabels),
    ],
  };
}

const PARTS = ["body", "line", "marked", "label"];

class Pane {
  constructor(container, config, place) {
    this.config = config;
    this.told = {};
    this.variants = {};
    this.marks = {};
    this.map = new maplibregl.Map({
      container,
      style: buildStyle(config),
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      maxZoom: 19,
      cooperativeGestures: config.page ?? false,
      ...place,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.on("styleimagemissing", ({ id }) => drawLabel(this.map, id));
    this.ready = new Promise((done) => { this.map.once("load", done); });
  }

  /** Show a state, once the pane is ready; what stayed as it was is left alone. */
  show(state) {
    this.showGround(state);
    for (const layer of this.config.layers) this.showLayer(layer, state);
    this.mark("chosen", state.chosen);
  }

  showGround(state) {
    const ground = this.config.grounds.find(({ id }) => id === state.ground);
    const key = ground && (state.period in ground.images ? state.period : "");
    const image = ground?.images[key];
    const name = image ? `${ground.id}@${key}` : "";
    if (name !== (this.ground ?? "")) this.changeGround(image);
    this.ground = name;
    if (image) this.map.setPaintProperty("ground", "raster-opacity", state.opacity);
  }

  changeGround(image) {
    if (this.ground) {
      this.map.removeLayer("ground");
      this.map.removeSource("ground");
    }
    if (!image) return;
    const paint = { "raster-resampling": "nearest", "raster-fade-duration": 0 };
    const above = this.map.getStyle().layers[1].id;
    this.map.addSource("ground", buildGround(image));
    this.map.addLayer({ id: "ground", type: "raster", source: "ground", paint }, above);
  }

  /** The features of a layer, where they are others in another period. */
  showSource({ id, source }, period) {
    const variant = source.variant?.(period);
    if (this.variants[id] === variant) return;
    this.variants[id] = variant;
    if (source.tiles) this.map.getSource(id).setTiles(nameTiles(source, variant));
    else this.map.getSource(id).setData(source.geojsons(variant));
  }

  showLayer(layer, state) {
    this.showSource(layer, state.period);
    const theme = layer.themes.find(({ key }) => key === state.themes[layer.id]);
    const filter = buildFilter(listTests(layer, theme, state));
    const visibility = state.shown[layer.id] ? "visible" : "none";
    const paint = listPaint(layer, theme, state);
    const told = JSON.stringify([paint, filter, visibility, state.period]);
    if (this.told[layer.id] === told) return;
    this.told[layer.id] = told;
    for (const [part, property, value] of paint) this.map.setPaintProperty(`${layer.id}:${part}`, property, value);
    for (const [part, property, value] of listLayout(layer, theme, state)) this.map.setLayoutProperty(`${layer.id}:${part}`, property, value);
    for (const id of PARTS.map((part) => `${layer.id}:${part}`).filter((part) => this.map.getLayer(part))) {
      this.map.setFilter(id, filter);
      this.map.setLayoutProperty(id, "visibility", visibility);
    }
  }

  /** Mark one feature as `chosen` or `pointed`, and the one that was no more. */
  mark(how, feature) {
    if (this.marks[how]) this.map.setFeatureState(this.marks[how], { [how]: false });
    this.marks[how] = feature ? this.locate(feature) : null;
    if (feature) this.map.setFeatureState(this.marks[how], { [how]: true });
  }

  locate({ layer, key }) {
    const { source } = this.config.layers.find(({ id }) => id === layer);
    return { source: layer, id: key, ...(source.tiles && { sourceLayer: source.layer }) };
  }

  /** What lies at a point of the pane, the topmost first, each once: points and lines also near by. */
  look({ x, y }) {
    const reach = 5;
    const near = this.listBodies((geometry) => geometry !== "polygon");
    const under = this.listBodies((geometry) => geometry === "polygon");
    const box = [[x - reach, y - reach], [x + reach, y + reach]];
    const found = [
      ...(near.length ? this.map.queryRenderedFeatures(box, { layers: near }) : []),
      ...(under.length ? this.map.queryRenderedFeatures([x, y], { layers: under }) : []),
    ];
    const features = found.map(({ source, properties }) => ({ layer: source, key: properties.key, properties }));
    return [...new Map(features.map((one) => [`${one.layer}:${one.key}`, one])).values()];
  }

  listBodies(fits) {
    const bodies = this.config.layers.filter(({ geometry }) => fits(geometry)).map(({ id }) => `${id}:body`);
    return bodies.filter((id) => this.map.getLayoutProperty(id, "visibility") !== "none");
  }
}
