// The elements of the widget around its panes, and the controls of MapLibre in the words of the page.

const NARROW_PX = 700;

function buildLocale(words, title) {
  return {
    "Map.Title": title,
    "NavigationControl.ZoomIn": words.zoom_in,
    "NavigationControl.ZoomOut": words.zoom_out,
    "ScaleControl.Meters": words.metres,
    "ScaleControl.Kilometers": words.kilometres,
    "CooperativeGesturesHandler.WindowsHelpText": words.scroll_help,
    "CooperativeGesturesHandler.MacHelpText": words.scroll_help,
    "CooperativeGesturesHandler.MobileHelpText": words.touch_help,
  };
}

/** The elements of the widget, by what they are for. */
function buildFrame({ words, stamp, language }, { search, onFold, onEscape }) {
  const [lower, upper] = ["eco-pane", "eco-pane eco-upper"].map((name) => build("div", { class: name }));
  const times = build("div", { class: "eco-times", role: "group", "aria-label": words.period });
  const options = build("div", { class: "eco-options" });
  const fold = buildButton(words.layers, onFold, { class: "eco-fold" });
  const panel = build("div", { class: "eco-panel", role: "region", "aria-label": words.layers }, search, options);
  const onkeydown = (event) => event.key === "Escape" && onEscape();
  const card = build("aside", { class: "eco-card", "aria-label": words.card, hidden: true, onkeydown });
  const cross = build("span", { class: "eco-cross", "aria-hidden": "true" });
  const frame = build("div", { class: "eco-frame" }, lower, upper, cross, times, stamp ? build("p", { class: "eco-stamp eco-over" }, stamp) : null);
  const root = build("div", { class: "eco-map", lang: language }, fold, panel, frame, card);
  upper.hidden = true;
  return { root, frame, lower, upper, times, options, fold, panel, card };
}

function addControls(map, words, onHome) {
  map.addControl(new maplibregl.NavigationControl({ showCompass: false }), "top-right");
  map.addControl(new maplibregl.ScaleControl({ maxWidth: 140 }), "bottom-left");
  const home = build("div", { class: "maplibregl-ctrl maplibregl-ctrl-group" }, buildButton("⌂", onHome, { "aria-label": words.whole, title: words.whole }));
  const north = build("div", { class: "maplibregl-ctrl eco-north", role: "img", "aria-label": words.north }, words.north_mark);
  for (const element of [home, north]) map.addControl({ onAdd: () => element, onRemove: () => element.remove() }, "top-right");
}
