// The fact card: what is known of a feature, in groups of rows, of rows by period, or of a list.

const MU_PER_HA = 15;
const PARTS_PER_HUNDRED = 100;

/** A cell as people read it: a number in its unit and decimals, a share in per cent, hectares in mu where asked.
    One with a `title` is the name of a row whose numbers are `bare`: it has their unit. */
function writeCell(cell, words, units) {
  if (cell === null || cell === undefined || cell === "") return words.unknown;
  if (typeof cell !== "object") return String(cell);
  const { unit, digits = 2 } = cell;
  const named = { share: "%", ha: units === "mu" ? words.mu : words.ha }[unit] ?? unit;
  if (cell.title) return named ? `${cell.title} (${named})` : cell.title;
  if (cell.value === null || cell.value === undefined) return words.unknown;
  const factor = unit === "share" ? PARTS_PER_HUNDRED : unit === "ha" && units === "mu" ? MU_PER_HA : 1;
  const written = (cell.value * factor).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return named && !cell.bare ? `${written} ${named}` : written;
}

/** The card of a row of a table that the page carries, by the sections that its layer names. */
function buildTableCard(layer, key, { periods, words }, period) {
  const { table } = layer.source;
  const row = table.rows.get(key);
  const build = { rows: buildRows, periods: buildPeriods, list: buildList };
  const title = nameRow(layer, row);
  const sections = layer.card.map((section) => build[section.kind](section, table, row, { periods, words, period }));
  return { title, subtitle: title === key || layer.numbered ? layer.title : `${layer.title} ${key}`, sections };
}

function nameRow(layer, row) {
  const { table } = layer.source;
  return (layer.title_column && table.cell(layer.title_column, row)) || table.keys[row];
}

function buildCell(value, { unit, digits }, bare = false) {
  return typeof value === "number" ? { value, unit, digits, bare } : value;
}

function buildRows({ title, fields }, table, row) {
  return { title, rows: fields.map((field) => [field.title, buildCell(table.cell(field.column, row), field)]) };
}

function buildPeriods({ title, fields }, table, row, { periods, words }) {
  const rows = fields.map((field) => {
    const cells = periods.map(({ key }) => buildCell(table.cell(field.column, row, key), field, true));
    return [{ title: field.title, unit: field.unit }, ...cells];
  });
  return { title, head: [words.item, ...periods.map((one) => one.title)], rows: rows.filter((cells) => cells.slice(1).some((cell) => cell !== null)) };
}

/** Rows that belong to a row; of those that have a period, the ones of the period that is shown. */
function buildList({ title, list, fields, note }, table, row, { period }) {
  const { columns, rows } = table.lists[list];
  const shown = (rows.get(row) ?? []).filter((at) => !columns.period || columns.period[at] === null || columns.period[at] === namePeriod(period));
  return {
    title: columns.period ? `${title} ${namePeriod(period)}` : title,
    head: fields.map((field) => field.title),
    rows: shown.map((at) => fields.map((field) => buildCell(columns[field.column][at], { ...field, unit: columns[field.unit_column]?.[at] ?? field.unit }))),
    notes: shown.map((at) => columns[note]?.[at]),
  };
}

/** A section; of pairs those that are known and do not repeat the heading of the card. */
function showSection(section, { write, words, heading }) {
  const title = section.title && build("h4", {}, section.title);
  const isTold = ([, cell]) => ![words.unknown, heading].includes(write(cell));
  const rows = section.head ? section.rows : section.rows.filter(isTold);
  if (!rows.length) return build("div", {}, title, build("p", { class: "eco-quiet" }, words.nothing_known));
  return build("div", {}, title, section.head ? showTable(section, write) : showPairs(rows, write));
}

function showPairs(rows, write) {
  return build("dl", {}, ...rows.flatMap(([name, cell]) => [build("dt", {}, name), build("dd", {}, write(cell))]));
}

function showTable({ title, head, rows, notes }, write) {
  const top = build("tr", {}, ...head.map((name) => build("th", { scope: "col" }, name)));
  const body = rows.flatMap(([name, ...cells], at) => {
    const row = build("tr", {}, build("th", { scope: "row" }, write(name)), ...cells.map((cell) => build("td", {}, write(cell))));
    const note = notes?.[at];
    return note ? [row, build("tr", { class: "eco-note" }, build("td", { colspan: head.length }, note))] : [row];
  });
  const table = build("table", {}, build("thead", {}, top), build("tbody", {}, ...body));
  return build("div", { class: "eco-wide", tabindex: "0", role: "region", "aria-label": title }, table);
}

/** Fill the card; `also` are buttons of other features at the same place. Gives its heading. */
function showCard(box, card, { words, units, stamp, also, onClose }) {
  const write = (cell) => writeCell(cell, words, units);
  const heading = build("h3", { tabindex: "-1" }, card.title);
  const parts = [
    buildButton("×", onClose, { class: "eco-close", "aria-label": words.close }),
    heading,
    build("p", { class: "eco-quiet" }, card.subtitle ?? ""),
    stamp ? build("p", { class: "eco-stamp" }, stamp) : null,
    also.length ? build("p", { class: "eco-also" }, words.also_here, ...also) : null,
    ...card.sections.map((section) => showSection(section, { write, words, heading: card.title })),
    ...(card.links ?? []).map(({ text, href }) => build("p", {}, build("a", { href }, text))),
  ];
  box.replaceChildren(...parts.filter(Boolean));
  box.hidden = false;
  return heading;
}
