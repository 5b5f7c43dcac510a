// SPDX-License-Identifier: Apache-2.0
// Whatever comes from a container, a profile or the cluster passes through here before any format sees it.
import { breakCommands } from './log-commands.ts';

const escape = String.fromCodePoint(0x1b);
const bell = String.fromCodePoint(0x07);
const csi8 = String.fromCodePoint(0x9b);
const osc8 = String.fromCodePoint(0x9d);
const st8 = String.fromCodePoint(0x9c);

/** Colours, cursor moves, titles and hyperlinks of terminals (ECMA-48). */
const ansi = new RegExp(
  `(?:${escape}\\[|${csi8})[0-?]*[ -/]*[@-~]` +
    `|(?:${escape}\\]|${osc8})[^${bell}${escape}${st8}]*(?:${bell}|${escape}\\\\|${st8})`,
  'gu',
);
/** Also VT, FF, NEL and the separators: some viewer breaks the line at each of them. */
const lineBreak = new RegExp(`\\r\\n|[\\r\\v\\f\\u0085\\u2028\\u2029]`, 'gu');
const invisible = /[\p{Cc}\p{Cf}\p{Cs}\uFFFE\uFFFF]/gu;
const plain = /^[\t\n -~]*$/;

/** UTF-8, with U+FFFD for what is none. */
export function decodeText(bytes: Uint8Array): string {
  return new TextDecoder('utf-8').decode(bytes);
}

/** Text that can be shown anywhere: no terminal sequences, no invisible characters (shown as escapes), no CI commands. */
export function cleanText(raw: string): string {
  const visible = plain.test(raw)
    ? raw
    : raw
        .replace(/^\uFEFF/u, '')
        .replaceAll(ansi, '')
        .replaceAll(lineBreak, '\n')
        .replaceAll(invisible, showInvisible);
  return breakCommands(visible);
}

/** As `cleanText` and programming languages show what cannot be seen. */
const shownInvisible = /\\(?:u\{[0-9a-f]{1,6}\}|u[0-9a-f]{4}|x[0-9a-f]{2}|e)(?:\[[0-9;]{0,20}m)?/giu;

/** What a reader makes of the text: without terminal sequences and invisible characters, shown as escapes or not. */
export function bareText(raw: string): string {
  if (plain.test(raw) && !raw.includes('\\')) return raw;
  return raw
    .replaceAll(ansi, '')
    .replaceAll(lineBreak, '\n')
    .replaceAll(invisible, char => (char === '\n' || char === '\t' ? char : ''))
    .replaceAll(shownInvisible, '');
}

function showInvisible(char: string): string {
  if (char === '\n' || char === '\t') return char;
  const code = char.codePointAt(0) ?? 0;
  if (code <= 0xff) return `\\x${code.toString(16).padStart(2, '0')}`;
  return code <= 0xffff ? `\\u${code.toString(16).padStart(4, '0')}` : `\\u{${code.toString(16)}}`;
}

/** Cleaned, and on one line. */
export function oneLine(raw: string): string {
  return cleanText(raw)
    .replaceAll(/[\t\n ]+/g, ' ')
    .trim();
}

/** At most `limit` UTF-16 units, cut between code points; says how much is missing. */
export function cut(text: string, limit: number): string {
  if (text.length <= limit) return text;
  const end = isHighSurrogate(text, limit - 1) ? limit - 1 : limit;
  return `${text.slice(0, end)}… (${countPoints(text, end)} more characters)`;
}

/** At most `limit` bytes of UTF-8, cut between code points; says how much is missing. */
export function cutBytes(text: string, limit: number): string {
  if (text.length * 3 <= limit || Buffer.byteLength(text) <= limit) return text;
  let [bytes, end] = [0, 0];
  for (const char of text) {
    bytes += Buffer.byteLength(char);
    if (bytes > limit) break;
    end += char.length;
  }
  return `${text.slice(0, end)}… (${countPoints(text, end)} more characters)`;
}

/** Cleans and cuts without reading all of a text that is megabytes long. */
export function shorten(raw: string, limit: number): string {
  const window = 8 * limit + 1024;
  if (raw.length <= window) return cut(cleanText(raw), limit);
  const end = isHighSurrogate(raw, window - 1) ? window - 1 : window;
  const head = cleanText(raw.slice(0, end));
  const shown = isHighSurrogate(head, limit - 1) ? limit - 1 : limit;
  const missing = countPoints(raw, end) + countPoints(head, shown);
  return `${head.slice(0, shown)}… (${missing} more characters)`;
}

// Nothing that a report says needs more; the results themselves are kept whole beside it.
const mostOfText = 32_768;
const mostOfNote = 64;

/** As a manifest can hold it: cleaned and bounded, and unchanged when it is done again. */
export function boundText(raw: string, limit = mostOfText): string {
  const whole = shorten(raw, limit + mostOfNote);
  return whole.length <= limit + mostOfNote ? whole : shorten(raw, limit);
}

/** As `shorten`, on one line. */
export function shortLine(raw: string, limit: number): string {
  return shorten(raw, limit)
    .replaceAll(/[\t\n ]+/g, ' ')
    .trim();
}

function isHighSurrogate(text: string, index: number): boolean {
  const unit = text.charCodeAt(index);
  return unit >= 0xd800 && unit <= 0xdbff;
}

function countPoints(text: string, from: number): number {
  let count = 0;
  for (let index = from; index < text.length; index++) if (!isHighSurrogate(text, index)) count++;
  return count;
}

const logLine = 2000;

/** Foreign text for a log: no line can be taken for a command, none begins with foreign text, none is endless. */
export function safeLogLines(raw: string, prefix = '│ '): string[] {
  return cleanText(raw)
    .split('\n')
    .map(line => `${prefix}${cut(line, logLine)}`);
}
