// Search over the tables that a page carries: every word must stand in what a row is found by.

const MOST_HITS = 20;

function plain(text) {
  return String(text).normalize("NFKC").toLowerCase();
}

/** What a row is found by: its key and the columns that its layer names, once for each row. */
function indexRows(layer) {
  const { table } = layer.source;
  const columns = (layer.search ?? []).map((name) => table.columns[name]).filter(Boolean);
  return table.keys.map((key, row) => plain([key, ...columns.map((column) => column[row] ?? "")].join("\u0001")));
}

/** The rows that hold all words, layer by layer in the order in which they are listed. */
function findRows(layers, text) {
  const words = plain(text).split(/\s+/).filter(Boolean);
  if (!words.length) return [];
  return layers.flatMap((layer) => {
    const { table } = layer.source;
    if (!table) return [];
    layer.index ??= indexRows(layer);
    const rows = layer.index.flatMap((told, row) => (words.every((word) => told.includes(word)) ? [row] : []));
    return rows.map((row) => ({ layer: layer.id, key: table.keys[row], title: table.columns[layer.title_column]?.[row] ?? table.keys[row], detail: `${layer.title} ${table.keys[row]}`, bounds: table.bounds(row) }));
  });
}

function buildSearch({ words, find, choose }) {
  const list = build("ul", { class: "eco-hits" });
  const said = build("p", { class: "eco-quiet", role: "status" });
  let asked = 0;
  const show = (hits, most) => {
    const items = hits.slice(0, most).map((hit) => build("li", {}, buildButton(hit.title, () => choose(hit)), build("small", {}, hit.detail)));
    if (hits.length > most) items.push(build("li", {}, buildButton(words.more_hits, () => show(hits, most + MOST_HITS), { class: "eco-more" })));
    list.replaceChildren(...items);
    said.textContent = input.value.trim() ? `${words.hits} ${hits.length}` : "";
  };
  const look = async () => {
    const turn = (asked += 1);
    const hits = await find(input.value);
    if (turn === asked) show(hits, MOST_HITS);
  };
  const input = build("input", { type: "search", "aria-label": words.search, placeholder: words.search, oninput: look });
  return build("div", { class: "eco-search", role: "search" }, input, said, list);
}
