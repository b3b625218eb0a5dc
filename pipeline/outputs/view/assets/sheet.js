// 一地一档: the fact sheet of a parcel, on the screen and on paper.

const write = (cell, units) => EcoMap.writeCell(cell, ecoCatalog.map_words, units);
const isNumber = (cell) => typeof cell === "object" && cell !== null;

function buildTable(caption, head, rows, units) {
  if (!rows.length) return null;
  const numeric = head.map((_, at) => rows.some((row) => isNumber(row[at])));
  const side = (at) => (numeric[at] ? "number" : null);
  const top = element("tr", {}, ...head.map((name, at) => element("th", { scope: "col", class: side(at) }, name || "\u00a0")));
  const body = rows.map(([first, ...cells]) => element("tr", {}, element("th", { scope: "row" }, write(first, units)), ...cells.map((cell, at) => element("td", { class: side(at + 1) }, write(cell, units)))));
  const table = element("table", {}, element("thead", {}, top), element("tbody", {}, ...body));
  return element("section", {}, element("h3", {}, caption), element("div", { class: "view-wide", tabindex: "0", role: "region", "aria-label": caption }, table));
}

function buildPairs(caption, pairs, units) {
  const known = pairs.filter(([, cell]) => write(cell, units) !== words.unknown);
  if (!known.length) return null;
  return element("section", {}, element("h3", {}, caption), element("dl", {}, ...known.flatMap(([name, cell]) => [element("dt", {}, name), element("dd", {}, write(cell, units))])));
}

/** The classes of land cover of each period, as bars as long as the parcel is large. */
function drawCover(facts, head) {
  const held = head.classes.filter(({ key }) => facts.cover[`class_area:${key}`]);
  if (!held.length) return null;
  const rows = head.periods.map((period, at) => {
    const whole = held.reduce((sum, { key }) => sum + (facts.cover[`class_area:${key}`][at] ?? 0), facts.unseen_m2[at] ?? 0);
    const parts = held.map(({ key, name, color }) => {
      const share = whole ? (facts.cover[`class_area:${key}`][at] ?? 0) / whole : 0;
      return share ? element("i", { style: `width: ${share * 100}%; background: ${color}`, title: `${name} ${(share * 100).toFixed(1)} %` }) : null;
    });
    return element("div", { class: "view-bar-row" }, element("span", {}, period), element("div", { class: "view-bar-whole" }, ...parts));
  });
  const key = held.map(({ name, color }) => element("span", {}, element("i", { style: `background: ${color}` }), name));
  return element("div", { class: "view-cover", "aria-hidden": "true" }, ...rows, element("p", { class: "view-key" }, ...key));
}

function buildSheet(facts, delivery, units) {
  const { head } = delivery;
  const evidence = Object.entries(facts.evidence).map(([name, list]) => [words[`evidence_${name}`] ?? name, list.join(words.comma) || null]);
  const scenes = head.scenes.map((told) => [told.period, { value: told.count, digits: 0 }, told.first, told.last]);
  const value = facts.value_yuan;
  const sums = head.periods.map((period, at) => [period, amount(value.sum[at], words.yuan), `${value.known[at]} / ${value.of}`]);
  return [
    buildPairs(words.identity, [[head.names.parcel_id ?? words.code, facts.id], [head.names.parcel_no, facts.parcel_no], [head.names.unit_no, facts.unit_no], [head.names.unit_name, facts.unit_name]], units),
    buildPairs(words.place, listPlace(facts), units),
    buildPairs(words.rights, listRegistered(facts, head), units),
    buildTable(words.linked_rights, [words.kind, words.number, words.holder, words.term], facts.rights.map((right) => [right.right_kind, right.number, right.holder, [right.valid_from, right.valid_to].filter(Boolean).join(" – ")]), units),
    buildPairs(words.areas, listAreas(facts, head), units),
    buildTable(words.cover_time, ["", ...head.periods], listCover(facts, head), units),
    drawCover(facts, head),
    buildTable(words.unknown_why, [words.figure, words.period, words.reason], listUnknown(facts, head), units),
    buildTable(words.changes, [words.from, words.to, words.time, words.inside], facts.patches.map((patch) => [patch.from_class, patch.to_class, `${patch.from_period} – ${patch.to_period}`, hectares(patch.area_m2)]), units),
    buildTable(words.water, [words.section, words.river, words.link, ...head.periods], listSections(facts, head), units),
    buildTable(words.products, [words.product, words.period, words.quantity, words.grade, words.value, head.names.confidence], listProducts(facts, head), units),
    buildTable(words.value, [words.period, words.value_sum, words.value_known], value.of ? sums : [], units),
    buildTable(words.findings, [words.severity, words.period, words.message, words.basis], listFindings(facts), units),
    buildPairs(words.evidence, evidence, units),
    buildTable(words.scenes, [words.period, words.count, words.first_day, words.last_day], scenes, units),
  ].filter(Boolean);
}
