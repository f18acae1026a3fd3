/**
 * Put text on the clipboard; pages without clipboard rights (http, some frames) take the older way.
 * @param {string} text
 * @param {HTMLElement} host where a helper element may be put
 * @returns {Promise<boolean>} whether it worked
 */
export async function copyText(text, host) {
  try {
    await navigator.clipboard.writeText(text);
    return true;
  } catch {
    const area = document.createElement("textarea");
    area.value = text;
    area.style.cssText = "position:fixed;opacity:0;pointer-events:none";
    host.append(area);
    area.select();
    const worked = document.execCommand?.("copy") ?? false;
    area.remove();
    return worked;
  }
}
