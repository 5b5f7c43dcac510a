// SPDX-License-Identifier: Apache-2.0
// Every control of container-baseline × {clean, defective} × {exec, debug, sidecar}, in real containers.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { testImage } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { load } from 'js-yaml';
import { cincScan, type HdfJson, profiles, readHdf, readScanJson, type Transcript } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { inject } from '../support/inject.ts';
import { type Cell, cells, type Lens, lenses } from './cells.ts';
import { makePods, toBody } from './pods.ts';

const cluster = await openTestCluster({ allowHostPath: true });
const ids = readdirSync(join(profiles.baseline, 'controls')).flatMap(file =>
  [...readFileSync(join(profiles.baseline, 'controls', file), 'utf8').matchAll(/^control '([^']+)'/gm)].map(
    ([, id = '']) => id,
  ),
);
// Debug containers are stable since Kubernetes 1.25.
const usable = lenses.filter(lens => lens !== 'debug' || cluster.minor >= 25);

let pods: { namespace: string };
let ranByExec: Transcript;
const found = new Map<string, Map<string, string>>();

beforeAll(async () => {
  pods = await makePods(cluster);
  for (const lens of usable) {
    const ran = await scanBy(lens);
    if (lens === 'exec') ranByExec = ran;
    for (const [pod, statuses] of readStatuses(ran)) found.set(`${lens} ${pod}`, statuses);
  }
});

afterAll(async () => {
  await cluster.expectNothingLeft();
  await cluster.close();
});

/** One scan for all pods that a lens can look into. */
async function scanBy(lens: Lens): Promise<Transcript> {
  const names = [
    ...new Set(
      cells(ids)
        .filter(cell => cell.lens === lens && cell.pod !== undefined)
        .map(cell => cell.pod),
    ),
  ];
  const cwd = folderWith(cluster, { 'inputs.yml': 'allowed_ports: [8080]\nallowed_processes: [catatonit]\n' });
  const args = [
    'scan',
    ...names.flatMap(name => name ?? []),
    '-n',
    pods.namespace,
    '-c',
    'app',
    '-p',
    profiles.baseline,
  ];
  const options = ['--lens', lens, '--lens-image', testImage('tools'), '--input-file', 'inputs.yml', '--report-only'];
  const ran = await cincScan(cluster, [...args, ...options], { cwd });
  for (const target of readScanJson(ran).targets)
    expect(target).toMatchObject({ error: null, outcome: 'audited', observation: { lens, view: 'full' } });
  return ran;
}

/** By pod and control: the one status that its results have. */
function readStatuses(ran: Transcript): Map<string, Map<string, string>> {
  const all = new Map<string, Map<string, string>>();
  for (const [file, hdf] of readHdf(ran)) all.set(file.split('_')[1] ?? file, statusesOf(hdf));
  return all;
}

function statusesOf(hdf: HdfJson): Map<string, string> {
  const controls = hdf.profiles.flatMap(profile => profile.controls);
  const wordOf = (results: HdfJson['profiles'][0]['controls'][0]['results']) =>
    results
      .map(each => (each.exception === undefined ? each.status : `error: ${each.exception} ${each.message}`))
      .join();
  return new Map(controls.map(({ id, results }) => [id, wordOf(results)]));
}

interface Described {
  id: string;
  title: string;
  desc: string;
  impact: number;
  descriptions: { label: string; data: string }[];
  refs: object[];
  tags: Record<string, unknown>;
}

const seen = ({ lens, pod, control }: Pick<Cell, 'lens' | 'pod' | 'control'>) =>
  found.get(`${lens} ${pod}`)?.get(control);

test('the profile has at least forty controls, and each says why, how to check, how to mend, and what it answers', () => {
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.length).toBeGreaterThanOrEqual(40);
  const [hdf] = readHdf(ranByExec).values();
  const controls = (hdf?.profiles.flatMap(profile => profile.controls) ?? []) as unknown as Described[];
  expect(controls.map(({ id }) => id).toSorted()).toEqual(ids.toSorted());
  for (const { id, title, desc, impact, descriptions, refs, tags } of controls) {
    const labels = descriptions.map(({ label }) => label);
    expect({ id, labels }).toEqual({ id, labels: expect.arrayContaining(['default', 'rationale', 'check', 'fix']) });
    expect([title, desc, ...descriptions.map(({ data }) => data)].filter(text => text.length < 10)).toEqual([]);
    expect(impact).toBeGreaterThan(0);
    expect(refs.length).toBeGreaterThan(0);
    expect({ id, tags }).toMatchObject({ id, tags: { nist: expect.anything(), nsa_cisa: expect.anything() } });
    expect(tags['nist']).toEqual(expect.arrayContaining([expect.stringMatching(/^[A-Z]{2}-\d+( \(\d+\))?$/)]));
    for (const section of tags['nist-800-190'] as string[]) expect(section).toMatch(/^4\.[1-5]\.[1-5]$/);
    for (const technique of tags['mitre_attack'] as string[]) expect(technique).toMatch(/^T\d{4}(\.\d{3})?$/);
  }
});

test('the page of the profile names every control and every input', () => {
  const page = readFileSync(join(profiles.baseline, 'README.md'), 'utf8');
  const { inputs } = load(readFileSync(join(profiles.baseline, 'inspec.yml'), 'utf8')) as {
    inputs: { name: string }[];
  };
  for (const name of [...ids, ...inputs.map(input => input.name)]) expect(page).toContain(`| \`${name}\` |`);
});

test('a scan asks a container far less often than it has controls', () => {
  for (const { observation } of readScanJson(ranByExec).targets)
    expect(observation?.commands).toBeLessThan(ids.length * 0.7);
});

test('no report of a scan holds a secret that it found', () => {
  for (const name of readdirSync(join(ranByExec.cwd, 'cinc-scan-results')))
    expect(readFileSync(join(ranByExec.cwd, 'cinc-scan-results', name), 'utf8')).not.toContain('planted-secret');
});

describe('a cell that cannot be had', () => {
  test('is listed with its reason', () => {
    const listed = cells(ids).filter(cell => cell.impossible !== undefined);
    expect(listed.map(({ control, kind, lens }) => `${control} ${kind} ${lens}`)).toEqual([
      'kernel-own-processes-only defective sidecar',
      'program-no-shell clean exec',
    ]);
  });

  test('has a reason that is true: exec finds no shell in the container without one', async () => {
    const ran = await cincScan(cluster, [
      'scan',
      'clean',
      '-n',
      pods.namespace,
      '-p',
      profiles.baseline,
      '--lens',
      'exec',
    ]);
    expect(readScanJson(ran).targets).toMatchObject([{ outcome: 'unreached', error: { code: 'SHELL_MISSING' } }]);
  });

  test('has a reason that is true: no sidecar goes into a pod with the processes of its node', async () => {
    const body = toBody('node', pods.namespace, { image: 'baseline-nonroot', spec: { hostPID: true } });
    await expect(inject(cluster, body)).rejects.toThrow(/hostPID/);
  });
});

describe.each(usable)('by %s', lens => {
  const mine = cells(ids).filter(cell => cell.lens === lens);

  test.each(mine.filter(cell => cell.pod !== undefined).map(cell => [cell.control, cell.kind, cell] as const))(
    '%s of a %s container',
    (_, __, cell) => expect(seen(cell)).toBe(cell.kind === 'clean' ? 'passed' : 'failed'),
  );
});
