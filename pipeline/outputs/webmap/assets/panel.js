// The panel: what is shown, how it is coloured, what the colours mean, what is left out.

function formatStop(value, legend) {
  return value.toLocaleString("en-US", { maximumFractionDigits: legend.digits ?? 2 });
}

function buildRamp(legend) {
  const { stops, unit } = legend;
  const [low, high] = [stops[0][0], stops.at(-1)[0]];
  const colors = stops.map(([value, color]) => `${color} ${((value - low) / (high - low)) * 100}%`);
  const bar = build("div", { class: "eco-bar", style: `background: linear-gradient(to right, ${colors.join(", ")})` });
  const ends = build("div", { class: "eco-ends" }, build("span", {}, formatStop(low, legend)), build("span", {}, unit ?? ""), build("span", {}, formatStop(high, legend)));
  return build("div", { class: "eco-ramp" }, bar, ends);
}

function buildChip(entry) {
  return build("i", { style: `background: ${entry.color}` });
}

/** A legend; where `onToggle` is given, each class is a button that takes it off the map and back. */
function buildLegend(legend, off, onToggle) {
  const items = (legend.classes ?? []).map((entry) => {
    if (!onToggle) return build("li", {}, buildChip(entry), entry.name);
    const pressed = !off.includes(entry.value);
    const button = buildButton("", () => onToggle(entry.value), { "aria-pressed": String(pressed) });
    button.append(buildChip(entry), entry.name);
    return build("li", {}, button);
  });
  if (legend.other) items.push(build("li", {}, build("span", { class: "eco-other" }, buildChip(legend.other), legend.other.name)));
  return build("div", { class: "eco-legend" }, legend.stops ? buildRamp(legend) : "", build("ul", {}, ...items));
}

function buildLayerBox(layer, state, act) {
  const shown = state.shown[layer.id];
  const theme = layer.themes.find((one) => one.key === state.themes[layer.id]);
  const box = build("div", { class: "eco-layer" }, buildTick(layer.title, shown, (ticked) => act.showLayer(layer.id, ticked)));
  if (!shown) return box;
  if (layer.themes.length > 1)
    box.append(buildChoice(act.words.theme, layer.themes.map((one) => [one.key, one.title]), theme.key, (key) => act.setTheme(layer.id, key)));
  if (theme) {
    const off = state.off[layer.id]?.[theme.key] ?? [];
    box.append(buildLegend(theme.legend, off, (value) => act.toggleClass(layer.id, theme.key, value)));
  }
  for (const filter of layer.filters ?? []) {
    const entries = [["", act.words.all], ...filter.options.map(({ value, name }) => [String(value), name])];
    box.append(buildChoice(filter.title, entries, state.filters[layer.id]?.[filter.property] ?? "", (value) => act.setFilter(layer.id, filter.property, value)));
  }
  return box;
}

function buildGroundBox(config, state, act) {
  const { words } = act;
  const box = build("div", { class: "eco-layer" });
  const entries = [["", words.no_ground], ...config.grounds.map((one) => [one.id, one.title])];
  box.append(buildChoice(words.ground, entries, state.ground, act.setGround));
  const ground = config.grounds.find((one) => one.id === state.ground);
  if (!ground) return box;
  const range = build("input", { type: "range", min: "0", max: "1", step: "0.05", value: String(state.opacity), oninput: () => act.setOpacity(Number(range.value)) });
  box.append(build("label", { class: "eco-field" }, build("span", {}, words.opacity), range), buildLegend(ground.legend, []));
  return box;
}

/** Everything in the panel below the search; it is built anew when the state changes, the focus kept. */
function fillPanel(box, config, state, act) {
  const parts = [build("h3", {}, act.words.layers)];
  parts.push(...[...config.layers].reverse().map((layer) => buildLayerBox(layer, state, act)));
  if (config.grounds.length) parts.push(build("h3", {}, act.words.grounds), buildGroundBox(config, state, act));
  const held = [...box.querySelectorAll("button, input, select")].indexOf(document.activeElement);
  box.replaceChildren(...parts);
  if (held >= 0) box.querySelectorAll("button, input, select")[held]?.focus();
}
