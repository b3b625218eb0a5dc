// How layers are drawn, as MapLibre expressions; nothing here knows a page.

const GREY = "#8a938e";
const INK = "#1d2b26";

/** The colour of a feature by a theme in a period: of its class, or between the stops of a ramp. */
function colorBy(theme, period) {
  if (!theme) return GREY;
  const { classes, stops, other } = theme.legend;
  const value = ["get", fillPeriod(theme.property, period)];
  const rest = other ? other.color : GREY;
  if (stops) {
    const ramp = ["interpolate", ["linear"], ["to-number", value], ...stops.flat()];
    return ["case", ["==", ["typeof", value], "number"], ramp, rest];
  }
  if (!classes.length) return rest;
  return ["match", ["to-string", value], ...classes.flatMap((entry) => [String(entry.value), entry.color]), rest];
}

const isMarked = ["any", ["boolean", ["feature-state", "chosen"], false], ["boolean", ["feature-state", "pointed"], false]];

/** The style layers of a layer, from below to above. */
function listStyleLayers(layer) {
  const look = { fill: 0.75, line: "", width: 0.7, radius: 6, ...layer.look };
  const place = layer.source.tiles ? { source: layer.id, "source-layer": layer.source.layer } : { source: layer.id };
  const marked = { id: `${layer.id}:marked`, type: "line", ...place };
  const mark = {
    "line-color": "#111",
    "line-width": ["case", ["boolean", ["feature-state", "chosen"], false], 3.5, isMarked, 2, 0],
  };
  if (layer.geometry === "point")
    return [{
      id: `${layer.id}:body`, type: "circle", ...place,
      paint: {
        "circle-radius": ["case", isMarked, look.radius + 3, look.radius],
        "circle-stroke-color": INK,
        "circle-stroke-width": ["case", isMarked, 2.5, 1.2],
      },
    }];
  const line = { "line-width": look.width };
  if (look.dash) line["line-dasharray"] = look.dash;
  return [
    { id: `${layer.id}:body`, type: "fill", ...place, paint: { "fill-opacity": look.fill } },
    { id: `${layer.id}:line`, type: "line", ...place, paint: line },
    { ...marked, paint: mark },
  ];
}

/** What of its paint follows the theme and the period. */
function listPaint(layer, theme, period) {
  const color = colorBy(theme, period);
  if (layer.geometry === "point") return [[`${layer.id}:body`, "circle-color", color]];
  const line = layer.look?.line || color;
  return [[`${layer.id}:body`, "fill-color", color], [`${layer.id}:line`, "line-color", line]];
}

/** Which features are drawn: those of the period, less those of classes that are off, that pass every filter. */
function buildFilter(layer, theme, state) {
  const tests = ["all"];
  if (layer.period) tests.push(["any", ["!", ["has", layer.period]], ["==", ["get", layer.period], namePeriod(state.period)]]);
  const off = state.off[layer.id]?.[theme?.key] ?? [];
  if (off.length) {
    const value = ["to-string", ["get", fillPeriod(theme.property, state.period)]];
    tests.push(["!", ["in", value, ["literal", off.map(String)]]]);
  }
  for (const [property, chosen] of Object.entries(state.filters[layer.id] ?? {}))
    if (chosen !== "") tests.push(["==", ["to-string", ["get", fillPeriod(property, state.period)]], chosen]);
  return tests;
}
