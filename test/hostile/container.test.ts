// SPDX-License-Identifier: Apache-2.0
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { type HdfJson, readHdf, readScanJson, root, startCincScan, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { scratchLeft } from '../support/refusal.ts';

const cluster = await openTestCluster();
const profile = join(root, 'test/fixtures/profiles/hostile');
let namespace = '';

// Modes of the image (packages/testkit/src/images/recipes/hostile.ts).
const modes = [
  'lie',
  'fail',
  'hang',
  'flood',
  'flood-stderr',
  'invalid-utf8',
  'nul',
  'ansi',
  'ci-commands',
  'frames',
  'late-output',
  'long-line',
];

const podOf = (spec: string) => `p-${spec.replaceAll('=', '-')}`;

beforeAll(async () => {
  namespace = await cluster.namespace();
  for (const spec of modes.flatMap(mode => [mode, `sh=${mode}`])) {
    const env = [{ name: 'HOSTILE', value: spec }];
    await createPod(cluster.api, { name: podOf(spec), namespace, containers: { app: 'hostile' }, container: { env } });
  }
}, 300_000);
afterEach(async () => {
  await cluster.expectNothingLeft();
  expect(scratchLeft(cluster)).toEqual([]);
});
afterAll(() => cluster.close());

interface Looked extends Transcript {
  /** The most memory the process held, bytes. */
  peak: number;
}

async function scanHostile(spec: string): Promise<Looked> {
  const reports = ['hdf', 'markdown', 'html', 'junit', 'sarif', 'csv'].flatMap(kind => ['--report', kind]);
  const args = ['scan', podOf(spec), '-n', namespace, '-p', profile, '--lens', 'exec', '--timeout', '15s', '-v'];
  const running = startCincScan(cluster, [...args, ...reports]);
  let peak = 0;
  const look = setInterval(() => {
    peak = Math.max(peak, highWater(running.child.pid));
  }, 50);
  const ended = await running.ended;
  clearInterval(look);
  return { ...ended, peak };
}

function highWater(pid: number | undefined): number {
  try {
    const text = readFileSync(`/proc/${pid}/status`, 'utf8');
    return 1024 * Number(/^VmHWM:\s+(\d+) kB/m.exec(text)?.[1] ?? 0);
  } catch {
    return 0; // it has ended
  }
}

type Status = string;

/** The statuses of the checks of a control; undefined where the target was not audited. */
function statuses(ran: Transcript, id: string): Status[] | undefined {
  const [hdf]: (HdfJson | undefined)[] = [...readHdf(ran).values()];
  return hdf?.profiles[0]?.controls.find(control => control.id === id)?.results.map(({ status }) => status);
}

// oxlint-disable-next-line no-control-regex -- what must not be there
const control = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/;
const command = /^\s*(?:::[a-z-]+|##vso\[|##teamcity\[|##\[|section_start:)/im;

/** What the container says is shown as text, and commands nobody: no terminal, no CI system. */
function expectHarmless(ran: Transcript): void {
  const folder = join(ran.cwd, 'cinc-scan-results');
  expect(ran.stdout + ran.stderr).not.toMatch(control);
  expect(ran.stdout + ran.stderr).not.toMatch(command);
  const summary = readFileSync(join(folder, 'summary.md'), 'utf8');
  expect(summary).not.toMatch(control);
  expect(summary).not.toMatch(command);
  for (const name of readdirSync(folder).filter(each => /\.(?:json|sarif)$/.test(each)))
    expect(() => JSON.parse(readFileSync(join(folder, name), 'utf8')) as unknown).not.toThrow();
}

/** Nothing passes that no honest container could make pass, and nothing that was not seen is a finding. */
function expectNoForgery(ran: Transcript): void {
  expect([3, 4, 5]).toContain(ran.code);
  const [target] = readScanJson(ran).targets;
  const audited = target?.outcome === 'audited';
  expect(audited).toBe(ran.code === 3);
  for (const id of ['programs', 'files']) {
    expect(statuses(ran, id)?.includes('passed') ?? false).toBe(false);
    expect(statuses(ran, id) !== undefined).toBe(audited);
  }
  if (!audited) expect(target?.error?.code).toMatch(/^(?:TARGET_|SHELL_MISSING|LENS_)/);
}

// Where uname or the release files cannot be read, or a child keeps the answer of a look open, nothing can be audited.
const unreadable: Record<string, string> = {
  lie: 'TARGET_CORRUPT',
  hang: 'TARGET_TIMEOUT',
  flood: 'TARGET_',
  'flood-stderr': 'TARGET_',
  'late-output': 'TARGET_TIMEOUT',
  'long-line': 'TARGET_CORRUPT',
};

const memory = 400 * 1024 * 1024;

describe('a container whose programs are hostile, and its shell is not', () => {
  test.each(modes)('%s: forges nothing, commands nobody, and holds nobody up', async mode => {
    const ran = await scanHostile(mode);
    expectNoForgery(ran);
    expectHarmless(ran);
    const [target] = readScanJson(ran).targets;
    const code = unreadable[mode];
    if (code === undefined) expect(target?.error).toBeNull();
    else expect(target?.error?.code).toContain(code);
    expect(statuses(ran, 'shell')).toEqual(code === undefined ? ['passed', 'passed', 'passed'] : undefined);
    expect(ran.peak).toBeLessThan(memory);
  });
});

describe('a container whose shell itself is hostile', () => {
  test.each(modes)('%s: makes nothing pass, commands nobody, and holds nobody up', async mode => {
    const ran = await scanHostile(`sh=${mode}`);
    expectNoForgery(ran);
    expectHarmless(ran);
    if (['lie', 'fail', 'hang', 'flood', 'flood-stderr'].includes(mode)) expect(ran.code).toBe(4);
    expect(ran.peak).toBeLessThan(memory);
  });
});
