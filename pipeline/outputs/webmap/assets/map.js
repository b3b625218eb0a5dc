// EcoMap: one map widget for the report and for the local pages of a delivery folder. docs/webmap.md tells its interface.

/** Words of MapLibre's own controls. */
function buildLocale(words) {
  return {
    "NavigationControl.ZoomIn": words.zoom_in,
    "NavigationControl.ZoomOut": words.zoom_out,
    "Map.Title": words.title,
    "ScaleControl.Meters": words.metres,
    "ScaleControl.Kilometers": words.kilometres,
    "CooperativeGesturesHandler.WindowsHelpText": words.scroll_help,
    "CooperativeGesturesHandler.MacHelpText": words.scroll_help,
    "CooperativeGesturesHandler.MobileHelpText": words.touch_help,
  };
}

function hasWebGL() {
  try {
    return Boolean(document.createElement("canvas").getContext("webgl2"));
  } catch {
    return false;
  }
}

/** A table with what is looked up in it: the row of a key, the bounds of a row, lists by row. */
function openLayer(layer) {
  const { table } = layer.source;
  if (!table) return layer;
  table.rows = new Map(table.keys.map((key, row) => [key, row]));
  table.bounds = (row) => {
    const parts = table.shapes.parts[row];
    return parts ? measureBounds(unpackShape(parts, table.shapes)) : null;
  };
  for (const list of Object.values(layer.lists ?? {})) {
    list.rows = new Map();
    list.of.forEach((row, at) => list.rows.set(row, [...(list.rows.get(row) ?? []), at]));
  }
  return { ...layer, source: { ...layer.source, geojson: buildCollection(table) } };
}

function openConfig(config) {
  const outline = config.outline.table ? { geojson: buildCollection(config.outline.table) } : config.outline;
  return { grounds: [], ...config, outline, layers: config.layers.map(openLayer) };
}

function beginState(config) {
  const by = (value) => Object.fromEntries(config.layers.map((layer) => [layer.id, value(layer)]));
  return {
    period: config.period ?? config.periods.at(-1)?.key ?? "",
    other: null,
    ground: config.ground ?? "",
    opacity: 0.85,
    shown: by((layer) => layer.shown !== false),
    themes: by((layer) => layer.themes[0]?.key),
    off: {},
    filters: {},
    chosen: null,
    units: "ha",
  };
}

class Widget {
  constructor(container, config) {
    this.config = openConfig(config);
    this.container = container;
    this.listeners = {};
    this.state = beginState(this.config);
    this.buildFrame();
    this.pane = new Pane(this.lower, this.config, { bounds: this.config.bounds, fitBoundsOptions: { padding: 24 }, cooperativeGestures: config.page ?? false });
    this.addControls();
    this.listen(this.pane);
  }

  buildFrame() {
    const { words } = this.config;
    this.lower = build("div", { class: "eco-pane" });
    this.upper = build("div", { class: "eco-pane eco-upper", hidden: true });
    this.card = build("aside", { class: "eco-card", "aria-label": words.card, hidden: true, onkeydown: (event) => event.key === "Escape" && this.close() });
    this.times = build("div", { class: "eco-times", role: "group", "aria-label": words.period });
    this.options = build("div", { class: "eco-options" });
    const search = buildSearch({ words, find: async (text) => this.find(text), choose: (hit) => this.select(hit.layer, hit.key, hit) });
    this.panel = build("div", { class: "eco-panel", role: "region", "aria-label": words.layers, tabindex: "-1" }, search, this.options);
    const fold = buildButton(words.layers, () => this.fold(), { class: "eco-fold", "aria-expanded": "true" });
    this.foldButton = fold;
    this.frame = build("div", { class: "eco-frame" }, this.lower, this.upper, build("span", { class: "eco-cross", "aria-hidden": "true" }), this.times);
    if (this.config.stamp) this.frame.append(build("p", { class: "eco-stamp eco-over" }, this.config.stamp));
    this.root = build("div", { class: "eco-map", lang: this.config.language }, fold, this.panel, this.frame, this.card);
    this.container.replaceChildren(this.root);
    if (this.root.clientWidth < 700) this.fold();
  }

