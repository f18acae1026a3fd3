// The style of files and previews.

import look from "./look.css";

/** What a Preview needs, wherever it stands. */
export const previewStyle = [look].join("\n");

export default previewStyle;
