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

/** The bar between two panes; the upper one is seen right of it. */
function buildSwipe(frame, upper, words) {
  let share = 0.5;
  const draw = (wanted) => {
    share = Math.min(1, Math.max(0, wanted));
    upper.style.clipPath = `inset(0 0 0 ${share * 100}%)`;
    bar.style.left = `${share * 100}%`;
    bar.setAttribute("aria-valuenow", String(Math.round(share * 100)));
  };
  const follow = (event) => {
    const { left, width } = frame.getBoundingClientRect();
    if (bar.hasPointerCapture(event.pointerId)) draw((event.clientX - left) / width);
  };
  const onkeydown = (event) => {
    const step = { ArrowLeft: -0.05, ArrowRight: 0.05, Home: -1, End: 1 }[event.key];
    if (step === undefined) return;
    event.preventDefault();
    draw(share + step);
  };
  const told = { role: "slider", tabindex: "0", "aria-label": words.swipe, "aria-valuemin": "0", "aria-valuemax": "100" };
  const listeners = { onpointerdown: ({ pointerId }) => bar.setPointerCapture(pointerId), onpointermove: follow, onkeydown };
  const bar = build("div", { class: "eco-swipe", ...told, ...listeners }, build("b", {}), build("b", {}));
  draw(share);
  return bar;
}
