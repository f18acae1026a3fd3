// Whether anybody can see an element: it is near the part of the page on view, and the tab is in front.

/**
 * @param {Element} el
 * @param {() => void} appeared told each time it comes into sight
 * @param {AbortSignal} until
 * @returns {() => boolean}
 */
export function watchSeen(el, appeared, until) {
  let near = true;
  const sight = new IntersectionObserver(
    (seen) => {
      near = seen.at(-1)?.isIntersecting ?? true;
      if (near) appeared();
    },
    { rootMargin: "200px" },
  );
  sight.observe(el);
  document.addEventListener("visibilitychange", () => document.visibilityState === "visible" && appeared(), {
    signal: until,
  });
  until.addEventListener("abort", () => sight.disconnect(), { once: true });
  return () => near && document.visibilityState !== "hidden";
}
