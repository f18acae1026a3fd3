"""``/docs``: the routes by Swagger UI, which comes from the internet; a plain list of them stands there until it has come, or for good."""

from __future__ import annotations

import html
import json
from typing import TYPE_CHECKING

from starlette.responses import HTMLResponse

if TYPE_CHECKING:
    from starlette.requests import Request

SWAGGER = "https://cdn.jsdelivr.net/npm/swagger-ui-dist@5/swagger-ui"
STYLE = """
.plain { font: 14px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }
.plain summary { cursor: pointer; padding: .15rem 0 }
.plain code { font-size: 13px } .plain b { display: inline-block; width: 4.5rem; font: 600 12px ui-monospace, monospace }
.plain pre { background: #8881; border-radius: 6px; padding: .75rem; overflow: auto; font-size: 12px }
"""
SCRIPT = """
(async () => {
  const told = await (await fetch(source)).json();
  const root = document.getElementById("swagger-ui");
  if (window.SwaggerUIBundle || !root) return;
  const make = (tag, text = "", ...inner) => {
    const el = document.createElement(tag);
    el.textContent = text;
    el.append(...inner);
    return el;
  };
  const shown = (value) => make("pre", JSON.stringify(value, null, 1));
  const list = make("div", "", make("h1", told.info.title + " " + told.info.version), make("p", told.info.description ?? ""));
  list.className = "plain";
  let group = "";
  for (const [path, verbs] of Object.entries(told.paths))
    for (const [verb, route] of Object.entries(verbs)) {
      const tag = route.tags?.[0] ?? "";
      if (tag !== group) list.append(make("h2", (group = tag)));
      const { parameters, requestBody, responses, description } = route;
      list.append(make("details", "",
        make("summary", "", make("b", verb.toUpperCase()), make("code", path), " " + (route.summary ?? "")),
        make("p", description ?? ""), shown({ parameters, requestBody, responses })));
    }
  list.append(make("h2", "Shapes"), make("details", "", make("summary", "components"), shown(told.components)));
  root.replaceChildren(list);
})();
"""


PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<link rel="icon" href="data:,">
<title>%(title)s</title>
<style>%(style)s</style>
</head>
<body>
<div id="swagger-ui"></div>
<script>%(script)s</script>
<link rel="stylesheet" href="%(swagger)s.css">
<script async src="%(swagger)s-bundle.js"
  onload="SwaggerUIBundle({ url: source, dom_id: '#swagger-ui', deepLinking: true })"></script>
</body>
</html>
"""


async def docs(request: Request) -> HTMLResponse:
    """Show the routes of the server."""
    app, root = request.app, request.scope.get("root_path", "").rstrip("/")
    source = json.dumps(f"{root}{app.openapi_url}").replace("<", "\\u003c")
    script = f"const source = {source};{SCRIPT}"
    return HTMLResponse(PAGE % {"title": html.escape(app.title), "style": STYLE, "script": script, "swagger": SWAGGER})
