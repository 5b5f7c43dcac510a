// SPDX-License-Identifier: Apache-2.0
// What the pages say is held against what is there: commands, options, links, thresholds, files, roles and lists.
import { existsSync, globSync, readFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { exitCodes, type InputName, inputs, resolveValues } from '@cinc-scan/core';
import { describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { knownKeys } from '../../packages/core/src/gate/keys.ts';
import { reasons, warningCodes } from '../../packages/core/src/gate/reasons.ts';
import { parseThresholdFile } from '../../packages/core/src/gate/threshold-set.ts';
import { operatorRules } from '../../packages/core/src/grant/operator.ts';
import { severities, statuses } from '../../packages/core/src/outcome/control.ts';
import { parseWaivers } from '../../packages/core/src/outcome/waivers.ts';
import { reportKinds } from '../../packages/core/src/report/index.ts';
import { commandsIn, helpOf, type Line } from '../support/doc-commands.ts';

const root = resolve(import.meta.dirname, '../..');
const pages = globSync(['*.md', 'docs/*.md'], { cwd: root }).toSorted();
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const blocks = (path: string, language: string): string[] =>
  [...read(path).matchAll(/^```(.+)\n([\s\S]*?)^```$/gm)].flatMap(([, info, text = '']) =>
    info === language ? [text] : [],
  );
const named = (language: string) => pages.flatMap(page => blocks(page, language).map(text => ({ page, text })));

test('there is a README and a page for each subject it links to', () => {
  expect(pages).toEqual(expect.arrayContaining(['README.md', 'SECURITY.md', 'docs/gate.md', 'docs/errors.md']));
});

test('the program on the pages is the one in the examples', () => {
  for (const page of ['README.md', 'docs/requests.md'])
    expect(blocks(page, 'ts')).toEqual([read('examples/library/judge-again.ts')]);
});

describe('commands on the pages', () => {
  const lines: (Line & { page: string })[] = pages.flatMap(page =>
    commandsIn(read(page)).map(line => ({ page, ...line })),
  );

  test('are found', () => {
    expect(lines.length).toBeGreaterThan(20);
  });

  test.each(lines)('$page: $text', async ({ command, flags }) => {
    const help = await helpOf(command);
    expect(help.usage).toContain(`Usage: ${['cinc-scan', ...command].join(' ')} [options]`);
    expect(flags.filter(({ name }) => !help.flags.has(name))).toEqual([]);
    for (const { name, value } of flags) {
      const input = inputNamed(name);
      if (value === undefined || input?.type !== 'choice') continue;
      expect(input.choices).toContain(value);
    }
  });

  const inputNamed = (flag: string) => {
    const name = Object.keys(inputs).find((each): each is InputName => `--${each}` === flag);
    return name === undefined ? undefined : inputs[name];
  };
});

describe('links', () => {
  const links = pages.flatMap(page =>
    [...read(page).matchAll(/\]\((?!https?:)([^)\s]+)\)/g)].map(([, target = '']) => ({ page, target })),
  );

  test.each(links)('$page → $target leads somewhere', ({ page, target }) => {
    const [path = '', anchor] = target.split('#');
    const file = path === '' ? page : join(dirname(page), path);
    expect(existsSync(join(root, file))).toBe(true);
    if (anchor !== undefined) expect(anchorsOf(read(file))).toContain(anchor);
  });

  const anchorsOf = (text: string) =>
    [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
      title
        .toLowerCase()
        .replaceAll(/[^\p{L}\p{N} _-]/gu, '')
        .replaceAll(' ', '-'),
    );
});

describe('examples', () => {
  test.each(named('yaml threshold'))('the threshold in $page is accepted: $text', ({ text }) => {
    expect(['threshold', 'set']).toContain(parseThresholdFile(text).kind);
  });

  test.each(named('yaml waivers'))('the waivers in $page are accepted', ({ text }) => {
    expect(parseWaivers(text, 'yaml', new Date('2026-11-21'))).toMatchObject({ kind: 'waivers', warnings: [] });
  });

  test.each(named('yaml cinc-scan.yml'))('the configuration file in $page is accepted', ({ text }) => {
    const values = load(text) as Record<string, unknown>;
    const resolved = resolveValues({ flags: {}, environment: {}, file: { path: 'cinc-scan.yml', values } });
    expect(resolved).toMatchObject({ targets: ['deployment/web', 'statefulset/db'], timeout: 300 });
  });

  test.each(named('yaml operator-role'))(
    'the Role in $page is the one that `access operator-role` prints',
    ({ text }) => {
      const { rules } = load(text) as { rules: ReturnType<typeof operatorRules> };
      expect(triples(rules)).toEqual(triples(operatorRules()));
    },
  );

  const triples = (rules: ReturnType<typeof operatorRules>) =>
    rules
      .flatMap(({ apiGroups, resources, verbs }) =>
        apiGroups.flatMap(group => resources.flatMap(resource => verbs.map(verb => `${verb} ${group}/${resource}`))),
      )
      .toSorted();

  test('each kind of example is there', () => {
    const kinds = ['yaml threshold', 'yaml waivers', 'yaml cinc-scan.yml', 'yaml operator-role'];
    expect(kinds.filter(kind => named(kind).length === 0)).toEqual([]);
  });
});

describe('docs/gate.md', () => {
  const text = read('docs/gate.md');
  const codesIn = (heading: string) => {
    const [, section = ''] = text.split(`## ${heading}\n`);
    const rows = (section.split('\n## ')[0] ?? '').split('\n').filter(line => line.startsWith('| `'));
    return rows.flatMap(row => [...(row.split('|')[1] ?? '').matchAll(/`([^`]+)`/g)].map(([, code = '']) => code));
  };

  test('lists every threshold key and no other', () => {
    const patterns = codesIn('Thresholds').filter(code => /^(compliance|<status>)\./.test(code));
    const keys = patterns.flatMap(pattern =>
      statuses.flatMap(status =>
        severities.map(severity => pattern.replace('<status>', status).replace('<severity>', severity)),
      ),
    );
    expect([...new Set(keys)].toSorted()).toEqual([...knownKeys(true).keys()].toSorted());
  });

  test('lists every reason and no other', () => {
    expect(codesIn('Exit codes and reasons').toSorted()).toEqual(Object.keys(reasons).toSorted());
  });

  test('lists every warning and no other', () => {
    expect(codesIn('Warnings').toSorted()).toEqual(warningCodes.toSorted());
  });
});

test('docs/reports.md speaks of every report', () => {
  const text = read('docs/reports.md');
  expect(Object.keys(reportKinds).filter(kind => !text.includes(`\`${kind}\``))).toEqual([]);
});

test('README.md lists every exit code', () => {
  const rows = [...read('README.md').matchAll(/^\| ([\d, ]+) \|/gm)].flatMap(([, codes = '']) => codes.split(', '));
  expect(rows.toSorted()).toEqual(Object.keys(exitCodes).toSorted());
});
