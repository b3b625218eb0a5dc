// How layers are drawn, as expressions of MapLibre; nothing here knows a page.

const GREY = "#8a938e";
const INK = "#1d2b26";
const LOOK = { fill: 0.75, line: "", width: 0.7, radius: 6 };

const isChosen = ["boolean", ["feature-state", "chosen"], false];
const isMarked = ["any", isChosen, ["boolean", ["feature-state", "pointed"], false]];

/** The colour of a feature by a theme in a period: of its class, or between the stops of a ramp. */
function colorBy(theme, period) {
  if (!theme) return GREY;
  const { classes = [], stops, other } = theme.legend;
  const value = ["get", fillPeriod(theme.property, period)];
  const rest = other ? other.color : GREY;
  if (stops) {
    const ramp = ["interpolate", ["linear"], ["to-number", value], ...stops.flat()];
    return ["case", ["==", ["typeof", value], "number"], ramp, rest];
  }
  if (!classes.length) return theme.color ?? rest;
  return ["match", ["to-string", value], ...classes.flatMap((entry) => [String(entry.value), entry.color]), rest];
}

/** The style layers of a layer, from below to above, without what follows theme and period. */
function listStyleLayers(layer) {
  const look = { ...LOOK, ...layer.look };
  const place = { source: layer.id, ...(layer.source.tiles && { "source-layer": layer.source.layer }) };
  const dash = look.dash ? { "line-dasharray": look.dash } : {};
  const edge = { "line-color": "#111", "line-width": ["case", isChosen, 3.5, isMarked, 2, 0] };
  const body = { id: `${layer.id}:body`, ...place };
  const near = look.lines_from ? { minzoom: look.lines_from } : {};
  const point = {
    "circle-radius": ["case", isMarked, look.radius + 3, look.radius],
    "circle-stroke-color": INK,
    "circle-stroke-width": ["case", isMarked, 2.5, 1.2],
  };
  const thick = ["case", isChosen, look.width + 4, isMarked, look.width + 2, look.width];
  const parts = {
    point: [{ ...body, type: "circle", paint: point }],
    line: [{ ...body, type: "line", paint: { "line-width": thick, ...dash } }],
    polygon: [
      { ...body, type: "fill", paint: { "fill-antialias": false } },
      { ...body, ...near, id: `${layer.id}:line`, type: "line", paint: dash },
      { ...body, ...near, id: `${layer.id}:marked`, type: "line", paint: edge },
    ],
  }[layer.geometry];
  return parts;
}

/** What of its paint follows the state; without a fill its outlines take the colours of the classes. */
function listPaint(layer, theme, state) {
  const color = colorBy(theme, state.period);
  if (layer.geometry === "point") return [["body", "circle-color", color]];
  if (layer.geometry === "line") return [["body", "line-color", color]];
  const { line, width } = { ...LOOK, ...layer.look };
  const hollow = state.fills[layer.id] < 0.1;
  return [
    ["body", "fill-color", color],
    ["body", "fill-opacity", state.fills[layer.id]],
    ["line", "line-color", hollow ? color : line || color],
    ["line", "line-width", hollow ? Math.max(width, 1.8) : width],
  ];
}

/** What of its layout follows the state: labels, and of points the last class of a legend over the others. */
function listLayout(layer, theme, state) {
  if (layer.geometry !== "point") return layer.label ? [["label", "icon-image", nameLabel(layer, state.period)]] : [];
  const rank = rankBy(theme, state.period);
  const over = [["body", "circle-sort-key", rank]];
  if (!layer.label) return over;
  return [...over, ["label", "icon-image", nameLabel(layer, state.period)], ["label", "symbol-sort-key", ["-", 0, rank]]];
}

function rankBy(theme, period) {
  const classes = theme?.legend.classes ?? [];
  if (!classes.length) return 0;
  const ranks = classes.flatMap((entry, at) => [String(entry.value), at + 1]);
  return ["match", ["to-string", ["get", fillPeriod(theme.property, period)]], ...ranks, 0];
}

/** What a feature must be to be drawn: [property, "is" | "none of" | "is, if any", value] each. */
function listTests(layer, theme, state) {
  const tests = layer.period ? [[layer.period, "if any", namePeriod(state.period)]] : [];
  const off = state.off[layer.id]?.[theme?.key] ?? [];
  if (off.length) tests.push([fillPeriod(theme.property, state.period), "none of", off.map(String)]);
  for (const [property, value] of Object.entries(state.filters[layer.id] ?? {}))
    if (value !== "") tests.push([fillPeriod(property, state.period), "is", value]);
  return tests;
}

const EXPRESSIONS = {
  "if any": (property, value) => ["any", ["!", ["has", property]], ["==", ["to-string", ["get", property]], value]],
  "none of": (property, values) => ["!", ["in", ["to-string", ["get", property]], ["literal", values]]],
  is: (property, value) => ["==", ["to-string", ["get", property]], value],
};
const CHECKS = {
  "if any": (cell, value) => cell === null || String(cell) === value,
  "none of": (cell, values) => !values.includes(String(cell ?? "")),
  is: (cell, value) => String(cell ?? "") === value,
};

function buildFilter(tests) {
  return ["all", ...tests.map(([property, how, value]) => EXPRESSIONS[how](property, value))];
}

/** How many rows of a table pass the tests. */
function countRows(table, tests) {
  const passes = (row) => tests.every(([property, how, value]) => CHECKS[how](table.cell(property, row), value));
  return table.keys.filter((key, row) => passes(row)).length;
}