  addControls() {
    const { map } = this.pane;
    map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
    map.addControl(new maplibregl.ScaleControl({ maxWidth: 140 }), "bottom-left");
    const home = buildButton("⌂", () => this.fit(this.config.bounds), { "aria-label": this.config.words.whole, title: this.config.words.whole });
    const group = build("div", { class: "maplibregl-ctrl maplibregl-ctrl-group" }, home);
    map.addControl({ onAdd: () => group, onRemove: () => group.remove() }, "top-right");
    const north = build("div", { class: "maplibregl-ctrl eco-north", "aria-hidden": "true" }, "N");
    map.addControl({ onAdd: () => north, onRemove: () => north.remove() }, "top-right");
  }

  listen(pane) {
    pane.map.on("click", ({ point }) => this.choose(pane.look(point)));
    pane.map.on("mousemove", ({ point }) => {
      const [found] = pane.look(point);
      pane.mark("pointed", found);
      pane.map.getCanvas().style.cursor = found ? "pointer" : "";
    });
    pane.map.on("mouseout", () => pane.mark("pointed", null));
    pane.map.getCanvas().addEventListener("keydown", (event) => {
      if (event.key === "Enter") this.choose(pane.look(pane.map.project(pane.map.getCenter())));
      if (event.key === "Escape") this.close();
    });
  }

  fold() {
    const open = this.root.classList.toggle("eco-folded") === false;
    this.foldButton.setAttribute("aria-expanded", String(open));
  }

  /** Draw everything anew that the state changes. */
  async update(change = {}) {
    Object.assign(this.state, change);
    this.fillTimes();
    const act = this.act ??= this.buildActions();
    fillPanel(this.options, this.config, this.state, act);
    await this.pane.show(this.state);
    if (this.second) await this.second.show({ ...this.state, period: this.state.other });
  }

  buildActions() {
    const merge = (part, layer, change) => ({ [part]: { ...this.state[part], [layer]: change } });
    return {
      words: this.config.words,
      showLayer: (layer, shown) => this.update(merge("shown", layer, shown)),
      setTheme: (layer, key) => this.update(merge("themes", layer, key)),
      setGround: (ground) => this.update({ ground }),
      setOpacity: (opacity) => { this.state.opacity = opacity; this.pane.showGround(this.state); this.second?.showGround({ ...this.state, period: this.state.other }); },
      setFilter: (layer, property, value) => this.update(merge("filters", layer, { ...this.state.filters[layer], [property]: value })),
      toggleClass: (layer, theme, value) => {
        const off = this.state.off[layer]?.[theme] ?? [];
        const next = off.includes(value) ? off.filter((one) => one !== value) : [...off, value];
        return this.update(merge("off", layer, { ...this.state.off[layer], [theme]: next }));
      },
    };
  }

  fillTimes() {
    const { periods, words } = this.config;
    const { period, other } = this.state;
    const entries = periods.map(({ key, title }) => [key, title]);
    const parts = [buildChoice(words.period, entries, period, (key) => this.setPeriod(key))];
    if (periods.length > 1) {
      const choices = [["", words.no_compare], ...entries.filter(([key]) => key !== period)];
      parts.push(buildChoice(words.compare, choices, other ?? "", (key) => this.compare(key || null)));
    }
    const held = [...this.times.querySelectorAll("select")].indexOf(document.activeElement);
    this.times.replaceChildren(...parts);
    if (held >= 0) this.times.querySelectorAll("select")[held]?.focus();
  }

  /** Show a period, by its key. */
  async setPeriod(period) {
    if (period === this.state.other) await this.compare(null);
    await this.update({ period });
    this.emit("period", period);
  }

