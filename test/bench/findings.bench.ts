// SPDX-License-Identifier: Apache-2.0
// `./dev bench findings`: what it costs to consolidate many findings. It needs no cluster and no peer.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { type Command, peakMemory, timedOk } from './process.ts';
import { type Row, series } from './row.ts';

const command = fileURLToPath(new URL('../../packages/cli/bin/cinc-scan.js', import.meta.url));
const options = '--state state.json --state-missing all-new --fail-on high --report';
const every = 'html,sarif,junit,csv,codequality,ocsf,markdown';
const sourcesOfRun = 4;
const judged = [0, 3];

export interface FindingsBench {
  rounds: number;
  say: (text: string) => void;
}

/** Runs with a state, a gate and all reports: the first, in which all is new, and the one after. */
export async function benchFindings({ rounds, say }: FindingsBench): Promise<Row[]> {
  const folder = mkdtempSync(join(tmpdir(), 'cinc-scan-bench-'));
  try {
    const [many, few] = [makeScope(folder, 100_000), makeScope(folder, 10_000)];
    say('100,000 findings and a tenth of them, with state, gate and reports');
    const first = await measure(many, rounds, true);
    const next = await measure(many, rounds, false);
    const small = await measure(few, rounds, false);
    return [
      {
        title: '100,000 findings: wall time, the second run / the first / a tenth of the findings',
        measures: [
          series('second run', 's', next.wall),
          series('first run', 's', first.wall),
          series('10,000', 's', small.wall),
        ],
        goal: { kind: 'amount', atMost: 60 },
      },
      {
        title: '100,000 findings: CPU time',
        measures: [
          series('second run', 's', next.cpu),
          series('first run', 's', first.cpu),
          series('10,000', 's', small.cpu),
        ],
      },
      {
        title: '100,000 findings: most memory held',
        measures: [
          series('second run', 'MB', next.memory),
          series('first run', 'MB', first.memory),
          series('10,000', 'MB', small.memory),
        ],
        goal: { kind: 'amount', atMost: 1000 },
      },
    ];
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

interface Measured {
  wall: number[];
  cpu: number[];
  memory: number[];
}

async function measure(scope: string, rounds: number, isFirst: boolean): Promise<Measured> {
  const found: Measured = { wall: [], cpu: [], memory: [] };
  for (let round = 0; round < rounds; round += 1) {
    prepare(scope, isFirst);
    const { wall, cpu } = await timedOk(consolidate(scope), judged);
    found.wall.push(wall);
    found.cpu.push(cpu);
  }
  // In a run of its own: to look at a process every 20 ms takes time from it.
  prepare(scope, isFirst);
  found.memory.push((await peakMemory(consolidate(scope))) / 1_000_000);
  return found;
}

/** A first run has no state; the one after has that of the run before it. */
function prepare(scope: string, isFirst: boolean): void {
  if (isFirst) rmSync(join(scope, 'state.json'), { force: true });
}

const consolidate = (scope: string): Command => ({
  argv: [process.execPath, command, 'consolidate', ...options.split(' '), every],
  cwd: scope,
  env: { PATH: process.env['PATH'] ?? '', HOME: scope, TMPDIR: scope },
});

/** Results of Trivy for some images, as large as they are with descriptions and references. */
function makeScope(folder: string, findings: number): string {
  const scope = join(folder, `${findings}`);
  mkdirSync(scope);
  const ids = Array.from({ length: sourcesOfRun }, (_, index) => `web${index}`);
  for (const id of ids) writeFileSync(join(scope, `${id}.json`), resultOf(id, findings / sourcesOfRun));
  const sources = ids.map(id => ({
    id,
    tool: 'trivy',
    area: 'images',
    target: `image:shop/${id}`,
    file: `${id}.json`,
  }));
  writeFileSync(join(scope, 'cinc-scan.sources.yml'), JSON.stringify({ scope: 'bench', sources }));
  return scope;
}

function resultOf(image: string, count: number): string {
  const target = `shop/${image}:1`;
  const vulnerabilities = Array.from({ length: count }, (_, index) => toVulnerability(index));
  return JSON.stringify({
    SchemaVersion: 2,
    CreatedAt: new Date().toISOString(),
    ArtifactName: target,
    ArtifactType: 'container_image',
    Metadata: { OS: { Family: 'debian', Name: '12' } },
    Results: [{ Target: `${target} (debian 12)`, Class: 'os-pkgs', Type: 'debian', Vulnerabilities: vulnerabilities }],
  });
}

const severities = ['CRITICAL', 'HIGH', 'MEDIUM', 'LOW', 'UNKNOWN'];

function toVulnerability(index: number): object {
  const name = `package-${index % 4000}`;
  const version = `1.${index % 90}`;
  return {
    VulnerabilityID: `CVE-20${10 + (index % 17)}-${1000 + (index % 20_000)}`,
    PkgName: name,
    PkgIdentifier: { PURL: `pkg:deb/debian/${name}@${version}.0?arch=amd64&distro=debian-12` },
    InstalledVersion: `${version}.0`,
    FixedVersion: index % 3 === 0 ? '' : `${version}.1`,
    Status: index % 3 === 0 ? 'affected' : 'fixed',
    PrimaryURL: `https://avd.example/nvd/cve-${index}`,
    Title: `${name}: a crafted file of number ${index} makes the program write beyond its buffer`,
    Description: 'A sentence of an advisory that explains what somebody may do with this, and how. '.repeat(8),
    Severity: severities[index % severities.length],
    SeveritySource: 'debian',
    CweIDs: ['CWE-787'],
    References: [`https://nvd.example/vuln/detail/${index}`, `https://lists.example/${index}`],
    PublishedDate: '2025-01-01T00:00:00Z',
  };
}
