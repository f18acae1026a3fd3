// Going through a story: keys, swipes, back and forward.

const SWIPE = 60; // px

/** Where arrow keys and space mean something else. */
const OWN_KEYS = "input, textarea, select, button, a, [contenteditable], .nbt";

/** @param {import("./story.js").Story} story */
export function listenSteps(story) {
  const { document } = globalThis;
  document.addEventListener("keydown", (event) => onKey(story, event));
  addEventListener("popstate", () => story.follow());
  addEventListener("hashchange", () => story.follow());
  /** @type {{ x: number, y: number } | null} */
  let down = null;
  story.root.addEventListener("touchstart", (event) => {
    const [touch] = event.touches;
    const inView = event.target instanceof Element && event.target.closest(".nbt");
    down = touch && event.touches.length === 1 && !inView ? { x: touch.clientX, y: touch.clientY } : null;
  });
  story.root.addEventListener("touchend", (event) => {
    const [touch] = event.changedTouches;
    if (!down || !touch) return;
    const [dx, dy] = [touch.clientX - down.x, touch.clientY - down.y];
    if (Math.abs(dx) > SWIPE && Math.abs(dx) > 2 * Math.abs(dy)) story.go(story.index + (dx < 0 ? 1 : -1));
  });
}

/** @param {import("./story.js").Story} story @param {KeyboardEvent} event */
function onKey(story, event) {
  if (event.defaultPrevented || event.ctrlKey || event.metaKey || event.altKey) return;
  const inside = event.target instanceof Element && event.target.closest(OWN_KEYS);
  if (inside) {
    if (event.key === "Escape") /** @type {HTMLElement} */ (document.activeElement)?.blur();
    const isButton = inside.matches(".nbt-deck-foot button") && event.key !== " " && event.key !== "Enter";
    if (!isButton) return;
  }
  const to = {
    ArrowRight: story.index + 1,
    ArrowDown: story.index + 1,
    PageDown: story.index + 1,
    " ": story.index + (event.shiftKey ? -1 : 1),
    ArrowLeft: story.index - 1,
    ArrowUp: story.index - 1,
    PageUp: story.index - 1,
    Home: 0,
    End: story.sections.length - 1,
  }[event.key];
  if (to !== undefined) story.go(to);
  else if (event.key === "s") story.notes.hidden = !story.notes.hidden;
  else if (event.key === "f") fill(story.root);
  else return;
  event.preventDefault();
}

/** @param {HTMLElement} el */
function fill(el) {
  if (document.fullscreenElement) document.exitFullscreen();
  else el.requestFullscreen?.().catch(() => {}); // some pages may not
}
