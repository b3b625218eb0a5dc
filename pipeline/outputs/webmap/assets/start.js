// The map of a report begins when it comes near to what is seen, so that the page itself opens at once.
{
  const place = document.getElementById("ecomap");
  const data = document.getElementById("ecomap-data");
  const units = document.getElementById("unit-switch");
  const follow = () => window.ecomap?.setUnits(units?.getAttribute("aria-pressed") === "true" ? "mu" : "ha");
  const start = async () => {
    window.ecomap = await EcoMap.create(place, await EcoMap.unpack(data.textContent));
    follow();
  };
  const begin = (seen, watch) => {
    if (!seen.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    start();
  };
  new IntersectionObserver(begin, { rootMargin: "600px" }).observe(place);
  units?.addEventListener("click", () => setTimeout(follow));
}
