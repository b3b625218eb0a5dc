// Small elements of the page. Words of the data are set as text, never as markup.

/** An element with attributes, listeners (`on...`) and children; a child may be text, nothing where it is empty. */
function build(name, attributes = {}, ...children) {
  const element = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (key.startsWith("on")) element.addEventListener(key.slice(2), value);
    else if (value !== null && value !== undefined && value !== false) element.setAttribute(key, value === true ? "" : value);
  }
  element.append(...children.filter((child) => child !== null && child !== undefined && child !== ""));
  return element;
}

function buildButton(title, onClick, attributes = {}) {
  return build("button", { type: "button", onclick: onClick, ...attributes }, title);
}

function buildChoice(title, entries, chosen, onChoose) {
  const options = entries.map(([value, name]) => build("option", { value, selected: value === chosen }, name));
  const select = build("select", { onchange: () => onChoose(select.value) }, ...options);
  return build("label", { class: "eco-field" }, build("span", {}, title), select);
}

function buildRange(title, share, onDraw) {
  const range = build("input", { type: "range", min: "0", max: "1", step: "0.05", value: String(share), oninput: () => onDraw(Number(range.value)) });
  return build("label", { class: "eco-field" }, build("span", {}, title), range);
}

function buildTick(title, ticked, onTick) {
  const box = build("input", { type: "checkbox", onchange: () => onTick(box.checked) });
  box.checked = ticked;
  return build("label", { class: "eco-tick" }, box, title);
}

/** Fill an element anew; what had the focus has it again, by its place among the controls. */
function refill(box, parts) {
  const controls = () => [...box.querySelectorAll("button, input, select")];
  const held = controls().indexOf(document.activeElement);
  box.replaceChildren(...parts);
  if (held >= 0) controls()[held]?.focus();
}
