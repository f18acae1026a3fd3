"""How the page around the views looks; the views bring their own."""

STYLE = """
:root{color-scheme:light dark;--page-bg:light-dark(#fff,#15171c);--page-text:light-dark(#16181d,#e6e8ec);
--page-muted:light-dark(#5d6470,#a2a8b3);--page-line:light-dark(#e4e6ea,#2b2f37);--page-accent:light-dark(#2f6fde,#6ea0ff)}
*{box-sizing:border-box}
body.nbt-page{margin:0;background:var(--page-bg);color:var(--page-text);
font:15px/1.55 system-ui,-apple-system,"Segoe UI",sans-serif}
.nbt-page-head,#nbt-stage{padding:0 clamp(12px,3vw,40px)}
.nbt-page-head{padding-top:26px}
.nbt-page-head h1{margin:0;font-size:24px;line-height:1.25;letter-spacing:-.01em;overflow-wrap:anywhere}
.nbt-page-facts{margin:4px 0 0;color:var(--page-muted);font-size:13px}
.nbt-page-notes{max-width:76ch;margin:14px 0 4px;overflow-wrap:anywhere}
.nbt-page-notes :is(h2,h3,h4){margin:16px 0 4px;font-size:16px}
.nbt-page-notes p,.nbt-page-notes ul,.nbt-page-notes ol,.nbt-page-notes pre{margin:8px 0}
:is(.nbt-page-notes,.nbt-step) code{font:.92em ui-monospace,Menlo,Consolas,monospace;
background:light-dark(#f2f3f5,#22252c);padding:1px 4px;border-radius:4px}
.nbt-page-notes pre{padding:10px 12px;border-radius:8px;background:light-dark(#f2f3f5,#22252c);overflow:auto}
.nbt-page-notes pre code{padding:0;background:none}
.nbt-page a{color:var(--page-accent)}
.nbt-page-section{margin:22px 0}
.nbt-page-section h2{margin:0 0 8px;font-size:14px;font-weight:600}
.nbt-page-quiet{color:var(--page-muted);font-size:13px}
.nbt-page noscript{display:block;padding:12px 0}
.nbt-page table{border-collapse:collapse}
.nbt-ui-head{display:flex;align-items:baseline;gap:18px;padding:14px 0 12px}
.nbt-ui-head strong{font-size:15px}
.nbt-ui-tabs{display:flex;gap:4px}
.nbt-ui-tabs a{padding:3px 10px;border-radius:6px;color:var(--page-muted);text-decoration:none;font-size:14px}
.nbt-ui-tabs a:hover{color:var(--page-text)}
.nbt-ui-tabs a[aria-current]{color:var(--page-text);background:light-dark(#eef1f6,#242830)}
.nbt-ui-tabs a:focus-visible{outline:2px solid var(--page-accent)}
"""
