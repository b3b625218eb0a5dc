// The map of a report begins when it comes near to what is seen, so that the page itself opens at once.
(() => {
  const place = document.getElementById("ecomap");
  const data = document.getElementById("ecomap-data");
  const start = async () => {
    window.ecomap = await EcoMap.create(place, await EcoMap.unpack(data.textContent));
  };
  const watch = new IntersectionObserver((seen) => {
    if (!seen.some((entry) => entry.isIntersecting)) return;
    watch.disconnect();
    start();
  }, { rootMargin: "600px" });
  watch.observe(place);
})();
