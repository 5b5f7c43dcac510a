// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from '@jest/globals';
import {
  type Arbitrary,
  array,
  assert,
  asyncProperty,
  constant,
  constantFrom,
  integer,
  option,
  record,
  stringMatching,
  uniqueArray,
} from 'fast-check';
import { Cache, type Fetching, HostCredentials } from '../../profile/index.ts';
import { type Input, inputs, resolveValues } from '../../request/index.ts';
import { mostRequestBytes, parseRequest, plainInputs, type RequestDocument, renderRequest } from './document.ts';
import { openRequest } from './open-request.ts';
import { readRequest } from './read-request.ts';

const root = mkdtempSync(join(tmpdir(), 'cst-request-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const fetching: Omit<Fetching, 'embedded'> = {
  cache: new Cache(join(root, 'cache')),
  scratch: root,
  offline: true,
  credentials: new HostCredentials(),
  path: '',
  environment: {},
  readConfigMap: undefined,
  onNotice: () => undefined,
  signal: undefined,
};

const word = stringMatching(/^[a-z][a-z0-9-]{0,10}[a-z0-9]$/);
const content = stringMatching(/^[ -~\n]{0,40}$/);
const file = record({ name: word.map(name => `${name}.yml`), content });

function valueOf(input: Input): Arbitrary<unknown> {
  switch (input.type) {
    case 'list':
      return array(word, { minLength: 1, maxLength: 3 });
    case 'flag':
      return constant(true);
    case 'choice':
      return constantFrom(...input.choices);
    case 'duration':
      return integer({ min: input.min, max: input.max }).map(seconds => `${seconds}s`);
    case 'count':
      return integer({ min: input.min, max: input.max });
    case 'text':
    case 'secret':
      return word;
  }
}

const plain = record(
  Object.fromEntries(plainInputs.map(name => [name, option(valueOf(inputs[name]), { nil: undefined })])),
);
const commit = stringMatching(/^[0-9a-f]{40}$/);
const metadata = { path: 'inspec.yml', content: 'name: one\n' };
const profile = constantFrom('embedded', 'git', 'url').chain((kind): Arbitrary<unknown> => {
  if (kind === 'git') return commit.map(id => ({ source: `git+https://git.example.org/one.git#ref=${id}&path=a%2Fb` }));
  if (kind === 'url') return constant({ source: `https://example.org/one.tar.gz#sha256=${'0'.repeat(64)}` });
  const others = uniqueArray(record({ path: word.map(name => `controls/${name}.rb`), content }), {
    maxLength: 2,
    selector: ({ path }) => path,
  });
  const binary = constant({ path: 'files/x.bin', base64: Buffer.from([0, 255, 128]).toString('base64') });
  return record({ name: word, files: record({ others, binary }).map(each => [metadata, ...each.others, each.binary]) });
});
const contents = record(
  {
    profile: array(profile, { minLength: 1, maxLength: 2 }),
    waivers: array(file, { minLength: 1, maxLength: 2 }),
    'input-file': array(file, { minLength: 1, maxLength: 2 }),
    threshold: constantFrom<unknown>('90', { name: 't.yml', content: 'compliance.min: 90' }),
    'per-target': array(
      record({
        match: constant({ selector: 'deployment/web' }),
        container: word,
        profile: array(profile, { minLength: 1, maxLength: 1 }),
      }),
      { minLength: 1, maxLength: 2 },
    ),
  },
  { requiredKeys: [] },
);

const start = { apiVersion: 'cinc-scan.dev/v1', kind: 'ScanRequest' } as const;

async function again(document: RequestDocument): Promise<RequestDocument> {
  const { values: raw, contents: held } = openRequest(document);
  const values = resolveValues({ flags: {}, environment: {}, file: { path: 'request', values: raw } });
  return readRequest(values, held, { ...fetching, embedded: held.profiles });
}

const bySort = (document: RequestDocument): unknown =>
  JSON.parse(JSON.stringify(document), (key, value: unknown) =>
    key === 'files' && Array.isArray(value)
      ? value.toSorted((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
      : value,
  );

describe('a request document', () => {
  test('is the same after it was opened and read again, whatever it holds', async () => {
    await assert(
      asyncProperty(plain, contents, async (given, held) => {
        const written = parseRequest(JSON.stringify({ ...start, ...given, ...held }), 'a test');
        const read = await again(parseRequest(renderRequest(written), 'a test'));
        expect(bySort(read)).toMatchObject(bySort(written) as object);
        expect(bySort(await again(read))).toEqual(bySort(read));
      }),
      { numRuns: 60 },
    );
  });

  const refused: [what: string, more: Record<string, unknown> | string, why: RegExp][] = [
    ['a path where content belongs', { waivers: ['./w.yml'] }, /waivers\.0: .*holds contents, not paths/],
    ['a path of a profile', { profile: ['./profile'] }, /profile\.0: .*holds contents, not paths/],
    ['the path of a threshold', { threshold: '/etc/passwd' }, /threshold: .*holds contents, not paths/],
    ['the path of a baseline', { baseline: './old' }, /baseline: .*holds contents, not paths/],
    ['a secret', { token: 'abc' }, /token is a secret, and a request holds none/],
    ['a kubeconfig', { kubeconfig: 'abc' }, /kubeconfig is a secret/],
    ['what whoever runs it decides', { 'output-dir': 'out' }, /output-dir is given when the request is run/],
    ['an unknown key', { treshold: '90' }, /has no "treshold"; did you mean threshold/],
    ['a newer version', { apiVersion: 'cinc-scan.dev/v2' }, /made for a newer version \(cinc-scan\.dev\/v2\)/],
    ['no version', { apiVersion: undefined }, /expected apiVersion/],
    ['a branch', { profile: [{ source: 'git+https://git.example.org/a.git#ref=main' }] }, /content pinned/],
    ['an archive without its digest', { profile: [{ source: 'https://example.org/a.zip' }] }, /content pinned/],
    [
      'a file outside the profile',
      { profile: [{ name: 'a', files: [{ path: '../b', content: '' }] }] },
      /within the profile/,
    ],
    ['a name with folders', { waivers: [{ name: '../w.yml', content: '' }] }, /name of a file, without folders/],
    ['a value that no scan takes', { concurrency: 0 }, /concurrency/],
    ['a list', '[]', /expected a mapping/],
    ['no YAML', '{', /neither YAML nor JSON/],
    [
      'more than it may weigh',
      JSON.stringify({ ...start, threshold: 'x'.repeat(mostRequestBytes) }),
      /at most 8388608 bytes/,
    ],
  ];
  test.each(refused)('is refused with %s', (_, more, why) => {
    const text = typeof more === 'string' ? more : JSON.stringify({ ...start, ...more });
    expect(() => parseRequest(text, 'request.yml')).toThrow(
      expect.objectContaining({ code: 'REQUEST_INVALID', message: expect.stringMatching(why) }),
    );
  });

  test('that nobody would take is not written', () => {
    const document: RequestDocument = { ...start, threshold: 'x'.repeat(mostRequestBytes) };
    expect(() => renderRequest(document)).toThrow(expect.objectContaining({ code: 'REQUEST_INVALID' }));
  });

  test('whose profile has two files of one name is refused when it is opened', async () => {
    const twice = [metadata, metadata];
    await expect(again({ ...start, profile: [{ name: 'a', files: twice }] })).rejects.toMatchObject({
      code: 'PROFILE_REFUSED',
    });
  });
});
