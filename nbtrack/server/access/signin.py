"""The page on which a browser signs in with a token."""

from __future__ import annotations

import html

POLICY = "default-src 'none'; style-src 'unsafe-inline'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_STYLE = """
:root{color-scheme:light dark;--ink:light-dark(#1c2024,#edeef0);--soft:light-dark(#60646c,#b0b4ba);
--line:light-dark(#8b8d98,#777b84);--paper:light-dark(#fcfcfd,#111113);--card:light-dark(#fff,#18191b);
--accent:light-dark(#0b5cad,#70b8ff);--on:light-dark(#fff,#111113);--bad:light-dark(#b42318,#ff9592)}
body{margin:0;min-height:100vh;display:grid;place-items:center;background:var(--paper);color:var(--ink);
font:15px/1.5 system-ui,sans-serif}
form{box-sizing:border-box;width:min(24rem,calc(100vw - 2rem));padding:1.75rem;background:var(--card);
border:1px solid color-mix(in srgb,var(--line) 40%,transparent);border-radius:10px}
h1{margin:0 0 .25rem;font-size:1.25rem}p{margin:0 0 1rem;color:var(--soft)}p[role=alert]{color:var(--bad)}
label{display:block;font-weight:600;margin-bottom:.35rem}
input{box-sizing:border-box;width:100%;padding:.55rem .65rem;font:inherit;color:inherit;background:transparent;
border:1px solid var(--line);border-radius:6px}
button{margin-top:1rem;width:100%;padding:.6rem;font:inherit;font-weight:600;color:var(--on);background:var(--accent);
border:0;border-radius:6px;cursor:pointer}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
"""


def page(problem: str = "") -> str:
    """Return the page, with what went wrong."""
    told = f'<p role="alert" id="problem">{html.escape(problem)}</p>' if problem else ""
    described = ' aria-describedby="problem" aria-invalid="true"' if problem else ""
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in · nbtrack</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><link rel="icon" href="data:,">'
        f'<style>{_STYLE}</style></head><body><main><form method="post" action="/sign-in"><h1>nbtrack</h1>'
        f"<p>This server knows its users by their tokens.</p>{told}"
        '<label for="token">Token</label><input id="token" name="token" type="password" required autofocus '
        f'autocomplete="current-password" spellcheck="false"{described}><button>Sign in</button></form></main></body></html>'
    )
