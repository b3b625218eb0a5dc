// The page: area, time, downloads, the sheet, and the address that says what is shown.

const areas = [...new Set(ecoCatalog.deliveries.map((delivery) => delivery.area))];
const COUNTS = ["parcels", "inventory", "sections", "change_patches", "findings"];
const view = { area: null, deliveries: [], moments: [], map: null, extract: null };

function deliveryOf(moment) {
  return view.moments.find(({ key }) => key === moment)?.delivery ?? view.deliveries.at(-1);
}

function current() {
  return deliveryOf(view.map?.state.period ?? view.moment);
}

/** Rows of a delivery that a search looks through, and the keys of its parcels by id; read once. */
async function readRows(delivery) {
  const { rows: firsts } = delivery.parcels;
  const parts = await Promise.all(firsts.map((_, place) => loadChunk(`${delivery.folder}/rows/${place}.js`)));
  const rows = [];
  for (const part of parts)
    for (const key of part.keys) {
      const { ids, words: told, bounds } = JSON.parse(new TextDecoder().decode(part.cut(key)));
      ids.forEach((id, at) => rows.push({ id, words: told[at], bounds: bounds[at], plain: plain([id, ...told[at]].join("\u0001")) }));
    }
  return { rows, keys: new Map(rows.map((row, key) => [row.id, key])) };
}

function rowsOf(delivery) {
  delivery.read ??= readRows(delivery);
  return delivery.read;
}

/** Sections and parcels that hold every word. */
async function findFeatures(text) {
  const asked = plain(text).split(/\s+/).filter(Boolean);
  if (!asked.length) return [];
  const delivery = current();
  const held = (told) => asked.every((word) => told.includes(word));
  const sections = collectSections(delivery).features.filter(({ properties }) => held(plain(`${properties.key}\u0001${properties.section}`)));
  const { rows } = await rowsOf(delivery);
  const found = rows.filter((row) => held(row.plain));
  return [
    ...sections.map(({ properties, geometry }) => ({ layer: "sections", key: properties.key, title: properties.section, detail: `${delivery.sections.title} ${properties.key}`, center: geometry.coordinates })),
    ...found.map(({ id, words: told, bounds }) => ({ layer: "parcels", key: id, title: id, detail: told.filter(Boolean).slice(1).join(" · "), bounds })),
  ];
}

async function readFacts(delivery, id) {
  const { keys } = await rowsOf(delivery);
  return findJson(`${delivery.folder}/facts`, delivery.parcels.facts, keys.get(id));
}

async function tellKey(key, { label }) {
  const delivery = view.deliveries.find((one) => one.label === label) ?? current();
  const facts = await readFacts(delivery, key);
  if (!facts) return { title: key, subtitle: words.not_here, sections: [] };
  return tellParcel(facts, delivery, buildAddress(key));
}

/** The address of what is shown: area, label, period, and a parcel whose sheet is open. */
function buildAddress(parcel) {
  const parts = [view.area, ...splitMoment(view.map?.state.period ?? view.moment), ...(parcel ? [parcel] : [])];
  return `#/${parts.map(encodeURIComponent).join("/")}`;
}

function splitMoment(moment) {
  return [labelOf(moment), moment.slice(moment.lastIndexOf("/") + 1)];
}

function readAddress() {
  const [area, label, period, parcel] = location.hash.slice(2).split("/").map((part) => decodeURIComponent(part));
  return { area, moment: label && period ? `${label}/${period}` : null, parcel };
}

async function showArea(area, moment) {
  view.map?.remove();
  view.area = area;
  view.deliveries = ecoCatalog.deliveries.filter((delivery) => delivery.area === area);
  view.moments = listMoments(view.deliveries);
  const newest = view.deliveries.reduce((one, other) => (other.as_of >= one.as_of ? other : one));
  view.moment = view.moments.some(({ key }) => key === moment) ? moment : `${newest.label}/${newest.periods.at(-1)}`;
  const config = buildConfig(view.deliveries, view.moments, view.moment, { facts: tellKey, find: findFeatures, current });
  view.config = config;
  fillBar();
  find("stamp").textContent = config.stamp ? `${config.stamp} — ${words.simulated}` : "";
  find("stamp").hidden = !config.stamp;
  view.map = await EcoMap.create(find("map"), config);
  if (!view.map) find("map").replaceChildren(element("p", { class: "view-absent" }, words.no_webgl));
  view.map?.on("period", () => { tellTime(); noteAddress(); });
  window.ecoView = view;
}

function noteAddress() {
  history.replaceState(null, "", buildAddress());
}

function fillBar() {
  const options = areas.map((area) => {
    const { name } = ecoCatalog.deliveries.findLast((delivery) => delivery.area === area);
    return element("option", { value: area, selected: area === view.area }, name);
  });
  const go = async ({ target }) => {
    await showArea(target.value, null);
    noteAddress();
  };
  const choice = element("select", { id: "area", onchange: go }, ...options);
  find("place").replaceChildren(element("label", {}, element("span", {}, words.area_name), choice), ...listParts());
  fillTimes();
}

/** A choice of the part that the map goes to, where an area has several. */
function listParts() {
  const { features } = view.config.outline.geojson;
  if (features.length < 2) return [];
  const options = features.map(({ properties }, at) => element("option", { value: String(at) }, properties.name));
  const go = ({ target }) => view.map?.fit(target.value === "" ? view.config.bounds : EcoMap.measureBounds(features[Number(target.value)].geometry));
  const choice = element("select", { id: "part", onchange: go }, element("option", { value: "" }, words.all_parts), ...options);
  return [element("label", {}, element("span", {}, words.part), choice)];
}

