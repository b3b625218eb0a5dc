// A pane is one MapLibre map that shows a state: period, ground, layers, themes, filters, what is chosen.

const loaders = new Map();
let loaderCount = 0;

/** An address that MapLibre asks for through us, so that files, chunks and pictures need no server. */
function registerLoader(load) {
  if (!loaders.size)
    maplibregl.addProtocol("eco", async ({ url }) => {
      const [number, variant, ...place] = url.slice("eco://".length).split("/");
      const load = loaders.get(number);
      return { data: (await load(...place.map(Number), decodeURIComponent(variant ?? ""))) ?? new ArrayBuffer(0) };
    });
  const number = String((loaderCount += 1));
  loaders.set(number, load);
  return `eco://${number}`;
}

function decodePicture(address) {
  const bytes = atob(address.slice(address.indexOf(",") + 1));
  return Uint8Array.from(bytes, (letter) => letter.charCodeAt(0)).buffer;
}

/** The address of tiles, of one variant where a source has several. */
function nameTiles(source, variant = "") {
  source.address ??= registerLoader(source.tiles);
  return [`${source.address}/${encodeURIComponent(variant)}/{z}/{x}/{y}`];
}

function buildSource(source) {
  if (!source.tiles) return { type: "geojson", data: source.geojson, promoteId: "key", tolerance: 0.3 };
  const { minzoom = 0, maxzoom = 14, bounds } = source;
  return { type: "vector", tiles: nameTiles(source), minzoom, maxzoom, promoteId: "key", ...(bounds && { bounds }) };
}

function buildGround(image) {
  const [west, south, east, north] = image.bounds;
  if (image.tiles) {
    const { minzoom = 0, maxzoom = 14, tileSize = 256 } = image;
    return { type: "raster", tiles: nameTiles(image), minzoom, maxzoom, tileSize, bounds: image.bounds };
  }
  const url = image.url.startsWith("data:") ? registerLoader(async () => decodePicture(image.url)) : image.url;
  return { type: "image", url, coordinates: [[west, north], [east, north], [east, south], [west, south]] };
}

function buildStyle(config) {
  const sources = { outline: buildSource(config.outline) };
  const layers = [{ id: "background", type: "background", paint: { "background-color": "#e9eeeb" } }];
  for (const layer of config.layers) {
    sources[layer.id] = buildSource(layer.source);
    layers.push(...listStyleLayers(layer));
  }
  layers.push({ id: "outline", type: "line", source: "outline", paint: { "line-color": INK, "line-width": 2, "line-dasharray": [3, 1.5] } });
  for (const layer of config.layers.filter((one) => one.label)) layers.push(buildLabels(layer));
  return { version: 8, sources, layers };
}

class Pane {
  constructor(container, config, place) {
    this.config = config;
    this.ground = "";
    this.map = new maplibregl.Map({
      container,
      style: buildStyle(config),
      ...place,
      attributionControl: false,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      maxZoom: 19,
      locale: buildLocale(config.words),
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.on("styleimagemissing", ({ id }) => drawLabel(this.map, id));
    this.ready = new Promise((done) => this.map.once("load", done));
  }

  /** Show a state; what stayed as it was is left alone. */
  async show(state) {
    await this.ready;
    this.showGround(state);
    for (const layer of this.config.layers) this.showLayer(layer, state);
    this.mark("chosen", state.chosen);
  }

  showGround(state) {
    const ground = this.config.grounds.find((one) => one.id === state.ground);
    const image = ground && (ground.images[state.period] ?? ground.images[""]);
    const name = image ? `${ground.id}@${ground.images[state.period] ? state.period : ""}` : "";
    if (name !== this.ground) {
      if (this.ground) {
        this.map.removeLayer("ground");
        this.map.removeSource("ground");
      }
      if (image) {
        this.map.addSource("ground", buildGround(image));
        const paint = { "raster-resampling": "nearest", "raster-fade-duration": 0 };
        this.map.addLayer({ id: "ground", type: "raster", source: "ground", paint }, this.config.layers[0] ? `${this.config.layers[0].id}:body` : "outline");
      }
      this.ground = name;
    }
    if (image) this.map.setPaintProperty("ground", "raster-opacity", state.opacity);
  }

  /** The features of a layer, where they are others in another period. */
  showSource({ id, source }, period) {
    const variant = source.variant?.(period);
    this.variants ??= {};
    if (this.variants[id] === variant) return;
    this.variants[id] = variant;
    if (source.tiles) this.map.getSource(id).setTiles(nameTiles(source, variant));
    else this.map.getSource(id).setData(source.geojsons(variant));
  }

  showLayer(layer, state) {
    this.showSource(layer, state.period);
    const theme = layer.themes.find((one) => one.key === state.themes[layer.id]);
    const visibility = state.shown[layer.id] ? "visible" : "none";
    const filter = buildFilter(layer, theme, state);
    const told = JSON.stringify([theme?.key, state.period, visibility, filter]);
    this.told ??= {};
    if (this.told[layer.id] === told) return;
    this.told[layer.id] = told;
    for (const [id, property, value] of listPaint(layer, theme, state.period)) this.map.setPaintProperty(id, property, value);
    if (layer.label) this.map.setLayoutProperty(`${layer.id}:label`, "icon-image", nameLabel(layer, state.period));
    for (const id of this.listIds(layer)) {
      this.map.setFilter(id, filter);
      this.map.setLayoutProperty(id, "visibility", visibility);
    }
  }

  listIds(layer) {
    return ["body", "line", "marked", "label"].map((part) => `${layer.id}:${part}`).filter((id) => this.map.getLayer(id));
  }

  /** Mark one feature as `chosen` or `pointed`, and the one that was no more. */
  mark(how, feature) {
    this.marks ??= {};
    const before = this.marks[how];
    if (before) this.map.setFeatureState(before, { [how]: false });
    this.marks[how] = feature && this.place(feature);
    if (feature) this.map.setFeatureState(this.marks[how], { [how]: true });
  }

  place({ layer, key }) {
    const { source } = this.config.layers.find((one) => one.id === layer);
    return { source: layer, id: key, ...(source.tiles && { sourceLayer: source.layer }) };
  }

  /** What lies at a point of the pane, the topmost first, each once. */
  look(point) {
    const reach = 5;
    const box = [[point.x - reach, point.y - reach], [point.x + reach, point.y + reach]];
    const points = this.listBodies("point");
    const areas = this.listBodies("polygon");
    const found = [
      ...(points.length ? this.map.queryRenderedFeatures(box, { layers: points }) : []),
      ...(areas.length ? this.map.queryRenderedFeatures(point, { layers: areas }) : []),
    ];
    const seen = new Map();
    for (const { source, properties, geometry } of found) {
      const name = JSON.stringify([source, properties.key]);
      if (!seen.has(name)) seen.set(name, { layer: source, key: properties.key, properties, geometry });
    }
    return [...seen.values()];
  }

  listBodies(geometry) {
    const drawn = this.config.layers.filter((layer) => layer.geometry === geometry).map((layer) => `${layer.id}:body`);
    return drawn.filter((id) => this.map.getLayoutProperty(id, "visibility") !== "none");
  }
}
