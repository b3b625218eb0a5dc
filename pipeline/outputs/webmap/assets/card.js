// The fact card: what is known of a feature, in groups of rows, of rows by period, or of a list.

/** The card of a row of a table that the page carries, by the sections that its layer names. */
function buildTableCard(layer, key, config) {
  const { table } = layer.source;
  const row = table.rows.get(key);
  const cell = (field, period = "") => {
    const value = table.columns[fillPeriod(field.column, period)]?.[row] ?? null;
    return typeof value === "number" ? { value, unit: field.unit, digits: field.digits } : (field.names?.[value] ?? value);
  };
  const titled = (field) => field.title;
  const sections = layer.card.map((section) => {
    if (section.kind === "periods")
      return {
        title: section.title,
        head: ["", ...config.periods.map(titled)],
        rows: section.fields.map((field) => [field.title, ...config.periods.map(({ key: period }) => cell(field, period))]),
      };
    if (section.kind === "list") return buildList(section, layer.lists[section.list], row);
    return { title: section.title, rows: section.fields.map((field) => [field.title, cell(field)]) };
  });
  return { title: table.columns[layer.title_column]?.[row] ?? key, subtitle: `${layer.title} ${key}`, sections };
}

function buildList(section, list, row) {
  const cell = (field, at) => {
    const value = list.columns[field.column][at] ?? null;
    return typeof value === "number" ? { value, unit: field.unit, digits: field.digits } : value;
  };
  return {
    title: section.title,
    head: section.fields.map((field) => field.title),
    rows: (list.rows.get(row) ?? []).map((at) => section.fields.map((field) => cell(field, at))),
  };
}

function showSection(section, words, units) {
  const cells = (row, name) => row.map((cell) => build(name, {}, writeCell(cell, words, units)));
  const known = section.head ? section.rows : section.rows.filter(([, cell]) => writeCell(cell, words, units) !== words.unknown);
  const title = section.title && build("h4", {}, section.title);
  if (!known.length) return build("section", {}, title, build("p", { class: "eco-quiet" }, words.nothing_known));
  if (!section.head) {
    const pairs = known.flatMap(([name, cell]) => [build("dt", {}, name), build("dd", {}, writeCell(cell, words, units))]);
    return build("section", {}, title, build("dl", {}, ...pairs));
  }
  const head = build("tr", {}, ...section.head.map((name) => build("th", { scope: "col" }, name || "\u00a0")));
  const rows = known.map((row) => build("tr", {}, build("th", { scope: "row" }, writeCell(row[0], words, units)), ...cells(row.slice(1), "td")));
  const table = build("table", {}, build("thead", {}, head), build("tbody", {}, ...rows));
  return build("section", {}, title, build("div", { class: "eco-wide", tabindex: "0", role: "region", "aria-label": section.title }, table));
}

/** Fill the card; `others` are features at the same place, each a button. */
function showCard(box, card, { words, units, stamp, others, onOther, onClose }) {
  const close = buildButton("×", onClose, { class: "eco-close", "aria-label": words.close });
  const heading = build("h3", { tabindex: "-1" }, card.title);
  const also = others.map((one) => buildButton(one.title, () => onOther(one)));
  box.replaceChildren(
    close,
    heading,
    build("p", { class: "eco-quiet" }, card.subtitle ?? ""),
    stamp ? build("p", { class: "eco-stamp" }, stamp) : "",
    also.length ? build("p", { class: "eco-also" }, words.also_here, ...also) : "",
    ...card.sections.map((section) => showSection(section, words, units)),
    ...(card.links ?? []).map(({ text, href }) => build("p", {}, build("a", { href }, text))),
  );
  box.hidden = false;
  box.scrollTop = 0;
  return heading;
}
