// What the map is given: the deliveries of one area, a moment for each of their periods.

const { words } = ecoCatalog;
const { build: element, plain } = EcoMap;

/** Moments of an area by time: a period as one delivery, by its label, tells of it. */
function listMoments(deliveries) {
  const moments = deliveries.flatMap((delivery) => delivery.periods.map((period) => ({ key: `${delivery.label}/${period}`, period, delivery })));
  const told = new Map();
  for (const { period } of moments) told.set(period, (told.get(period) ?? 0) + 1);
  for (const moment of moments) moment.title = told.get(moment.period) > 1 ? `${moment.period} (${words.label} ${moment.delivery.label})` : moment.period;
  return moments.sort((one, other) => (one.period === other.period ? compareText(one.delivery.label, other.delivery.label) : compareText(one.period, other.period)));
}

function compareText(one, other) {
  return one < other ? -1 : Number(one > other);
}

function joinBounds(boxes) {
  return boxes.reduce((all, box) => [Math.min(all[0], box[0]), Math.min(all[1], box[1]), Math.max(all[2], box[2]), Math.max(all[3], box[3])]);
}

/** One legend for several deliveries: every class once. */
function joinLegends(legends) {
  const classes = new Map(legends.flatMap((legend) => legend.classes ?? []).map((entry) => [String(entry.value), entry]));
  const other = legends.map((legend) => legend.other).find(Boolean);
  return { ...legends[0], classes: [...classes.values()], ...(other && { other }) };
}

function joinThemes(all) {
  const keys = [...new Set(all.flat().map((theme) => theme.key))];
  return keys.map((key) => {
    const themes = all.flat().filter((theme) => theme.key === key);
    return { ...themes[0], legend: joinLegends(themes.map((theme) => theme.legend)) };
  });
}

function joinFilters(all) {
  const properties = [...new Set(all.flat().map((filter) => filter.property))];
  return properties.map((property) => {
    const filters = all.flat().filter((filter) => filter.property === property);
    const options = new Map(filters.flatMap((filter) => filter.options).map((option) => [option.value, option]));
    return { ...filters[0], options: [...options.values()] };
  }).filter(({ options }) => options.length);
}

/** A source of vector tiles that is another one for each delivery; empty where a delivery has none. */
function buildTiles(layer, told) {
  const held = told.filter((one) => one.tiles);
  const loaders = new Map(held.map(({ delivery, tiles }) => [delivery.label, buildLoader(`${delivery.folder}/${layer}`, tiles.firsts)]));
  return {
    layer,
    minzoom: Math.min(...held.map(({ tiles }) => tiles.minzoom)),
    maxzoom: Math.max(...held.map(({ tiles }) => tiles.maxzoom)),
    bounds: joinBounds(held.map(({ tiles }) => tiles.bounds)),
    variant: labelOf,
    tiles: (z, x, y, label) => loaders.get(label)?.(z, x, y) ?? null,
  };
}

/** The label of a moment; what stands behind it is the period. */
function labelOf(moment) {
  return moment.slice(0, moment.lastIndexOf("/"));
}

function buildParcels(deliveries, facts) {
  const told = deliveries.map((delivery) => ({ delivery, ...delivery.parcels }));
  if (!told.some((one) => one.tiles)) return null;
  return {
    id: "parcels",
    title: deliveries.at(-1).parcels.title,
    geometry: "polygon",
    source: buildTiles("parcels", told),
    look: { fill: 0.75, line: "#ffffff", width: 0.7, yields: true, lines_from: Math.min(...told.map((one) => one.lines_from)) },
    themes: joinThemes(told.map((one) => one.themes)),
    filters: joinFilters(told.map((one) => one.filters)),
    facts,
  };
}

function buildPolygons(id, deliveries, looks) {
  const told = deliveries.flatMap((delivery) => delivery.layers.filter((layer) => layer.id === id).map((layer) => ({ delivery, ...layer })));
  if (!told.length) return null;
  return {
    id,
    title: told.at(-1).title,
    geometry: "polygon",
    source: buildTiles(id, told),
    themes: joinThemes(told.map((one) => one.themes)),
    ...looks,
    facts: async (key, properties) => tellFields(key, properties, told.at(-1)),
  };
}

