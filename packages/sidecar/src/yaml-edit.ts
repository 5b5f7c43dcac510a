// SPDX-License-Identifier: Apache-2.0
// Changes of a YAML text at the places where they belong. A printed syntax tree would keep comments but not the
// writer's own line breaks, quotes and indents; insertions keep every other byte.
import {
  Document,
  isMap,
  isNode,
  isPair,
  isScalar,
  isSeq,
  type Node,
  type Pair,
  stringify,
  visit,
  type YAMLMap,
  type YAMLSeq,
} from 'yaml';
import type { Json, Operation, Path } from './operation.ts';

/** Bytes to put in the place of others. */
interface Edit {
  from: number;
  to: number;
  text: string;
}

/** The text cannot be changed where the operation wants it, since the value comes from elsewhere. */
export class NotEditable extends Error {
  override name = 'NotEditable';
}

export interface EditContext {
  text: string;
  /** Of the text: `\n` or `\r\n`. */
  newline: string;
}

/** Whether this writer has the items of `containers` deeper than the key, as far as the text shows before a place. */
function indentsSequences({ text }: EditContext, before: number): boolean {
  const found = [...text.slice(0, before).matchAll(/^( *(?:- )*)containers:[^\n]*\n(?:[ \t]*#[^\n]*\n)*( *)- /gm)].at(
    -1,
  );
  return found === undefined || (found[2] ?? '').length > (found[1] ?? '').length;
}

/** The text after all operations on its documents. Deeper operations come before those on what they stand in. */
export function edited(context: EditContext, operations: { document: Document; operation: Operation }[]): string {
  const edits = operations.map(({ document, operation }) => toEdit(context, document, operation));
  let text = '';
  let at = 0;
  for (const { from, to, text: inserted } of edits.toSorted((a, b) => a.from - b.from)) {
    if (from < at) throw new NotEditable('two changes meet in one place');
    text += context.text.slice(at, from) + inserted;
    at = to;
  }
  return text + context.text.slice(at);
}

function toEdit(context: EditContext, document: Document, operation: Operation): Edit {
  const node = nodeAt(document, operation.path);
  if (operation.kind === 'append') {
    if (!isSeq(node)) throw notWrittenHere(operation.path);
    return node.flow === true
      ? appendFlow(context, node, JSON.stringify(operation.value))
      : appendBlock(context, node, [operation.value]);
  }
  if (!isMap(node)) throw notWrittenHere(operation.path);
  const pair = node.items.find(each => isScalar(each.key) && each.key.value === operation.key);
  if (pair !== undefined) return replaceValue(context, { map: node, pair, value: operation.value });
  const { key, value } = operation;
  if (node.flow === true) return appendFlow(context, node, `${JSON.stringify(key)}: ${JSON.stringify(value)}`);
  return appendBlock(context, node, { [key]: value });
}

function notWrittenHere(path: Path): NotEditable {
  return new NotEditable(`${path.join('.')} comes from an alias or a merge key`);
}

function nodeAt(document: Document, path: Path): Node | undefined {
  const node: unknown = document.getIn(path, true);
  return isMap(node) || isSeq(node) || isScalar(node) ? node : undefined;
}

function rangeOf(node: Node): [start: number, end: number] {
  if (!node.range) throw new NotEditable('a value has no place in the text');
  return [node.range[0], node.range[1]];
}

// Flow collections (`{}`, `[]`, JSON): after the last item, on a line of its own if that has one.
function appendFlow({ text, newline }: EditContext, collection: YAMLMap | YAMLSeq, item: string): Edit {
  const [start] = rangeOf(collection);
  const last = collection.items.at(-1);
  if (last === undefined) return { from: start + 1, to: start + 1, text: item };
  const end = endOf(last);
  const lead = /(?:^|\n)([ \t]*)$/.exec(text.slice(0, startOf(last)));
  return { from: end, to: end, text: lead === null ? `, ${item}` : `,${newline}${lead[1] ?? ''}${item}` };
}

function appendBlock(context: EditContext, collection: YAMLMap | YAMLSeq, value: Json): Edit {
  const column = columnOf(context, collection);
  // The items of a list may stand no deeper than the key it belongs to; a comment there is not for the list.
  const at = endOfLines(context, endOf(collection), isSeq(collection) ? column + 1 : column);
  return { from: at, to: at, text: indented(context, blockText(value, indentsSequences(context, at)), column) };
}

interface Replacing {
  map: YAMLMap;
  pair: Pair;
  value: Json;
}

function replaceValue(context: EditContext, { map, pair, value }: Replacing): Edit {
  const from = endOf(pair.key);
  const to = endOf(pair);
  const next = context.text[to];
  const space = next === undefined || /[\s,}\]]/.test(next) ? '' : ' ';
  if (map.flow === true) return { from, to, text: `: ${JSON.stringify(value)}${space}` };
  if (typeof value !== 'object') return { from, to, text: `: ${scalarText(value)}${space}` };
  const lines = blockText({ key: value }, indentsSequences(context, from)).slice('key'.length);
  return { from, to, text: `${indented(context, lines, columnOf(context, map)).trimStart()}${space}` };
}

const scalarText = (value: string | number | boolean) => stringify(value, { version: '1.1', lineWidth: 0 }).trimEnd();

/** Line by line, with lists of words on one. */
function blockText(value: Json, indentSeq: boolean): string {
  const document = new Document(value, { version: '1.1' });
  visit(document, {
    Seq(_, sequence) {
      sequence.flow = sequence.items.every(item => isScalar(item));
    },
  });
  return document.toString({ lineWidth: 0, indentSeq, flowCollectionPadding: false }).trimEnd();
}

function indented({ newline }: EditContext, lines: string, column: number): string {
  if (lines === '') return '';
  return lines
    .split('\n')
    .map(line => `${newline}${' '.repeat(column)}${line}`)
    .join('');
}

function columnOf({ text }: EditContext, node: Node): number {
  const [start] = rangeOf(node);
  return start - (text.lastIndexOf('\n', start - 1) + 1);
}

function startOf(node: unknown): number {
  if (isPair(node)) return startOf(node.key);
  return isNode(node) ? rangeOf(node)[0] : Number.NaN;
}

/** Where the last word of a node ends; a block collection's own range takes in comments that follow. */
function endOf(node: unknown): number {
  if (isPair(node)) return node.value === null ? endOf(node.key) : endOf(node.value);
  if ((isMap(node) || isSeq(node)) && node.flow !== true && node.items.length > 0) return endOf(node.items.at(-1));
  if (isNode(node)) return rangeOf(node)[1];
  throw new NotEditable('a value has no place in the text');
}

/** The end of the line, and of comments below it that stand so deep that they belong to the collection. */
function endOfLines({ text }: EditContext, end: number, depth: number): number {
  // A block scalar ends behind its last line break.
  let at = end > 0 && text[end - 1] === '\n' ? end - 1 : endOfLine(text, end);
  for (;;) {
    const next = /^\n( *)#[^\n]*/.exec(text.slice(at, at + 10_000));
    if (next === null || (next[1] ?? '').length < depth) return text[at - 1] === '\r' ? at - 1 : at;
    at += next[0].length;
  }
}

function endOfLine(text: string, from: number): number {
  const found = text.indexOf('\n', from);
  return found === -1 ? text.length : found;
}
