// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { Html, html, palette, variablesOf } from '@cinc-scan/core';

const style = `:root{color-scheme:light dark;${variablesOf(palette.light)}}
@media (prefers-color-scheme:dark){:root{${variablesOf(palette.dark)}}}
@media print{:root{${variablesOf(palette.print)}}nav{display:none}}
*{box-sizing:border-box}
body{margin:0 auto;max-width:72rem;padding:1.5rem;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
a{color:var(--link)}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px}
nav ul{display:flex;flex-wrap:wrap;gap:.3rem 1rem;padding:0;margin:1rem 0;list-style:none}
section{margin:1.2rem 0;padding:1rem 1.3rem;background:var(--card);border:1px solid var(--rule);border-radius:10px}
article{padding:.6rem 0 1rem;border-top:1px solid var(--rule)}
h2,h3,h4{margin:.6rem 0 .3rem}h3{font-size:1rem}h4{font-size:.85rem;color:var(--soft)}
p{margin:.3rem 0}.note{color:var(--soft);font-size:.9em}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.88em}
code{overflow-wrap:anywhere}
pre{margin:.3rem 0;padding:.6rem .8rem;background:var(--code);border:1px solid var(--rule);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere}
article ul{padding-left:1.1rem;margin:.2rem 0}
table{width:100%;border-collapse:collapse;margin:.4rem 0}
caption{text-align:left;font-size:.85rem;font-weight:650;color:var(--soft)}
th,td{padding:.35rem .6rem;border:1px solid var(--rule);text-align:left;vertical-align:top}
th,th code{overflow-wrap:break-word}
.hidden{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
`;

/** Of a page of the service: its own style, and nothing from anywhere else. */
export const pagePolicy = `default-src 'none'; style-src 'sha256-${createHash('sha256').update(style).digest('base64')}'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'`;

/** A page in the look of the reports. */
export const renderPage = (title: string, body: Html): string =>
  html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
${body}
</body>
</html>
`.text;
