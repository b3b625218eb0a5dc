// What the facts of a parcel say, as rows of a card and of its fact sheet.

const hectares = (m2) => (m2 === null || m2 === undefined ? null : { value: m2 / 1e4, unit: words.ha });
const percent = (share) => (share === null || share === undefined ? null : { value: share * 100, unit: "%", digits: 1 });
const amount = (value, unit) => (value === null || value === undefined ? null : { value, unit: nameUnit(unit) });

/** A unit as people read it, as a whole or in its parts. */
function nameUnit(unit) {
  const { units } = ecoCatalog;
  return units[unit] ?? (unit ?? "").split("/").map((part) => units[part] ?? part).join("/");
}

/** What the register says, and what staff completed and remarked. */
function listRegistered(facts, head) {
  const told = Object.entries(facts.registered).map(([name, value]) => [head.names[name] ?? name, Array.isArray(value) ? value.join(words.comma) : value]);
  return [...told, [head.names.remark, facts.remarks.map(({ text }) => text).join(words.comma)]];
}

function listAreas(facts, head) {
  return Object.entries(facts.areas).map(([name, value]) => [head.names[name] ?? name, name.endsWith("_m2") ? hectares(value) : percent(value)]);
}

/** Cover through the periods: areas of classes, what was not seen, mean vegetation cover. */
function listCover(facts, head) {
  const rows = head.classes.filter(({ key }) => facts.cover[`class_area:${key}`]).map(({ key, name }) => [name, ...facts.cover[`class_area:${key}`].map(hectares)]);
  if (rows.length) rows.push([words.unseen, ...facts.unseen_m2.map(hectares)]);
  if (facts.cover.fvc_mean) rows.push([head.names.fvc_mean ?? words.cover, ...facts.cover.fvc_mean.map(percent)]);
  return rows;
}

function listProducts(facts, head) {
  return facts.products.flatMap((product) => head.periods.map((period, at) => [
    product.cat3_name ?? product.cat2_name, period, amount(product.quantity[at], product.quantity_unit), product.quality_grade[at], amount(product.value_yuan[at], words.yuan), product.confidence[at],
  ]));
}

function listSections(facts, head) {
  const named = Object.fromEntries(head.water_classes.map(({ code, name }) => [code, name]));
  return facts.sections.map((section) => [section.section, section.river, section.link, ...section.water_class.map((code) => named[code] ?? null)]);
}

function listPlace(facts) {
  const { place } = facts;
  const towns = place.towns.map((town) => town.name).join(words.comma);
  const [west, south, east, north] = place.bounds;
  return [
    [words.part, place.part],
    [words.towns, towns || null],
    [words.region, place.region_code],
    [words.centre, place.centre.map((side) => side.toFixed(5)).join(", ")],
    [words.bounds, `${words.east} ${east.toFixed(5)}, ${words.south} ${south.toFixed(5)}, ${words.west} ${west.toFixed(5)}, ${words.north} ${north.toFixed(5)}`],
  ];
}

/** Why figures are not known, as far as it is said. */
function listUnknown(facts, head) {
  return Object.entries(facts.unknown).flatMap(([measure, reasons]) => Object.entries(reasons).map(([period, reason]) => [head.names[measure] ?? measure, period, reason]));
}

function listFindings(facts) {
  return facts.findings.map((finding) => [finding.severity, finding.period, finding.message, finding.basis]);
}

function tellParcel(facts, delivery, href) {
  const { head } = delivery;
  const newest = head.periods.length - 1;
  const known = ["dlbm", "owner_type", "right_type", "right_holder"];
  const registered = known.map((name) => [head.names[name] ?? name, facts.registered[name]]);
  return {
    title: facts.id,
    subtitle: [delivery.parcels.title, facts.unit_name, facts.place.towns.map((town) => town.name).join(words.comma)].filter(Boolean).join(" · "),
    links: [{ text: words.open_sheet, href }],
    sections: [
      { title: "", rows: [...registered, [head.names.area_m2 ?? words.area, hectares(facts.areas.area_m2)], [words.findings, facts.findings.length ? String(facts.findings.length) : words.none]] },
      { title: words.cover_time, head: ["", ...head.periods], rows: listCover(facts, head) },
      { title: `${words.products} ${head.periods[newest] ?? ""}`, head: [words.product, words.quantity, words.grade], rows: facts.products.map((product) => [product.cat3_name ?? product.cat2_name, amount(product.quantity[newest], product.quantity_unit), product.quality_grade[newest]]) },
    ],
  };
}
