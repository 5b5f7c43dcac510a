// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { command } from '../support/command.ts';
import { controlText, emptyCache, profileFiles, writeFiles } from '../support/profiles.ts';

let folder = '';
let env: Record<string, string> = {};
beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'cst-'));
  env = { CINC_SCAN_CACHE: emptyCache(folder), TMPDIR: folder };
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const run = (...args: string[]) => command(args, { cwd: folder, env });
const made = (name: string, more: Omit<Parameters<typeof profileFiles>[0], 'name'> = {}) => {
  writeFiles(join(folder, name), profileFiles({ name, ...more }));
  return name;
};

const tagged = (id: string, tags: string) => controlText(id).replace("tag nist: ['CM-6']", tags);

describe('cinc-scan profile check', () => {
  test('says that a profile can be run, and what it could say of itself', async () => {
    const controls = `${controlText('good')}\ncontrol 'bare' do\nend\n`;
    const metadata = 'maintainer: M\nlicense: Apache-2.0\nsummary: S\ninputs:\n  - {name: limit, required: true}\n';
    expect(await run('profile', 'check', made('fine', { controls, metadata }))).toEqual({
      code: 0,
      stderr: '',
      stdout: [
        '✓ fine 1.2.3 can be run: 2 controls, 1 check',
        '  note: it requires values for the inputs limit',
        '  note: inspec.yml does not say what the profile supports',
        '  note: 1 of 2 controls have no title: bare',
        '  note: 2 of 2 controls have no description: good, bare',
        '  note: 1 of 2 controls have no checks: bare',
        '',
      ].join('\n'),
    });
    expect((await run('profile', 'check', 'fine', '--input', 'limit=1')).stdout).not.toContain('limit');
  });

  const refused: [name: string, more: Parameters<typeof made>[1], refusal: [code: string, message: RegExp]][] = [
    ['has no controls', { controls: '# none\n' }, ['PROFILE_INVALID', /it has no controls/]],
    ['is no Ruby', { controls: "control 'a' do\n" }, ['PROFILE_INVALID', /SyntaxError/]],
    [
      'depends on itself',
      { metadata: 'depends:\n  - {name: self, path: .}\n' },
      ['PROFILE_INVALID', /depends on itself/],
    ],
    [
      'lists one twice',
      { metadata: 'depends:\n  - {name: a, path: a}\n  - {name: a, path: b}\n' },
      ['PROFILE_INVALID', /listed twice/],
    ],
    [
      'names none',
      { metadata: 'depends:\n  - {name: a, path: ../nowhere}\n' },
      ['PROFILE_MISSING', /a \(dependency of/],
    ],
    [
      'wants another version',
      { metadata: "depends:\n  - {name: old, path: ../old, version: '>= 9'}\n" },
      ['PROFILE_INVALID', /version 1\.2\.3, which is not >= 9/],
    ],
    [
      'depends on an unpinned address',
      { metadata: 'depends:\n  - {name: a, url: "https://h.example/a.tar.gz"}\n' },
      ['PROFILE_UNPINNED', /is not pinned to a digest/],
    ],
  ];
  test.each(refused)('refuses one that %s', async (name, more, [code, message]) => {
    made('old');
    const ran = await run('profile', 'check', made(name.replaceAll(' ', '-'), more));
    expect(ran).toMatchObject({ code: 2, stdout: '' });
    expect(ran.stderr).toMatch(new RegExp(`^cinc-scan: ${code} `));
    expect(ran.stderr).toMatch(message);
  });
});

describe('cinc-scan profile inspect', () => {
  test('shows where it comes from, its inputs and its controls, whatever they contain', async () => {
    const metadata = `supports:\n  - platform-family: linux\ndepends:\n  - {name: shown-base, path: ../shown-base}\ninputs:\n  - {name: limit, type: Numeric, value: 3, description: "How many"}\n  - {name: word, sensitive: true, value: hunter2222}\n`;
    made('shown-base');
    const controls = tagged('shown-1', "tag nist: ['AC-6']").replace('Control shown-1', 'Evil \\e[31mred\\e[0m');
    const { code, stdout } = await run('profile', 'inspect', made('shown', { metadata, controls }));
    expect(code).toBe(0);
    for (const line of [
      /^Profile {5}shown 1\.2\.3$/m,
      /^Supports {4}platform-family linux$/m,
      /^SHA-256 {5}[0-9a-f]{64}$/m,
      /^Depends on {2}shown-base from \.\.\/shown-base \(sha256 [0-9a-f]{64}\)$/m,
      /^ {2}limit \(Numeric, default 3\): How many$/m,
      /^ {2}word \(Any, default \*\*\*\)$/m,
      /^ {2}shown-1 {2}impact 0\.5, 1 check .*Evil/m,
    ])
      expect(stdout).toMatch(line);
    expect(stdout).not.toContain('hunter2222');
    // oxlint-disable-next-line no-control-regex -- the point of the test
    expect(stdout).not.toMatch(/\u001b/);
  });
});

describe('cinc-scan coverage', () => {
  test('tells covered parts with their controls, and what of NIST SP 800-190 is missing', async () => {
    const controls = [
      tagged(
        'a',
        "tag nist: ['AC-6 (10)', 'CM-6']\n  tag 'nist-800-190': ['4.4.3', '4.1.2']\n  tag cis_docker: ['5.10', '5.4']",
      ),
      tagged('b', "tag 'nist-800-190': '4.4.3'\n  tag cis_docker: 'CIS 5.4'\n  tag mitre_attack: ['T1611']"),
      tagged('c', "tag cis_kubernetes: ['nonsense']"),
    ].join('\n');
    const { code, stdout } = await run('coverage', '-p', made('covering', { controls }));
    expect(code).toBe(0);
    expect(stdout).toMatch(/^covering 1\.2\.3: 3 controls$/m);
    expect(stdout).toMatch(/^NIST SP 800-190 sections: 2 of 24$/m);
    expect(stdout).toMatch(/^ {2}4\.4\.3 Insecure container runtime configurations +2 controls$/m);
    expect(stdout).toMatch(/^ {2}4\.5\.1 Large attack surface +–$/m);
    expect(stdout).toMatch(/CIS Docker Benchmark sections: 2 parts\n {2}5\.4 +2 controls\n {2}5\.10 +1 control\n/);
    expect(stdout).toMatch(/^CIS Kubernetes Benchmark sections: no control is tagged with any$/m);
    const json = JSON.parse((await run('coverage', '-p', 'covering', '--json')).stdout) as {
      profile: { name: string };
      coverage: {
        framework: string;
        of: number | null;
        parts: { part: string; controls: string[] }[];
        missing: object[];
      }[];
    }[];
    const guide = json[0]?.coverage.find(({ framework }) => framework === 'nist-800-190');
    expect(json[0]?.profile).toMatchObject({ name: 'covering', version: '1.2.3' });
    expect(guide).toMatchObject({
      of: 24,
      parts: [
        { part: '4.1.2', controls: ['a'] },
        { part: '4.4.3', controls: ['a', 'b'] },
      ],
    });
    expect(guide?.missing).toHaveLength(22);
  });
});
