// EcoMap: one map for the report and for local pages of a delivery folder. docs/webmap.md tells its interface.

const MARGIN_PX = 50;

function hasWebGL() {
  return Boolean(document.createElement("canvas").getContext("webgl2"));
}

function openConfig(config) {
  const layers = config.layers.map((layer) => ({ ...layer, source: layer.source && openSource(layer.source, layer.lists) }));
  return { grounds: [], stamp: "", ...config, outline: openSource(config.outline), layers };
}

function beginState({ layers, periods, period, ground = "" }) {
  const by = (value) => Object.fromEntries(layers.map((layer) => [layer.id, value(layer)]));
  return {
    period: period ?? periods.at(-1)?.key ?? "",
    other: null,
    ground,
    opacity: 0.85,
    shown: by(({ shown }) => shown !== false),
    themes: by(({ themes }) => themes[0]?.key),
    fills: by(({ look }) => look?.fill ?? LOOK.fill),
    off: {},
    filters: {},
    chosen: null,
    units: "ha",
  };
}

class EcologicalMap {
  constructor(container, config) {
    this.config = openConfig(config);
    this.container = container;
    this.listeners = {};
    this.state = beginState(this.config);
    this.act = this.buildActions();
    const { words, bounds } = this.config;
    const search = buildSearch({ words, find: (text) => this.find(text), choose: (hit) => this.select(hit.layer, hit.key, hit) });
    this.parts = buildFrame(this.config, { search, onFold: () => this.fold(), onEscape: () => this.close() });
    container.replaceChildren(this.parts.root);
    this.fold(this.isNarrow());
    this.pane = this.openPane(this.parts.lower, words.title, { bounds, fitBoundsOptions: { padding: 24 } });
    addControls(this.pane.map, words, () => this.fit(bounds));
  }

  isNarrow() {
    return this.parts.root.clientWidth < NARROW_PX;
  }

  openPane(element, title, place) {
    const pane = new Pane(element, this.config, { ...place, locale: buildLocale(this.config.words, title) });
    let waits = false;
    pane.map.on("click", ({ point }) => this.choose(pane.look(point)));
    pane.map.on("mouseout", () => pane.mark("pointed", null));
    pane.map.on("mousemove", ({ point }) => {
      if (waits) return;
      waits = true;
      requestAnimationFrame(() => {
        waits = false;
        const [found] = pane.look(point);
        pane.mark("pointed", found);
        pane.map.getCanvas().style.cursor = found ? "pointer" : "";
      });
    });
    pane.map.getCanvas().addEventListener("keydown", ({ key }) => {
      if (key === "Enter") this.choose(pane.look(pane.map.project(pane.map.getCenter())));
      if (key === "Escape") this.close();
    });
    return pane;
  }

  /** Open or shut the panel. */
  fold(shut = !this.parts.root.classList.contains("eco-folded")) {
    this.parts.root.classList.toggle("eco-folded", shut);
    this.parts.fold.setAttribute("aria-expanded", String(!shut));
  }

  /** Take a change into the state, and draw anew what it changes. */
  async update(change = {}) {
    Object.assign(this.state, change);
    refill(this.parts.options, listPanelParts(this.config, this.state, this.act));
    refill(this.parts.times, this.listTimes());
    await this.draw();
  }

  /** The period of each pane: the earlier on the left. */
  listShown() {
    const { period, other } = this.state;
    const order = this.config.periods.map(({ key }) => key);
    return other === null ? [period] : [period, other].sort((one, next) => order.indexOf(one) - order.indexOf(next));
  }

  async draw() {
    const panes = [this.pane, this.second];
    await Promise.all(panes.map((pane) => pane?.ready));
    const shown = this.listShown();
    panes.forEach((pane, at) => {
      const isOpen = pane && pane === [this.pane, this.second][at];
      if (isOpen && at in shown) pane.show({ ...this.state, period: shown[at] });
    });
    this.bar?.querySelectorAll("b").forEach((tag, at) => { tag.textContent = this.titleOf(shown[at]); });
  }

