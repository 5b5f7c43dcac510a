// SPDX-License-Identifier: Apache-2.0
import { cleanText } from './text.ts';

const entities: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;', "'": '&apos;' };
const escapeXml = (text: string) => text.replaceAll(/[&<>"']/g, char => entities[char] ?? '');

/** Foreign text between tags. Cleaned text holds only characters that XML 1.0 allows, even as references. */
export const xmlText = (raw: string): string => escapeXml(cleanText(raw));

/** Foreign text between quotes: without the references a reader makes blanks of line breaks. */
const xmlAttribute = (raw: string): string => xmlText(raw).replaceAll('\t', '&#9;').replaceAll('\n', '&#10;');

export type XmlAttributes = Record<string, string | number | undefined>;

/** One element; children are markup already. */
export function element(name: string, attributes: XmlAttributes, children: string[] = []): string {
  const list = Object.entries(attributes).flatMap(([key, value]) =>
    value === undefined ? [] : [` ${key}="${xmlAttribute(`${value}`)}"`],
  );
  const open = `<${name}${list.join('')}`;
  return children.length === 0 ? `${open}/>` : `${open}>${children.join('')}</${name}>`;
}

/** An element that holds other elements, one a line. */
export function block(name: string, attributes: XmlAttributes, children: string[]): string {
  return children.length === 0
    ? element(name, attributes)
    : element(name, attributes, ['\n', ...children.map(child => `${child}\n`)]);
}

export const xmlDocument = (root: string): string => `<?xml version="1.0" encoding="UTF-8"?>\n${root}\n`;
