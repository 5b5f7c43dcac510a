// SPDX-License-Identifier: Apache-2.0
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { evaluate, gateDefaults, parseThresholdDocument } from '../../packages/core/src/gate/index.ts';
import { parseHdf } from '../../packages/core/src/outcome/hdf.ts';
import { timedOk } from './process.ts';
import type { Row } from './row.ts';
import type { Bench } from './scan.bench.ts';
import { inTurn, seconds } from './series.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const saf = join(root, 'packages/oracles/node_modules/@mitre/saf/bin/run');
const threshold = 'compliance: {min: 50}\nfailed: {critical: {max: 0}, total: {max: 100000}}\n';
const wantedBytes = 3_000_000;

/** The gate over 3 MB of results: as a function, as our command, and as the command people use for it. */
export async function benchGate({ rounds, say }: Bench): Promise<Row[]> {
  say('the gate over 3 MB of results');
  const folder = mkdtempSync(join(tmpdir(), 'cinc-scan-bench-'));
  try {
    const [results, bounds] = [join(folder, 'results.json'), join(folder, 'threshold.yml')];
    writeFileSync(results, largeResults());
    writeFileSync(bounds, threshold);
    const inProcess = await measureInProcess(results);
    const tasks = [ours(folder, results, bounds), ...(existsSync(saf) ? [theirs(folder, results, bounds)] : [])];
    const measured = await inTurn(rounds, tasks);
    return toRows(inProcess, measured);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function toRows(inProcess: number[], [own = [], foreign = []]: number[][]): Row[] {
  const asFunction = { label: 'as a function, warm', unit: 's' as const, samples: inProcess };
  const asCommand = { label: '`cinc-scan gate`', unit: 's' as const, samples: own };
  if (foreign.length === 0) {
    const note = 'Without the SAF CLI: npm ci --prefix packages/oracles';
    return [{ title: 'the gate over 3 MB of results', measures: [asFunction, asCommand], goal: atMost(0.03), note }];
  }
  const asSaf = { label: '`saf validate threshold`', unit: 's' as const, samples: foreign };
  return [
    { title: 'the gate over 3 MB of results', measures: [asFunction, asCommand, asSaf], goal: atMost(0.03) },
    {
      title: 'the gate as a function against the SAF CLI',
      measures: [asFunction, asSaf],
      goal: { kind: 'ratio', atMost: 1 / 40 },
    },
    { title: 'the gate as a command against the SAF CLI', measures: [asCommand, asSaf] },
  ];
}

const atMost = (value: number) => ({ kind: 'amount', atMost: value }) as const;

async function measureInProcess(path: string): Promise<number[]> {
  const samples: number[] = [];
  for (let round = 0; round < 20; round++) {
    const text = readFileSync(path, 'utf8');
    samples.push(await seconds(() => Promise.resolve(judge(text))));
  }
  return samples.slice(5); // the first ones compile
}

function judge(text: string): void {
  const read = parseHdf(text);
  const parsed = parseThresholdDocument(threshold);
  if (read.kind === 'refused' || parsed.kind === 'refused') throw new Error('the results or bounds are of no use');
  const { exit } = evaluate(read.hdf, parsed.threshold, gateDefaults(new Date()));
  if (exit !== 0) throw new Error(`the gate ended with ${exit}`);
}

/** As it is shipped, which has to be built before. */
const ours = (cwd: string, results: string, bounds: string) =>
  command(cwd, [join(root, 'packages/cli/bin/cinc-scan.js'), 'gate', '-i', results, '-T', bounds]);

const theirs = (cwd: string, results: string, bounds: string) =>
  command(cwd, [saf, 'validate', 'threshold', '-i', results, '-T', bounds]);

function command(cwd: string, args: string[]): () => Promise<number> {
  const env = { PATH: process.env['PATH'] ?? '', HOME: cwd };
  return async () => (await timedOk({ argv: [process.execPath, ...args], cwd, env }, [0])).wall;
}

/** Controls as a STIG profile has them, as many as it takes. */
function largeResults(): string {
  const controls = Array.from({ length: 5000 }, (_, index) => toControl(index));
  const each = Buffer.byteLength(JSON.stringify(controls)) / controls.length;
  const profile = { name: 'large', sha256: '0'.repeat(64), supports: [], attributes: [], groups: [] };
  return JSON.stringify({
    platform: { name: 'debian', release: '12' },
    profiles: [{ ...profile, controls: controls.slice(0, Math.round(wantedBytes / each)) }],
    statistics: { duration: 1 },
    version: '5.22.0',
  });
}

function toControl(index: number) {
  const status = index % 5 === 0 ? 'failed' : 'passed';
  const sentence = `The operating system must do what rule ${index} says, and be seen to do it. `;
  return {
    id: `SV-${index}`,
    title: sentence,
    desc: sentence.repeat(6),
    descriptions: [{ label: 'check', data: sentence.repeat(4) }],
    impact: 0.5,
    refs: [],
    tags: { nist: ['AC-6', 'CM-5'], severity: 'medium' },
    code: `control 'SV-${index}' do\n${"  describe file('/etc/passwd') do\n    it { should exist }\n  end\n".repeat(3)}end\n`,
    source_location: { ref: 'controls/large.rb', line: index + 1 },
    results: Array.from({ length: 3 }, (_, at) => ({
      status,
      code_desc: `File /etc/passwd ${at} is expected to exist`,
      run_time: 0.001,
      start_time: '2026-01-01T00:00:00+00:00',
      ...(status === 'failed' && { message: sentence }),
    })),
  };
}