/** The card of a feature that carries all that is told of it. */
function tellFields(key, properties, { title, fields }) {
  const rows = fields.map((field) => [field.title, tellCell(properties[field.column], field)]);
  return { title: properties.rule ?? `${properties.from_class ?? title} → ${properties.to_class ?? key}`, subtitle: title, sections: [{ title: "", rows }] };
}

function tellCell(value, { unit, digits = 2 } = {}) {
  return typeof value === "number" ? { value, unit, digits } : (value ?? null);
}

const SECTION_PERIODS = ["water_class", "target_class", "decided_by", "exceedance", "samples", "reason"];

/** Sections of a delivery as features, with their class in each period. */
function collectSections({ sections }) {
  const features = new Map();
  (sections?.rows ?? []).forEach((row, at) => {
    const key = row.section_id;
    if (!features.has(key)) features.set(key, { type: "Feature", properties: { key, section: row.section ?? key }, geometry: { type: "Point", coordinates: sections.points[at] } });
    const { properties } = features.get(key);
    if (row.water_class !== null) properties[`water_class@${row.period}`] = row.water_class;
  });
  return { type: "FeatureCollection", features: [...features.values()] };
}

function buildSections(deliveries, current) {
  const told = deliveries.filter((delivery) => delivery.sections);
  if (!told.length) return null;
  const { title } = told.at(-1).sections;
  const by = new Map(told.map((delivery) => [delivery.label, collectSections(delivery)]));
  const none = { type: "FeatureCollection", features: [] };
  return {
    id: "sections",
    title,
    geometry: "point",
    source: { geojson: none, variant: labelOf, geojsons: (label) => by.get(label) ?? none },
    themes: [{ key: "water_class", title, property: "water_class@{period}", legend: joinLegends(told.map((delivery) => delivery.sections.legend)) }],
    label: ["section", "water_class@{period}"],
    facts: async (key) => tellSection(key, current()),
  };
}

function tellSection(key, { periods, sections }) {
  const rows = sections.rows.filter((row) => row.section_id === key);
  const titles = Object.fromEntries(sections.fields.map((field) => [field.column, field.title]));
  const cell = (row, name) => (row && typeof row[name] === "number" ? { value: row[name], digits: 0 } : (row?.[name] ?? null));
  const of = periods.map((period) => rows.find((row) => row.period === period));
  return {
    title: rows[0].section ?? key,
    subtitle: [sections.title, rows[0].river, key].filter(Boolean).join(" · "),
    sections: [{ title: words.through_time, head: ["", ...periods], rows: SECTION_PERIODS.map((name) => [titles[name], ...of.map((row) => cell(row, name))]) }],
  };
}

/** Maps beneath: a picture pyramid for each moment that has one. */
function buildGrounds(deliveries) {
  const ids = [...new Set(deliveries.flatMap((delivery) => delivery.grounds.map((ground) => ground.id)))];
  return ids.map((id) => {
    const told = deliveries.flatMap((delivery) => delivery.grounds.filter((ground) => ground.id === id).map((ground) => ({ delivery, ground })));
    const images = {};
    for (const { delivery, ground } of told)
      for (const [period, { folder, tiles }] of Object.entries(ground.images))
        images[`${delivery.label}/${period}`] = { ...tiles, tileSize: 256, tiles: buildLoader(`${delivery.folder}/maps/${folder}`, tiles.firsts) };
    return { id, title: told.at(-1).ground.title, legend: joinLegends(told.map((one) => one.ground.legend)), images };
  });
}

function buildConfig(deliveries, moments, moment, { facts, find, current }) {
  const layers = [
    buildParcels(deliveries, facts),
    buildPolygons("change_patches", deliveries, { look: { fill: 0.85, line: "#ffffff", width: 1 }, period: "to_period" }),
    buildPolygons("findings", deliveries, { look: { fill: 0.02, width: 2, dash: [2, 1.5] }, period: "period", shown: false }),
    buildSections(deliveries, current),
  ];
  const newest = deliveries.at(-1);
  return {
    language: ecoCatalog.language,
    words: ecoCatalog.map_words,
    stamp: deliveries.map((delivery) => delivery.stamp).find(Boolean) ?? "",
    page: false,
    bounds: joinBounds(deliveries.map((delivery) => delivery.bounds)),
    periods: moments.map(({ key, title }) => ({ key, title })),
    period: moment,
    outline: { geojson: newest.outline },
    grounds: buildGrounds(deliveries),
    layers: layers.filter(Boolean),
    find,
  };
}
