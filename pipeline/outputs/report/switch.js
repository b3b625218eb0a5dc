// Areas in hectares or in mu (1 ha is 15 mu), from the exact figure that stands beside the words of each.
{
  const MU = 15;
  const button = document.getElementById("unit-switch");
  const show = (inMu) => {
    for (const area of document.querySelectorAll("data.ha")) {
      const value = Number(area.value) * (inMu ? MU : 1);
      const sign = area.textContent.startsWith("+") && value >= 0 ? "+" : "";
      area.textContent =
        sign + value.toLocaleString("en-US", { minimumFractionDigits: 2, maximumFractionDigits: 2 });
      const head = area.closest("table")?.tHead?.rows[0].cells[area.closest("td").cellIndex];
      if (head) name(head, inMu);
    }
    document.querySelectorAll(".ha-unit").forEach((unit) => name(unit, inMu));
    button.setAttribute("aria-pressed", String(inMu));
  };
  const name = (place, inMu) => {
    place.dataset.words ??= place.textContent;
    const words = place.dataset.words;
    place.textContent = inMu ? words.replace(button.dataset.ha, button.dataset.mu) : words;
  };
  button.hidden = false;
  button.addEventListener("click", () => show(button.getAttribute("aria-pressed") !== "true"));
}
