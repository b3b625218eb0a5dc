// What a page carries: tables packed with gzip and base64, their shapes as whole numbers.

/** The object that was packed as JSON, gzip and base64; works from file://, asks nobody. */
async function unpack(text) {
  const bytes = Uint8Array.from(atob(text.trim()), (letter) => letter.charCodeAt(0));
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  return new Response(stream).json();
}

/** The period that a key names: what stands behind its last `/`, where it says of which label too. */
function namePeriod(key) {
  return key.slice(key.lastIndexOf("/") + 1);
}

function fillPeriod(property, period) {
  return property.replace("{period}", namePeriod(period));
}

/** A path of coordinates from whole numbers, each but the first the step from the one before. */
function unpackPath(numbers, { origin, step }) {
  const path = [];
  let x = 0;
  let y = 0;
  for (let at = 0; at < numbers.length; at += 2) {
    x += numbers[at];
    y += numbers[at + 1];
    path.push([origin[0] + x * step, origin[1] + y * step]);
  }
  return path;
}

const UNPACK = {
  point: (numbers, shapes) => ({ type: "Point", coordinates: unpackPath(numbers, shapes)[0] }),
  line: (lines, shapes) => ({ type: "MultiLineString", coordinates: lines.map((line) => unpackPath(line, shapes)) }),
  polygon: (parts, shapes) => ({
    type: "MultiPolygon",
    coordinates: parts.map((rings) => rings.map((ring) => unpackPath(ring, shapes))),
  }),
};

/** West, south, east and north of a geometry. */
function measureBounds(geometry) {
  const bounds = [Infinity, Infinity, -Infinity, -Infinity];
  const visit = (part) => {
    if (typeof part[0] !== "number") return part.forEach(visit);
    bounds[0] = Math.min(bounds[0], part[0]);
    bounds[1] = Math.min(bounds[1], part[1]);
    bounds[2] = Math.max(bounds[2], part[0]);
    bounds[3] = Math.max(bounds[3], part[1]);
    return undefined;
  };
  visit(geometry.coordinates);
  return bounds;
}

function groupRows(rows) {
  const groups = new Map();
  rows.forEach((row, at) => (groups.has(row) ? groups.get(row).push(at) : groups.set(row, [at])));
  return groups;
}

/** A table as it is asked: the row of a key, a cell, the place of a row, the rows of its lists. */
class Table {
  constructor({ keys, columns, shapes }, lists = {}) {
    Object.assign(this, { keys, columns, shapes });
    this.rows = new Map(keys.map((key, row) => [key, row]));
    this.lists = Object.fromEntries(Object.entries(lists).map(([name, { of, columns: held }]) => [name, { columns: held, rows: groupRows(of) }]));
  }

  cell(column, row, period = "") {
    return this.columns[fillPeriod(column, period)]?.[row] ?? null;
  }

  shape(row) {
    const parts = this.shapes.parts[row];
    return parts && UNPACK[this.shapes.geometry](parts, this.shapes);
  }

  bounds(key) {
    const shape = this.shape(this.rows.get(key));
    return shape && measureBounds(shape);
  }

  /** The rows as GeoJSON, what is unknown left out; a row without a shape is on no map. */
  collect() {
    const columns = Object.entries(this.columns);
    const features = this.keys.flatMap((key, row) => {
      const geometry = this.shape(row);
      if (!geometry) return [];
      const known = columns.filter(([, cells]) => cells[row] !== null);
      const properties = { ...Object.fromEntries(known.map(([name, cells]) => [name, cells[row]])), key };
      return [{ type: "Feature", properties, geometry }];
    });
    return { type: "FeatureCollection", features };
  }
}

/** A source with its table opened and its features made. */
function openSource(source, lists) {
  if (!source.table) return source;
  const table = new Table(source.table, lists);
  return { table, geojson: table.collect() };
}
