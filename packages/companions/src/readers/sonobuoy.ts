// SPDX-License-Identifier: Apache-2.0
import { parseYaml } from '@cinc-scan/core';
import type { Input } from '../input/input.ts';
import { parseJson } from '../input/json.ts';
import type { Journal } from '../journal.ts';
import type { Reader } from '../reader.ts';
import type { About } from '../reading.ts';
import { type Fields, has, someText, textAt } from '../values.ts';

const isItem = (document: unknown): document is Fields =>
  has(document, 'name', 'status') && !has(document, 'controlReports');

// https://sonobuoy.io/docs/results/: a tree as JSON or YAML, or the lines of `-m detailed`. The exit code is always 0.
export const sonobuoy: Reader = {
  tool: 'sonobuoy',
  title: 'Sonobuoy',
  framing: 'text',
  exits: [0],
  fits: input => isTree(treeOf(input)) || isDetailed(input),
  read: (input, journal) => {
    const tree = treeOf(input);
    // Neither lines nor YAML have a mark at their end, so what is cut off looks whole.
    if (input.json.kind === 'refused' || !isTree(tree))
      journal.problem('unproven', 'nothing shows whether its last line is there', 'end');
    return isTree(tree) ? readTree(tree, journal) : readDetailed(input.text, journal);
  },
};

const isTree = (document: unknown): document is Fields =>
  isItem(document) && (has(document, 'items') || textAt(document, 'meta', 'type') === 'summary');

function treeOf({ json, text }: Input): unknown {
  if (json.kind === 'json') return json.value;
  if (!/^(?:---\n)?(?:name|status|meta|items): ?/.test(text)) return undefined;
  try {
    return parseYaml(text);
  } catch {
    return undefined;
  }
}

const fileLine = /^[^{|\s][^|]*\|[^|]+\|/;

function isDetailed({ json, text }: Input): boolean {
  if (json.kind === 'json')
    return has(json.value, 'name', 'status', 'meta') && textAt(json.value, 'meta', 'path') !== '';
  const line = text.split('\n', 1)[0] ?? '';
  const first = parseJson(line);
  return first.kind === 'json'
    ? isItem(first.value) && textAt(first.value, 'meta', 'path') !== ''
    : fileLine.test(line);
}

/** YAML can repeat a branch for a few bytes. */
const mostItems = 1_000_000;

class Tally {
  passed = 0;
  failed = 0;
  #left = mostItems;
  get isExhausted(): boolean {
    return this.#left-- <= 0;
  }
}

function readTree(tree: Fields, journal: Journal): About {
  const plugin = textAt(tree, 'name');
  const tally = new Tally();
  readItem(tree, journal, { plugin, tally });
  return conclude(plugin, tally, journal);
}

function conclude(plugin: string, { passed, failed }: Tally, journal: Journal): About {
  if (passed === 0 && (plugin === 'e2e' || failed === 0)) journal.problem('not-looked', 'no test passed');
  return {
    tool: 'sonobuoy',
    version: undefined,
    target: undefined,
    checkedAt: undefined,
    ruleset: `sonobuoy ${plugin}`,
  };
}

interface Walk {
  plugin: string;
  tally: Tally;
}

function readItem(item: Fields, journal: Journal, walk: Walk): void {
  if (walk.tally.isExhausted) journal.problem('unreadable', `it has more than ${mostItems} items`);
  else if (textAt(item, 'meta', 'file').startsWith('errors/'))
    journal.problem('not-looked', `${nameOf(item)} reported an error instead of results`);
  else if (isStatus(item, journal)) {
    if (isBranch(item)) readBranch(item, journal, walk);
    else readLeaf(item, journal, walk);
  }
}

const nameOf = (item: Fields): string => textAt(item, 'name').slice(0, 200);

function readBranch(item: Fields, journal: Journal, walk: Walk): void {
  const before = walk.tally.failed;
  const children = journal.objects(item['items'], 'items');
  if (children.length === 0) journal.problem('not-looked', `${nameOf(item)} holds no test`);
  for (const child of children) readItem(child, journal, walk);
  if (textAt(item, 'status') === 'failed' && walk.tally.failed === before && journal.isClear)
    journal.problem('contradiction', `${nameOf(item)} failed, and no test of it is listed`);
}

/** A plugin or a node: without tests below it, it has not run any. */
const isBranch = (item: Fields): boolean =>
  has(item, 'items') || ['summary', 'node'].includes(textAt(item, 'meta', 'type'));

/** Whether tests ran: `unknown`, `timeout` and nothing mean that they did not, or that nobody waited. */
function isStatus(item: Fields, journal: Journal): boolean {
  const status = textAt(item, 'status');
  if (['passed', 'failed', 'skipped', 'complete'].includes(status)) return true;
  if (['unknown', 'timeout', ''].includes(status))
    journal.problem('not-looked', `${nameOf(item)} has the status ${JSON.stringify(status)}`);
  else journal.unknownStatus(status, nameOf(item));
  return false;
}

function readLeaf(item: Fields, journal: Journal, { plugin, tally }: Walk): void {
  const rule = textAt(item, 'name');
  const status = textAt(item, 'status');
  if (status === 'skipped' || status === 'complete') journal.unchecked.add(rule);
  else if (status === 'passed') {
    tally.passed++;
    journal.passes.push({ rule, title: rule, place: plugin });
  } else {
    tally.failed++;
    const isConformance = rule.includes('[Conformance]') || plugin === 'e2e';
    const rating = { severity: isConformance ? 'high' : 'medium', raw: status, source: 'status' } as const;
    const evidence = someText(item, 'details', 'failure') ?? '';
    journal.findings.push({
      kind: 'conformance',
      rule,
      aliases: [],
      title: rule,
      rating,
      place: { resource: plugin },
      evidence,
    });
  }
}

/** One object a line; what has a file of its own stands there as `plugin|node|name` and the text of that file. */
function readDetailed(text: string, journal: Journal): About {
  const tally = new Tally();
  const plugins = new Set<string>();
  for (const [index, line] of text.split('\n').entries()) {
    if (line.trim() === '') continue;
    const parsed = parseJson(line);
    if (parsed.kind === 'json' && isItem(parsed.value)) {
      const plugin = textAt(parsed.value, 'meta', 'path').split('|', 1)[0] ?? '';
      plugins.add(plugin);
      if (isStatus(parsed.value, journal)) readLeaf(parsed.value, journal, { plugin, tally });
    } else if (fileLine.test(line))
      journal.problem('not-looked', `line ${index + 1} is a file of a plugin, not a test`);
    else journal.problem('unreadable', `line ${index + 1} is neither a test nor a file`);
  }
  return conclude([...plugins].toSorted().join(' '), tally, journal);
}
