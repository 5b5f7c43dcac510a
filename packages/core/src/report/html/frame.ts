// SPDX-License-Identifier: Apache-2.0
// What all pages have around their content: one self-contained file that asks for nothing.
import { createHash } from 'node:crypto';
import { Html, html, nothing } from './markup.ts';

/** A page without its frame. */
export interface Framed {
  title: string;
  style: string;
  script?: string;
  /** A link to the part that a reader by keyboard wants first. */
  skip: Html;
  /** Headline and sections. */
  content: Html;
  /** Who made it, and when. */
  footer: Html;
}

export function framed({ title, style, script, skip, content, footer }: Framed): string {
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${policy(style, script)}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<meta name="referrer" content="no-referrer">
<title>${title}</title>
<style>${new Html(style)}</style>
</head>
<body>
${skip}
${content}<footer><p>${footer}</p></footer>
${script === undefined ? nothing : html`<script>${new Html(script)}</script>\n`}</body>
</html>
`.text;
}

function policy(style: string, script: string | undefined): string {
  const hash = (text: string) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;
  const scripts = script === undefined ? '' : ` script-src ${hash(script)};`;
  return `default-src 'none'; style-src ${hash(style)};${scripts} img-src data:; base-uri 'none'; form-action 'none'`;
}

/** The sections that have something to say, with links to them. */
export function sections<Id extends string>(titles: Record<Id, string>, parts: Record<Id, Html>): Html {
  const shown = Object.entries<Html>(parts).filter(([, part]) => part.text !== '');
  const names = new Map<string, string>(Object.entries<string>(titles));
  const links = shown.map(([id]) => html`<li><a href="#${id}">${names.get(id)}</a></li>`);
  return html`<div class="page">
<nav aria-label="Sections"><ul>${links}</ul></nav>
<main>
${shown.map(([, part]) => part)}</main>
</div>
`;
}