  titleOf(period) {
    return this.config.periods.find(({ key }) => key === period)?.title ?? "";
  }

  buildActions() {
    const change = (part, layer, value) => this.update({ [part]: { ...this.state[part], [layer]: value } });
    const quiet = (part, value) => { this.state[part] = value; return this.draw(); };
    return {
      showLayer: (layer, shown) => change("shown", layer, shown),
      setTheme: (layer, key) => change("themes", layer, key),
      setFill: (layer, share) => quiet("fills", { ...this.state.fills, [layer]: share }),
      setOpacity: (opacity) => quiet("opacity", opacity),
      setGround: (ground) => this.setGround(ground),
      setUnits: (units) => this.setUnits(units),
      setFilter: (layer, property, value) => change("filters", layer, { ...this.state.filters[layer], [property]: value }),
      toggleClass: (layer, theme, value) => {
        const off = this.state.off[layer]?.[theme] ?? [];
        const next = off.includes(value) ? off.filter((one) => one !== value) : [...off, value];
        return change("off", layer, { ...this.state.off[layer], [theme]: next });
      },
    };
  }

  listTimes() {
    const { periods, words } = this.config;
    const { period, other } = this.state;
    const entries = periods.map(({ key, title }) => [key, title]);
    const shown = buildChoice(words.period, entries, period, (key) => this.setPeriod(key));
    const others = [["", words.no_compare], ...entries.filter(([key]) => key !== period)];
    const beside = buildChoice(words.compare, others, other ?? "", (key) => this.compare(key || null));
    return [...this.listPlaces(), shown, ...(periods.length > 1 ? [beside] : [])];
  }

  /** A choice between the whole and its parts, where there are several. */
  listPlaces() {
    const { outline, words, bounds } = this.config;
    const parts = outline.table?.keys.map((key, row) => [key, nameRow({ source: outline, title_column: "name" }, row)]) ?? [];
    if (parts.length < 2) return [];
    const go = (key) => { this.place = key; this.fit(key ? outline.table.bounds(key) : bounds); };
    return [buildChoice(words.place, [["", words.whole], ...parts], this.place ?? "", go)];
  }

  /** Show a period, by its key. */
  async setPeriod(period) {
    if (period === this.state.other) await this.compare(null);
    await this.update({ period });
    if (this.chosen) await this.open(this.state.chosen, this.chosen.others, { quiet: true });
    this.emit("period", period);
  }

  /** Show another period beside the one that is shown, with a bar between them; null ends it. */
  async compare(other) {
    if (other === null) this.endCompare();
    else if (!this.second) this.beginCompare();
    await this.update({ other });
  }

  beginCompare() {
    const { frame, upper } = this.parts;
    const { map } = this.pane;
    upper.hidden = false;
    this.second = this.openPane(upper, this.config.words.other_map, { center: map.getCenter(), zoom: map.getZoom() });
    tieMaps(map, this.second.map);
    this.bar = buildSwipe(frame, upper, this.config.words);
    frame.append(this.bar);
  }

  endCompare() {
    this.second?.map.remove();
    this.bar?.remove();
    this.parts.upper.hidden = true;
    this.second = this.bar = null;
  }

  /** Lay a map beneath; areas that are filled give way to it, and come back without it. */
  setGround(ground) {
    const give = ({ id, look = {} }) => [id, ground && look.yields ? 0 : (look.fill ?? LOOK.fill)];
    const turns = Boolean(ground) !== Boolean(this.state.ground);
    return this.update({ ground, ...(turns && { fills: Object.fromEntries(this.config.layers.map(give)) }) });
  }

  /** Areas of cards in `ha` or in `mu`. */
  async setUnits(units) {
    await this.update({ units });
    if (this.chosen) this.fillCard();
  }

