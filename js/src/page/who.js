// Who looks at the page of a server that knows its users, and the way out.

import { h } from "../kit/dom.js";

/**
 * @param {string | undefined} user nobody, where the server asks nobody who they are
 * @param {{ fetch: typeof fetch, leave: (address: string) => void }} [world]
 */
export function who(
  user,
  world = { fetch: (...asked) => fetch(...asked), leave: (address) => location.assign(address) },
) {
  if (!user) return null;
  const said = h("span", { role: "status" });
  const leave = async () => {
    button.disabled = true;
    try {
      await world.fetch("./sign-out", { method: "POST", redirect: "manual" });
      world.leave("./sign-in?out");
    } catch {
      button.disabled = false;
      said.textContent = "The server does not answer.";
    }
  };
  const button = h("button", { type: "button", class: "nbt-ui-out", on: { click: leave } }, "Sign out");
  return h(
    "div",
    { class: "nbt-ui-who" },
    said,
    h("span", { class: "nbt-ui-user", title: `Signed in as ${user}` }, user),
    button,
  );
}
