// Labels are pictures of words, drawn by the page's own fonts, so that no server of glyphs is asked.

const LABEL = "label:";

/** The name of the picture of a label: the values of its columns in a period, with a space between. */
function nameLabel(layer, period) {
  const words = layer.label.flatMap((column) => [" ", ["coalesce", ["get", fillPeriod(column, period)], ""]]);
  return ["concat", LABEL, ...words.slice(1)];
}

function buildLabels(layer) {
  const place = layer.source.tiles ? { source: layer.id, "source-layer": layer.source.layer } : { source: layer.id };
  return {
    id: `${layer.id}:label`,
    type: "symbol",
    ...place,
    layout: { "icon-anchor": layer.geometry === "point" ? "left" : "center", "icon-offset": layer.geometry === "point" ? [9, 0] : [0, 0], "icon-padding": 1 },
  };
}

function drawLabel(map, id) {
  if (!id.startsWith(LABEL)) return;
  const text = id.slice(LABEL.length).trim() || " ";
  const ratio = window.devicePixelRatio || 1;
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const font = `600 ${13 * ratio}px ${getComputedStyle(map.getContainer()).fontFamily}`;
  pen.font = font;
  canvas.width = Math.ceil(pen.measureText(text).width + 8 * ratio);
  canvas.height = Math.ceil(20 * ratio);
  Object.assign(pen, { font, textBaseline: "middle", lineJoin: "round", lineWidth: 4 * ratio, strokeStyle: "#fff", fillStyle: INK });
  pen.strokeText(text, 4 * ratio, canvas.height / 2);
  pen.fillText(text, 4 * ratio, canvas.height / 2);
  map.addImage(id, pen.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: ratio });
}