/** The slider over all moments of the area, and what of them is shown. */
function fillTimes() {
  const said = element("output", {});
  if (view.moments.length === 1) find("times").replaceChildren(said);
  else {
    const show = () => view.map?.setPeriod(view.moments[Number(slider.value)].key);
    const ends = { min: "0", max: String(view.moments.length - 1), step: "1" };
    const slider = element("input", { type: "range", id: "time", ...ends, "aria-label": words.time, oninput: show });
    find("times").replaceChildren(slider, said);
  }
  tellTime();
}

/** Say which moment is shown. The slider stays the element that it is: it may be held by a hand. */
function tellTime() {
  const shown = view.map?.state.period ?? view.moment;
  const at = view.moments.findIndex(({ key }) => key === shown);
  const { period, title, delivery } = view.moments[at];
  find("times").querySelector("output").textContent = `${words.period} ${period} · ${words.label} ${delivery.label}`;
  const slider = find("time");
  if (!slider) return;
  slider.value = String(at);
  slider.setAttribute("aria-valuetext", title);
}

async function openSheet(parcel) {
  const delivery = current();
  const facts = await readFacts(delivery, parcel);
  const dialog = find("sheet");
  const extract = element("div", { class: "view-extract", role: "img", "aria-label": words.extract });
  const figure = view.map && element("figure", {}, extract);
  const told = facts ? [figure, ...buildSheet(facts, delivery, view.map?.state.units ?? "ha")] : [element("p", {}, words.not_here)];
  openDialog(dialog, ...buildHeading(`${words.sheet} ${parcel}`, delivery), ...told);
  if (!facts || !view.map) return;
  const layer = view.config.layers.find(({ id }) => id === "parcels");
  view.extract = drawExtract(extract, facts, layer, `${delivery.label}/`);
  view.extract.once("idle", () => { dialog.dataset.ready = parcel; });
}

function buildHeading(title, delivery) {
  const told = [delivery.name, `${words.label} ${delivery.label}`, `${words.as_of} ${delivery.as_of}`].join(" · ");
  return [element("h2", { tabindex: "-1" }, title, delivery.stamp ? element("span", { class: "view-tag" }, delivery.stamp) : null), element("p", { class: "view-quiet" }, told)];
}

function closeSheet() {
  view.extract?.remove();
  view.extract = null;
  delete find("sheet").dataset.ready;
  noteAddress();
}

function writeSize(bytes) {
  return bytes < 1e6 ? `${Math.max(1, Math.round(bytes / 1e3))} kB` : `${(bytes / 1e6).toFixed(1)} MB`;
}

function buildLink({ id }, { name, size }) {
  const href = `files/${`${id}/${name}`.split("/").map(encodeURIComponent).join("/")}`;
  return element("li", {}, element("a", { href, target: "_blank", rel: "noopener" }, name), ` ${writeSize(size)}`);
}

/** A delivery: its periods, what it holds, its files; a button shows it. */
function describeDelivery(delivery) {
  const inside = ({ name }) => name.includes("/");
  const [rest, top] = [delivery.downloads.filter(inside), delivery.downloads.filter((one) => !inside(one))];
  const newest = delivery.periods.at(-1);
  const counts = COUNTS.filter((name) => name in delivery.counts).map((name) => `${words[`count_${name}`]} ${delivery.counts[name].toLocaleString("en-US")}`);
  const told = [`${words.periods} ${delivery.periods.join(words.comma)}`, `${words.as_of} ${delivery.as_of}`, ...counts].join(" · ");
  const show = element("button", { type: "button", onclick: () => showDelivery(delivery, newest) }, words.show);
  const stamp = delivery.stamp ? element("span", { class: "view-tag" }, delivery.stamp) : null;
  const link = (one) => buildLink(delivery, one);
  return element(
    "section", {},
    element("h3", {}, `${delivery.name} · ${words.label} ${delivery.label}`, stamp, show),
    element("p", { class: "view-quiet" }, told),
    element("ul", {}, ...top.map(link)),
    rest.length ? element("details", {}, element("summary", {}, `${words.more_files} (${rest.length})`), element("ul", {}, ...rest.map(link))) : null,
  );
}

async function showDelivery(delivery, period) {
  closeDialogs();
  const moment = `${delivery.label}/${period}`;
  if (delivery.area === view.area) await view.map?.setPeriod(moment);
  else await showArea(delivery.area, moment);
  noteAddress();
}

function openDeliveries() {
  openDialog(find("deliveries"), element("h2", { tabindex: "-1" }, words.deliveries), ...ecoCatalog.deliveries.map(describeDelivery));
}

function fillProblems() {
  const { problems } = ecoCatalog;
  const box = find("problems");
  box.hidden = !problems.length;
  box.querySelector("summary").textContent = `${words.problems} (${problems.length})`;
  box.querySelector("ul").replaceChildren(...problems.map(({ place, found, expected }) => element("li", {}, element("code", {}, place), `: ${found}; ${words.expected} ${expected}`)));
}

/** Show what the address says. */
async function follow() {
  const { area, moment, parcel } = readAddress();
  const asked = areas.includes(area) ? area : areas[0];
  if (asked !== view.area) await showArea(asked, moment);
  else if (moment && view.moments.some(({ key }) => key === moment)) await view.map?.setPeriod(moment);
  if (parcel) await openSheet(parcel);
  else closeDialogs();
}

function start() {
  fillProblems();
  find("deliveries-open").addEventListener("click", openDeliveries);
  find("sheet").addEventListener("close", closeSheet);
  window.addEventListener("keydown", (event) => event.key === "Escape" && closeDialogs());
  window.addEventListener("hashchange", follow);
  if (areas.length) follow();
}
