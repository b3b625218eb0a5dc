// Small elements of the page. Words of the data are set as text, never as markup.

/** An element with attributes, listeners (on...) and children; a child may be text. */
function build(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function buildChoice(title, entries, chosen, onChoose) {
  const options = entries.map(([value, name]) => build("option", { value, selected: value === chosen }, name));
  const select = build("select", { onchange: () => onChoose(select.value) }, ...options);
  return build("label", { class: "eco-field" }, build("span", {}, title), select);
}

function buildTick(title, ticked, onTick) {
  const box = build("input", { type: "checkbox", onchange: () => onTick(box.checked) });
  box.checked = ticked;
  return build("label", { class: "eco-tick" }, box, title);
}

function buildButton(title, onClick, attributes = {}) {
  return build("button", { type: "button", onclick: onClick, ...attributes }, title);
}

const MU_PER_HA = 15;

/** A cell as people read it: a number in its unit and decimals, hectares in mu where they are asked for. */
function writeCell(cell, words, units) {
  if (cell === null || cell === undefined || cell === "") return words.unknown;
  if (typeof cell !== "object") return String(cell);
  if (cell.value === null || cell.value === undefined) return words.unknown;
  const inMu = units === "mu" && cell.unit === words.ha;
  const digits = cell.digits ?? 2;
  const value = (inMu ? cell.value * MU_PER_HA : cell.value).toLocaleString("en-US", { minimumFractionDigits: digits, maximumFractionDigits: digits });
  const unit = inMu ? words.mu : cell.unit;
  return unit ? `${value} ${unit}` : value;
}