  /** What answers a search: rows of tables that the page carries, or what its own `find` gives. */
  async find(text) {
    return this.config.find ? this.config.find(text) : findRows([...this.config.layers].reverse(), text);
  }

  findLayer(id) {
    return this.config.layers.find((layer) => layer.id === id);
  }

  /** Show one feature: its layer, its place, its card. */
  async select(layer, key, { bounds } = {}) {
    const box = bounds ?? this.findLayer(layer).source?.table?.bounds(key);
    if (this.isNarrow()) this.fold(true);
    if (!this.state.shown[layer]) await this.act.showLayer(layer, true);
    await this.open({ layer, key, properties: {} }, []);
    if (box) this.fit(box);
  }

  choose([first, ...others]) {
    return first ? this.open(first, others) : this.close();
  }

  async open(feature, others, { quiet = false } = {}) {
    const { layer, key, properties } = feature;
    const { period } = this.state;
    const found = this.findLayer(layer);
    this.state.chosen = feature;
    const card = found.facts ? await found.facts(key, properties, period) : buildTableCard(found, key, this.config, period);
    if (this.state.chosen !== feature) return;
    this.chosen = { card, others };
    const heading = this.fillCard();
    await this.draw();
    if (quiet) return;
    this.parts.card.scrollTop = 0;
    heading.focus({ preventScroll: true });
    this.emit("select", { layer, key });
  }

  fillCard() {
    const { words, stamp } = this.config;
    const { card, others } = this.chosen;
    const feature = this.state.chosen;
    const also = others.map((one) => {
      const rest = [feature, ...others.filter((other) => other !== one)];
      return buildButton(this.nameFeature(one), () => this.open(one, rest));
    });
    return showCard(this.parts.card, card, { words, units: this.state.units, stamp, also, onClose: () => this.close() });
  }

  nameFeature({ layer, key }) {
    const found = this.findLayer(layer);
    const table = found.source?.table;
    return `${found.title} ${table ? nameRow(found, table.rows.get(key)) : key}`;
  }

  /** Shut the card. */
  close() {
    if (!this.chosen) return undefined;
    this.parts.card.hidden = true;
    this.chosen = null;
    this.state.chosen = null;
    this.pane.map.getCanvas().focus({ preventScroll: true });
    return this.draw();
  }

  /** Bring a place into view, beside the card where that is open. */
  fit(bounds) {
    const animate = !matchMedia("(prefers-reduced-motion: reduce)").matches;
    this.pane.map.fitBounds(bounds, { padding: this.measurePadding(), maxZoom: 16, animate, duration: 500 });
  }

  measurePadding() {
    const padding = { top: MARGIN_PX, bottom: MARGIN_PX, left: MARGIN_PX, right: MARGIN_PX };
    if (this.parts.card.hidden) return padding;
    const [frame, card] = [this.parts.frame, this.parts.card].map((element) => element.getBoundingClientRect());
    const hidden = this.isNarrow() ? { bottom: frame.bottom - card.top } : { right: frame.right - card.left };
    return Object.fromEntries(Object.entries(padding).map(([side, px]) => [side, px + (hidden[side] ?? 0)]));
  }

  on(event, listener) {
    (this.listeners[event] ??= []).push(listener);
    return this;
  }

  emit(event, detail) {
    for (const listener of this.listeners[event] ?? []) listener(detail);
  }

  remove() {
    this.endCompare();
    this.pane.map.remove();
    this.container.replaceChildren();
  }
}

/** A map in an element of the page; null, and a word there, where the browser cannot draw one. */
async function create(container, config) {
  if (!hasWebGL()) {
    container.replaceChildren(build("p", { class: "eco-absent", role: "status" }, config.words.absent));
    return null;
  }
  const map = new EcologicalMap(container, config);
  await map.update();
  container.dataset.ready = "true";
  return map;
}
