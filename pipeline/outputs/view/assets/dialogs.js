// Sheets over the page. They are no modal dialogs of the browser: those cannot be printed over several pages.

const find = (id) => document.getElementById(id);
const BEHIND = ["bar", "problems", "map"];
let opener = null;

function openDialog(dialog, ...parts) {
  closeDialogs();
  opener = document.activeElement;
  const close = element("button", { type: "button", onclick: closeDialogs }, words.close);
  const print = element("button", { type: "button", onclick: () => window.print() }, words.print);
  dialog.replaceChildren(element("div", { class: "view-tools" }, print, close), ...parts.filter(Boolean));
  dialog.hidden = false;
  dialog.scrollTop = 0;
  for (const id of BEHIND) find(id).inert = true;
  dialog.querySelector("h2").focus();
}

function closeDialogs() {
  const open = [...document.querySelectorAll(".view-dialog:not([hidden])")];
  if (!open.length) return;
  for (const dialog of open) {
    dialog.hidden = true;
    dialog.dispatchEvent(new Event("close"));
  }
  for (const id of BEHIND) find(id).inert = false;
  opener?.focus?.({ preventScroll: true });
}
