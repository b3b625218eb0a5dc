// The panel: what is shown, how it is coloured, what the colours mean, what is left out.

function buildChip({ color }) {
  return build("i", { style: `background: ${color}` });
}

function buildRamp({ stops, unit, digits = 2 }) {
  const [low, high] = [stops[0][0], stops.at(-1)[0]];
  const colors = stops.map(([value, color]) => `${color} ${((value - low) / (high - low)) * 100}%`);
  const write = (value) => value.toLocaleString("en-US", { maximumFractionDigits: digits });
  const ends = [write(low), unit ?? "", write(high)].map((text) => build("span", {}, text));
  const bar = build("div", { class: "eco-bar", style: `background: linear-gradient(to right, ${colors.join(", ")})` });
  return build("div", {}, bar, build("div", { class: "eco-ends" }, ...ends));
}

/** A legend; where `onToggle` is given, each class is a button that takes it off the map and back. */
function buildLegend({ classes = [], stops, other, ...ramp }, off, onToggle) {
  const items = classes.map((entry) => {
    if (!onToggle) return build("span", {}, buildChip(entry), entry.name);
    const button = buildButton("", () => onToggle(entry.value), { "aria-pressed": String(!off.includes(entry.value)) });
    button.append(buildChip(entry), entry.name);
    return button;
  });
  if (other) items.push(build("span", {}, buildChip(other), other.name));
  const list = build("ul", {}, ...items.map((item) => build("li", {}, item)));
  return build("div", { class: "eco-legend" }, stops ? buildRamp({ stops, ...ramp }) : null, items.length ? list : null);
}

function buildLayerBox(layer, state, act, words) {
  const theme = layer.themes.find((one) => one.key === state.themes[layer.id]);
  const box = build("div", { class: "eco-layer" }, buildTick(layer.title, state.shown[layer.id], (ticked) => act.showLayer(layer.id, ticked)));
  if (!state.shown[layer.id]) return box;
  if (layer.source?.table) {
    const { table } = layer.source;
    box.append(build("p", { class: "eco-quiet" }, `${words.drawn} ${countRows(table, listTests(layer, theme, state))} / ${table.keys.length}`));
  }
  if (layer.themes.length > 1)
    box.append(buildChoice(words.theme, layer.themes.map(({ key, title }) => [key, title]), theme.key, (key) => act.setTheme(layer.id, key)));
  if (theme) box.append(buildLegend(theme.legend, state.off[layer.id]?.[theme.key] ?? [], (value) => act.toggleClass(layer.id, theme.key, value)));
  for (const { title, property, options } of layer.filters ?? []) {
    const entries = [["", words.all], ...options.map(({ value, name }) => [String(value), name])];
    box.append(buildChoice(title, entries, state.filters[layer.id]?.[property] ?? "", (value) => act.setFilter(layer.id, property, value)));
  }
  if (layer.look?.yields) box.append(buildRange(words.fill, state.fills[layer.id], (share) => act.setFill(layer.id, share)));
  return box;
}

function buildGroundBox({ grounds, words }, state, act) {
  const entries = [["", words.no_ground], ...grounds.map(({ id, title }) => [id, title])];
  const ground = grounds.find(({ id }) => id === state.ground);
  const box = build("div", { class: "eco-layer" }, buildChoice(words.ground, entries, state.ground, act.setGround));
  if (ground) box.append(buildRange(words.opacity, state.opacity, act.setOpacity), buildLegend(ground.legend, []));
  return box;
}

/** Everything in the panel below the search, as the state has it. */
function listPanelParts(config, state, act) {
  const { words, layers, grounds } = config;
  const boxes = [...layers].reverse().map((layer) => buildLayerBox(layer, state, act, words));
  const beneath = grounds.length ? [build("h3", {}, words.grounds), buildGroundBox(config, state, act)] : [];
  const units = buildChoice(words.units, [["ha", words.ha], ["mu", words.mu]], state.units, act.setUnits);
  const told = (config.notes ?? []).map((note) => build("p", { class: "eco-quiet" }, note));
  return [build("h3", {}, words.layers), ...told, ...boxes, ...beneath, units];
}
