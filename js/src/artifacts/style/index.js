// The style of files and previews.

import draw from "./draw.css";
import look from "./look.css";
import pictures from "./pictures.css";
import tree from "./tree.css";
import words from "./words.css";

/** What a Preview needs, wherever it stands. */
export const previewStyle = [look, draw, pictures, words].join("\n");

export default [tree, previewStyle].join("\n");