  /** Lay another period over the right side, behind a bar that is drawn; null ends it. */
  async compare(other) {
    if (!other && this.second) {
      this.second.map.remove();
      this.second = null;
      this.swipe.remove();
      this.upper.hidden = true;
    } else if (other && !this.second) {
      this.upper.hidden = false;
      const { map } = this.pane;
      this.second = new Pane(this.upper, this.config, { center: map.getCenter(), zoom: map.getZoom() });
      tieMaps(map, this.second.map);
      this.listen(this.second);
      this.swipe = buildSwipe(this.frame, this.upper, this.config.words);
      this.frame.append(this.swipe);
    }
    await this.update({ other });
  }

  /** What answers a search: rows of tables that the page carries, or what the page's own `find` gives. */
  async find(text) {
    return this.config.find ? this.config.find(text) : findRows([...this.config.layers].reverse(), text);
  }

  choose(found) {
    if (!found.length) return this.close();
    const [first, ...others] = found;
    return this.open(first, others);
  }

  /** Show one feature: its layer, its place, its card. */
  async select(layer, key, { bounds, center } = {}) {
    const one = this.config.layers.find(({ id }) => id === layer);
    const { table } = one.source;
    const box = bounds ?? table?.bounds(table.rows.get(key));
    if (!this.state.shown[layer]) await this.act.showLayer(layer, true);
    if (box) this.fit(box);
    else if (center) this.pane.map.jumpTo({ center });
    await this.open({ layer, key, properties: {} }, []);
  }

  async open(feature, others) {
    const { layer, key } = feature;
    const one = this.config.layers.find(({ id }) => id === layer);
    await this.update({ chosen: { layer, key } });
    const card = one.facts ? await one.facts(key, feature.properties) : buildTableCard(one, key, this.config);
    if (this.state.chosen?.key !== key) return;
    this.shown = { card, others };
    this.fillCard().focus({ preventScroll: true });
    this.emit("select", { layer, key });
  }

  fillCard() {
    const { words, stamp } = this.config;
    const { card, others } = this.shown;
    const named = others.map((one) => ({ ...one, title: this.nameFeature(one) }));
    const onOther = (one) => this.open(one, [{ ...this.state.chosen, properties: {} }, ...others.filter((rest) => rest.key !== one.key)]);
    return showCard(this.card, card, { words, units: this.state.units, stamp, others: named, onOther, onClose: () => this.close() });
  }

  nameFeature({ layer, key }) {
    const one = this.config.layers.find(({ id }) => id === layer);
    const row = one.source.table?.rows.get(key);
    return `${one.title} ${one.source.table?.columns[one.title_column]?.[row] ?? key}`;
  }

  close() {
    if (this.card.hidden) return undefined;
    this.card.hidden = true;
    this.pane.map.getCanvas().focus({ preventScroll: true });
    return this.update({ chosen: null });
  }

  /** Areas in `ha` or in `mu`. */
  setUnits(units) {
    this.state.units = units;
    if (!this.card.hidden) this.fillCard();
  }

  fit(bounds) {
    this.pane.map.fitBounds(bounds, { padding: 60, maxZoom: 16, animate: !matchMedia("(prefers-reduced-motion: reduce)").matches, duration: 500 });
  }

  on(event, listener) {
    (this.listeners[event] ??= []).push(listener);
    return this;
  }

  emit(event, detail) {
    for (const listener of this.listeners[event] ?? []) listener(detail);
  }

  remove() {
    this.second?.map.remove();
    this.pane.map.remove();
    this.container.replaceChildren();
  }
}

/** A map in an element of the page; null, and a word there, where the browser cannot draw one. */
async function create(container, config) {
  if (!hasWebGL()) {
    container.replaceChildren(build("p", { class: "eco-absent", role: "status" }, config.words.no_webgl));
    return null;
  }
  const widget = new Widget(container, config);
  await widget.update();
  container.dataset.ready = "true";
  return widget;
}
