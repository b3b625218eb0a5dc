// Labels are pictures of words, drawn in the fonts of the page, so that no server of glyphs is asked.

const LABEL = "label:";
const LETTER_PX = 13;

/** The name of the picture of a label: the values of its columns in a period, with a space between. */
function nameLabel(layer, period) {
  const words = layer.label.flatMap((column) => [" ", ["to-string", ["get", fillPeriod(column, period)]]]);
  return ["concat", LABEL, ...words.slice(1)];
}

function buildLabels(layer) {
  const beside = layer.geometry === "point" ? { "icon-anchor": "left", "icon-offset": [8, 0] } : {};
  const place = { source: layer.id, ...(layer.source.tiles && { "source-layer": layer.source.layer }) };
  return { id: `${layer.id}:label`, type: "symbol", ...place, layout: { ...beside, "icon-padding": 1 } };
}

function drawLabel(map, id) {
  if (!id.startsWith(LABEL)) return;
  const text = id.slice(LABEL.length).trim() || " ";
  const ratio = window.devicePixelRatio || 1;
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  const font = `600 ${LETTER_PX * ratio}px ${getComputedStyle(map.getContainer()).fontFamily}`;
  pen.font = font;
  const [width, height, edge] = [pen.measureText(text).width + 8 * ratio, 20 * ratio, 4 * ratio];
  Object.assign(canvas, { width: Math.ceil(width), height: Math.ceil(height) });
  Object.assign(pen, { font, textBaseline: "middle", lineJoin: "round", lineWidth: edge, strokeStyle: "#fff", fillStyle: INK });
  pen.strokeText(text, edge, height / 2);
  pen.fillText(text, edge, height / 2);
  map.addImage(id, pen.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: ratio });
}
