// Search over the tables that a page carries: every word must stand in what a row is found by.

const HITS_AT_ONCE = 20;

function plain(text) {
  return String(text).normalize("NFKC").toLowerCase();
}

/** What each row is found by: its key, and the columns that its layer names. */
function indexRows({ source: { table }, search = [] }) {
  return table.keys.map((key, row) => plain([key, ...search.map((column) => table.cell(column, row) ?? "")].join("\u0001")));
}

/** The rows that hold all words, layer by layer in the order in which they are listed. */
function findRows(layers, text) {
  const words = plain(text).split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  return layers.filter((layer) => layer.source?.table).flatMap((layer) => {
    layer.index ??= indexRows(layer);
    const rows = layer.index.flatMap((told, row) => (words.every((word) => told.includes(word)) ? [row] : []));
    return rows.map((row) => buildHit(layer, row));
  });
}

function buildHit(layer, row) {
  const { table } = layer.source;
  const told = (layer.search ?? []).map((column) => table.cell(column, row)).filter(Boolean);
  return { layer: layer.id, key: table.keys[row], title: nameRow(layer, row), detail: [layer.title, ...told].join(" · ") };
}

function buildSearch({ words, find, choose }) {
  const list = build("ul", { class: "eco-hits" });
  const said = build("p", { class: "eco-quiet", role: "status" });
  let asked = 0;
  let hits = [];
  const show = (most) => {
    const items = hits.slice(0, most).map((hit) => build("li", {}, buildButton(hit.title, () => choose(hit)), build("small", {}, hit.detail)));
    const more = buildButton(words.more_hits, () => show(most + HITS_AT_ONCE), { class: "eco-more" });
    list.replaceChildren(...items, ...(hits.length > most ? [build("li", {}, more)] : []));
    said.textContent = input.value.trim() ? `${words.hits} ${hits.length}` : "";
  };
  const look = async () => {
    const turn = (asked += 1);
    const found = await find(input.value);
    if (turn !== asked) return;
    hits = found;
    show(HITS_AT_ONCE);
  };
  const onkeydown = (event) => event.key === "Enter" && hits.length && choose(hits[0]);
  const input = build("input", { type: "search", "aria-label": words.search, placeholder: words.search, oninput: look, onkeydown });
  return build("div", { class: "eco-search", role: "search" }, input, said, list);
}
