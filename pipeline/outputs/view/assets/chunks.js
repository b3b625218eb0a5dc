// Data that stands beside the page as scripts: a script is the one thing that a page may take in from file:// too.

const CHUNKS_KEPT = 160;
const chunks = new Map();

/** What a chunk calls: hands its blobs to whoever asked for the script. */
window.ecoChunk = (told) => document.currentScript.take(told);

async function openChunk({ keys, sizes, body }) {
  const packed = Uint8Array.from(atob(body), (letter) => letter.charCodeAt(0));
  const stream = new Blob([packed]).stream().pipeThrough(new DecompressionStream("gzip"));
  const bytes = await new Response(stream).arrayBuffer();
  const places = new Map();
  let from = 0;
  keys.forEach((key, at) => {
    places.set(key, [from, from + sizes[at]]);
    from += sizes[at];
  });
  return { keys, cut: (key) => (places.has(key) ? bytes.slice(...places.get(key)) : null) };
}

function loadChunk(address) {
  const known = chunks.get(address);
  if (known) {
    chunks.delete(address);
    chunks.set(address, known);
    return known;
  }
  const asked = new Promise((done, fail) => {
    const script = document.createElement("script");
    script.take = (told) => done(openChunk(told));
    script.onload = () => script.remove();
    script.onerror = () => { chunks.delete(address); script.remove(); fail(new Error(address)); };
    script.src = address;
    document.head.append(script);
  });
  chunks.set(address, asked);
  if (chunks.size > CHUNKS_KEPT) chunks.delete(chunks.keys().next().value);
  return asked;
}

/** The place of the last number that is not above `key`, -1 where all are. */
function findPlace(firsts, key) {
  let low = 0;
  let high = firsts.length;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (firsts[middle] <= key) low = middle + 1;
    else high = middle;
  }
  return low - 1;
}

/** The bytes of a key, for whoever asks to keep; null where there is none. */
async function findBlob(folder, firsts, key) {
  const place = findPlace(firsts, key);
  if (place < 0) return null;
  return (await loadChunk(`${folder}/${place}.js`)).cut(key);
}

async function findJson(folder, firsts, key) {
  const bytes = await findBlob(folder, firsts, key);
  return bytes && JSON.parse(new TextDecoder().decode(bytes));
}

/** The key of a tile: those of a zoom after all of those below it, in Morton order. */
function numberTile(z, x, y) {
  let number = (4 ** z - 1) / 3;
  for (let bit = 0; bit < z; bit += 1) number += (((x >> bit) & 1) + 2 * ((y >> bit) & 1)) * 4 ** bit;
  return number;
}

/** A loader of tiles, as the map takes it. */
function buildLoader(folder, firsts) {
  return (z, x, y) => findBlob(folder, firsts, numberTile(z, x, y));
}
