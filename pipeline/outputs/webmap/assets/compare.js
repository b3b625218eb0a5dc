// Two panes over each other, the upper one cut at a bar that is drawn by mouse, finger or arrow keys.

/** Keep two maps at one place, whichever is moved. */
function tieMaps(one, other) {
  let busy = false;
  const follow = (from, to) => () => {
    if (busy) return;
    busy = true;
    to.jumpTo({ center: from.getCenter(), zoom: from.getZoom() });
    busy = false;
  };
  one.on("move", follow(one, other));
  other.on("move", follow(other, one));
}

/** The bar between two panes; `share` of the width lies left of it. */
function buildSwipe(frame, upper, words) {
  const place = (share) => {
    const kept = Math.min(1, Math.max(0, share));
    upper.style.clipPath = `inset(0 0 0 ${kept * 100}%)`;
    bar.style.left = `${kept * 100}%`;
    bar.setAttribute("aria-valuenow", String(Math.round(kept * 100)));
    return kept;
  };
  let share = 0.5;
  const draw = (event) => {
    const { left, width } = frame.getBoundingClientRect();
    share = place((event.clientX - left) / width);
  };
  const bar = build("div", {
    class: "eco-swipe", role: "slider", tabindex: "0", "aria-label": words.swipe, "aria-valuemin": "0", "aria-valuemax": "100",
    onpointerdown: (event) => bar.setPointerCapture(event.pointerId),
    onpointermove: (event) => bar.hasPointerCapture(event.pointerId) && draw(event),
    onkeydown: (event) => {
      const step = { ArrowLeft: -0.05, ArrowRight: 0.05, Home: -1, End: 1 }[event.key];
      if (step === undefined) return;
      event.preventDefault();
      share = place(share + step);
    },
  });
  place(share);
  return bar;
}
