// SPDX-License-Identifier: Apache-2.0
import { spawnSync } from 'node:child_process';
import { EventEmitter } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, describe, expect, test } from '@jest/globals';
import { parseAllDocuments } from 'yaml';
import { runCli } from '../cli.ts';

const folder = mkdtempSync(join(tmpdir(), 'cinc-scan-inject-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const parse = (text: string): unknown[] => [...parseAllDocuments(text)].map((document): unknown => document.toJS());
const pod = (spec: string) =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n${spec.replaceAll(/^/gm, '  ')}\n`;
const plain = pod('containers:\n- name: app # the app\n  image: a');
const save = (name: string, text: string | Buffer) => writeFileSync(join(folder, name), text);

async function inject(args: string[], environment: Record<string, string> = {}) {
  const ran = { code: 0, stdout: '', stderr: '' };
  ran.code = await runCli(['sidecar', 'inject', ...args], {
    environment,
    cwd: folder,
    stdout: { write: (text: string) => (ran.stdout += text) },
    stderr: { write: (text: string) => (ran.stderr += text) },
    signals: new EventEmitter(),
  });
  return ran;
}

describe('cinc-scan sidecar inject', () => {
  test('writes the manifest to standard output, and says on standard error what it did', async () => {
    save('a.yaml', plain);
    const { code, stdout, stderr } = await inject(['-f', 'a.yaml', '--image', 'tools:1']);
    expect({ code, stderr }).toEqual({ code: 0, stderr: 'Pod/web: missing, injected now\n' });
    expect(stdout).toContain('- name: app # the app\n');
    expect(stdout).toContain('image: tools:1\n');
    expect(readFileSync(join(folder, 'a.yaml'), 'utf8')).toBe(plain);
  });

  test('changes the file itself where that is asked for, once', async () => {
    save('b.yaml', plain);
    await inject(['-f', 'b.yaml', '-o', 'b.yaml'], { CINC_SCAN_LENS_IMAGE: 'tools:1' });
    const once = readFileSync(join(folder, 'b.yaml'), 'utf8');
    expect(once).toContain('cinc-scan-sidecar');
    const second = await inject(['-f', 'b.yaml', '-o', 'b.yaml']);
    expect(second).toEqual({ code: 0, stdout: '', stderr: 'Pod/web: injected\n' });
    expect(readFileSync(join(folder, 'b.yaml'), 'utf8')).toBe(once);
  });

  test('with --check writes nothing, and ends with 3 where something is missing or stale, else with 0', async () => {
    save('c.yaml', plain);
    expect(await inject(['-f', 'c.yaml', '--check'])).toEqual({ code: 3, stdout: '', stderr: 'Pod/web: missing\n' });
    await inject(['-f', 'c.yaml', '-o', 'c.yaml', '--image', 'tools:1']);
    expect((await inject(['-f', 'c.yaml', '--check'])).code).toBe(0);
    const other = await inject(['-f', 'c.yaml', '--check', '--image', 'tools:2']);
    expect(other).toEqual({ code: 3, stdout: '', stderr: 'Pod/web: stale\n' });
    expect(parse(readFileSync(join(folder, 'c.yaml'), 'utf8'))).toMatchObject([
      { spec: { containers: [{}, { image: 'tools:1' }] } },
    ]);
  });

  test('makes one stream of several manifests', async () => {
    save('d1.yaml', plain.trimEnd());
    save('d2.yaml', `# next\n${plain}`);
    save('d3.yaml', `---\n${plain}`);
    const { stdout, code } = await inject(['-f', 'd1.yaml', 'd2.yaml', '-f', 'd3.yaml', '--image', 'tools:1']);
    expect(code).toBe(0);
    expect(parse(stdout)).toHaveLength(3);
  });

  test('reads standard input', () => {
    const program = fileURLToPath(new URL('../main.ts', import.meta.url));
    const node = ['--conditions=source', '--disable-warning=ExperimentalWarning', program];
    const args = [...node, 'sidecar', 'inject', '-f', '-', '--image', 'tools:1'];
    const { stdout, status } = spawnSync(process.execPath, args, { input: plain, encoding: 'utf8' });
    expect(status).toBe(0);
    expect(stdout).toContain('cinc-scan-sidecar');
  });

  const image = ['--image', 'tools:1'];
  const mistakes: [name: string, args: string[], message: RegExp][] = [
    ['a file that is not there', ['-f', 'gone.yaml', ...image], /INPUT_INVALID gone\.yaml cannot be read/],
    ['a file that is no text', ['-f', 'bytes.yaml', ...image], /INPUT_INVALID bytes\.yaml cannot be read/],
    ['manifests without pods', ['-f', 'none.yaml', ...image], /The manifests define neither pods nor workloads/],
    ['no image', ['-f', 'e.yaml'], /USAGE .*no image was named/],
    ['no file', [...image], /USAGE .*--filename/],
    ['standard input twice', ['-f', '-', '-', ...image], /read once/],
    ['an output of a check', ['-f', 'e.yaml', '--check', '-o', 'x'], /--check writes nothing/],
    ['restricted without ids', ['-f', 'e.yaml', ...image, '--restricted'], /go together/],
    ['ids without restricted', ['-f', 'e.yaml', ...image, '--run-as-user', '1'], /go together/],
    ['root as restricted', ['-f', 'e.yaml', '--restricted', '--run-as-user', '0', '--run-as-group', '1'], /from 1/],
    ['a time without a unit', ['-f', 'e.yaml', ...image, '--idle-for', '5'], /duration with its unit/],
    ['a profile for nothing', ['-f', 'e.yaml', ...image, '--profile-volume', 'p'], /need --in-pod/],
    ['in-pod without a profile', ['-f', 'e.yaml', ...image, '--in-pod'], /needs the profile/],
    ['in-pod with two', ['-f', 'e.yaml', '--in-pod', '--profile-volume', 'p', '--profile-path', '/p'], /either/],
    ['an unknown option', ['-f', 'e.yaml', ...image, '--in-place'], /unknown option/],
  ];

  test.each(mistakes)('ends with 2, and writes nothing, for %s', async (_name, args, message) => {
    save('e.yaml', plain);
    save('none.yaml', 'apiVersion: v1\nkind: ConfigMap\n');
    save('bytes.yaml', Buffer.from([0x61, 0xff, 0xfe]));
    const { code, stdout, stderr } = await inject(args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr.replaceAll(/\s+/g, ' ')).toMatch(message);
  });
});
