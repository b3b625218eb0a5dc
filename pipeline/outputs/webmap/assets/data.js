// What a page carries: tables packed with gzip and base64, their shapes as whole numbers.

/** The object that was packed as JSON, gzip and base64; works from file://, asks nobody. */
async function unpack(text) {
  const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

/** A path of coordinates from whole numbers, each but the first the step from the one before. */
function unpackPath(numbers, shapes) {
  const path = [];
  let x = 0;
  let y = 0;
  for (let at = 0; at < numbers.length; at += 2) {
    x += numbers[at];
    y += numbers[at + 1];
    path.push([shapes.origin[0] + x * shapes.step, shapes.origin[1] + y * shapes.step]);
  }
  return path;
}

function unpackShape(parts, shapes) {
  if (shapes.geometry === "point") return { type: "Point", coordinates: unpackPath(parts, shapes)[0] };
  return { type: "MultiPolygon", coordinates: parts.map((rings) => rings.map((ring) => unpackPath(ring, shapes))) };
}

/** The rows of a table as GeoJSON; a row without a shape is on no map. Each has its key among its properties. */
function buildCollection(table) {
  const names = Object.keys(table.columns);
  const features = [];
  table.keys.forEach((key, row) => {
    const parts = table.shapes.parts[row];
    if (!parts) return;
    const properties = { key };
    for (const name of names) if (table.columns[name][row] !== null) properties[name] = table.columns[name][row];
    features.push({ type: "Feature", properties, geometry: unpackShape(parts, table.shapes) });
  });
  return { type: "FeatureCollection", features };
}

/** The period that a key names: what stands behind its last `/`, where it says of which label too. */
function namePeriod(key) {
  return key.slice(key.lastIndexOf("/") + 1);
}

function fillPeriod(property, period) {
  return property.replace("{period}", namePeriod(period));
}

/** West, south, east and north of a geometry. */
function measureBounds(geometry) {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = (part) => {
    if (typeof part[0] !== "number") return part.forEach(visit);
    bounds[0] = Math.min(bounds[0], part[0]);
    bounds[1] = Math.min(bounds[1], part[1]);
    bounds[2] = Math.max(bounds[2], part[0]);
    bounds[3] = Math.max(bounds[3], part[1]);
  };
  visit(geometry.coordinates);
  return bounds;
}
