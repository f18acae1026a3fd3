"""The page on which a browser signs in: by a provider, or with a token."""

from __future__ import annotations

import html
from urllib.parse import quote

POLICY = "default-src 'none'; style-src 'unsafe-inline'; img-src data:; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
_STYLE = """
:root{color-scheme:light dark;--bg:light-dark(#fff,#15171c);--text:light-dark(#16181d,#e6e8ec);--accent:light-dark(#2f6fde,#6ea0ff);
--on:light-dark(#fff,#0f1115);--ink:color-mix(in srgb,var(--text) 90%,var(--bg));--muted:color-mix(in srgb,var(--text) 66%,var(--bg));
--edge:color-mix(in srgb,var(--text) 17%,var(--bg));--field:color-mix(in srgb,var(--text) 48%,var(--bg));
--page:light-dark(#f7f7f8,#15171c);--card:light-dark(#fff,#1b1e24);--bad:light-dark(#b3312f,#f59a94);--good:light-dark(#2c7a50,#6fcf9c)}
*{box-sizing:border-box}
body{margin:0;min-height:100vh;min-height:100dvh;display:grid;place-items:center;padding:1.5rem 1rem;
background:var(--page);color:var(--ink);font:14px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;-webkit-font-smoothing:antialiased}
main{width:min(23.5rem,100%)}
.mark{display:flex;align-items:center;gap:.6rem;margin:0 0 1.1rem .1rem;font-size:1.0625rem;font-weight:650;letter-spacing:-.01em}
.mark svg{flex:none}
.card{padding:1.6rem 1.5rem 1.5rem;background:var(--card);border:1px solid var(--edge);border-radius:12px;
box-shadow:0 1px 2px rgb(0 0 0/5%),0 8px 28px rgb(0 0 0/6%)}
h1{margin:0;font-size:1.1875rem;line-height:1.3;font-weight:650;letter-spacing:-.012em;color:var(--text)}
p{margin:.35rem 0 0;color:var(--muted);text-wrap:pretty}
.told{margin:1rem 0 0;padding:.6rem .75rem;border-radius:8px;overflow-wrap:anywhere;color:var(--bad);
background:color-mix(in srgb,var(--bad) 9%,var(--bg));border:1px solid color-mix(in srgb,var(--bad) 28%,var(--bg))}
.told.good{color:var(--good);
background:color-mix(in srgb,var(--good) 9%,var(--bg));border-color:color-mix(in srgb,var(--good) 28%,var(--bg))}
label{display:block;margin:1.2rem 0 .35rem;font-weight:600;color:var(--text)}
input{width:100%;height:2.5rem;padding:0 .7rem;font:13px ui-monospace,Menlo,Consolas,monospace;color:var(--text);background:var(--bg);
border:1px solid var(--field);border-radius:8px}
input::placeholder{color:var(--muted);opacity:1}
input[aria-invalid=true]{border-color:var(--bad)}
.go{display:flex;align-items:center;justify-content:center;width:100%;min-height:2.5rem;margin:1rem 0 0;padding:.35rem .9rem;font:inherit;
font-weight:600;text-decoration:none;text-align:center;overflow-wrap:anywhere;
border-radius:8px;border:1px solid var(--edge);color:var(--text);background:transparent;cursor:pointer}
.go:hover{background:color-mix(in srgb,var(--text) 4%,var(--bg))}
.go.first{color:var(--on);background:var(--accent);border-color:transparent}
.go.first:hover{background:color-mix(in srgb,var(--accent) 88%,var(--text))}
.or{display:flex;align-items:center;gap:.75rem;margin:1.25rem 0 -.35rem;color:var(--muted);font-size:12px}
.or::before,.or::after{content:"";flex:1;height:1px;background:var(--edge)}
.how{margin:1.1rem .1rem 0;font-size:12.5px}
code{font:12px ui-monospace,Menlo,Consolas,monospace;overflow-wrap:anywhere;color:var(--ink)}
:focus-visible{outline:2px solid var(--accent);outline-offset:2px}
@media (max-width:26rem){.card{padding:1.25rem 1.1rem}}
@media (forced-colors:active){.go.first{border-color:ButtonText}}
"""
_MARK = (
    '<svg width="24" height="24" viewBox="0 0 24 24" fill="none" aria-hidden="true">'
    '<rect width="24" height="24" rx="6" fill="var(--accent)"/>'
    '<path d="M5 8.5c2.5 0 2.7 7.5 6 7.5s3-4.5 8-4.5" stroke="var(--on)" stroke-width="2" stroke-linecap="round"/></svg>'
)


def page(problem: str = "", *, provider: str = "", after: str = "", is_out: bool = False, root: str = "") -> str:
    """Return the page.

    Parameters
    ----------
    problem : str
        What went wrong.
    provider : str
        What people call the place where they sign in; without it only tokens are asked for.
    after : str
        A page of this server to go on to.
    is_out : bool
        Somebody signed out just now.
    root : str
        Where a proxy shows this server, such as ``/nbtrack``.
    """
    told = f'<div class="told" role="alert" id="problem">{html.escape(problem)}</div>' if problem else ""
    if is_out and not problem:
        told = '<div class="told good" role="status">You are signed out of this server.</div>'
    lead = "A team's runs, curves and models." if provider else "This server knows its users by their tokens."
    ways = _by_provider(provider, after, root) + _by_token(problem, provider, after, root)
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8"><title>Sign in · nbtrack</title>'
        '<meta name="viewport" content="width=device-width, initial-scale=1"><meta name="color-scheme" content="light dark">'
        f'<link rel="icon" href="data:,"><style>{_STYLE}</style></head><body><main><div class="mark">{_MARK}nbtrack</div>'
        f'<div class="card"><h1>Sign in</h1><p>{lead}</p>{told}{ways}</div>'
        '<p class="how">No token yet? Whoever runs this server makes one with <code>nbtrack server token add</code>.</p>'
        "</main></body></html>"
    )


def _by_provider(provider: str, after: str, root: str) -> str:
    if not provider:
        return ""
    where = f"{root}/sign-in/sso" + (f"?next={quote(after, safe='')}" if after else "")
    return f'<a class="go first" href="{html.escape(where)}" autofocus>Continue with {html.escape(provider)}</a><div class="or">or</div>'


def _by_token(problem: str, provider: str, after: str, root: str) -> str:
    described = ' aria-describedby="problem"' + ("" if provider else ' aria-invalid="true"') if problem else ""
    focus, first = ("", "") if provider else (" autofocus", " first")
    kept = f'<input type="hidden" name="next" value="{html.escape(after)}">' if after else ""
    return (
        f'<form method="post" action="{html.escape(root)}/sign-in">{kept}<label for="token">Token</label>'
        f'<input id="token" name="token" type="password" required{focus} placeholder="nbt_…" '
        f'autocomplete="current-password" autocapitalize="none" spellcheck="false"{described}>'
        f'<button class="go{first}">Sign in with the token</button></form>'
    )
