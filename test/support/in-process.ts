// SPDX-License-Identifier: Apache-2.0
import { mkdtempSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Deps,
  EnginePool,
  type EngineSettings,
  type Outcome,
  type Raw,
  readContents,
  resolveValues,
  type Scan,
  type ScanEvent,
  Secret,
  scan,
  toScanRequest,
} from '@cinc-scan/core';
import type { TestCluster } from './cluster.ts';
import { engineSettings } from './engine.ts';

export interface InProcess {
  scan: Scan;
  events: ScanEvent[];
}

/** Runs the pipeline as a library, so that a test sees types instead of text. */
export async function scanInProcess(
  cluster: Pick<TestCluster, 'folder' | 'kubeconfig'>,
  flags: Raw,
  more: Partial<Deps> = {},
): Promise<InProcess> {
  const events: ScanEvent[] = [];
  const values = resolveValues({ flags, environment: {}, file: undefined });
  const engine: EngineSettings = { choice: 'auto', ...engineSettings };
  await using engines = new EnginePool({ engine, temporary: cluster.folder });
  const deps: Deps = {
    tool: { name: 'cinc-scan', version: 'test' },
    access: { kind: 'content', content: new Secret(cluster.kubeconfig) },
    context: undefined,
    token: undefined,
    engine,
    engines,
    environment: {},
    temporary: cluster.folder,
    workspace: mkdtempSync(join(cluster.folder, 'w-')),
    stdout: () => undefined,
    console: { color: false, width: 100 },
    emit: event => void events.push(event),
    signal: undefined,
    ...more,
  };
  return { scan: await scan(toScanRequest(values, readContents(values)), deps), events };
}

/** What every check said, by control: empty for a target that was not audited. */
export function statusesOf(outcomes: Outcome[]): Record<string, string[]> {
  const audited = outcomes.filter(outcome => outcome.kind === 'audited');
  const controls = audited.flatMap(({ hdf }) => hdf.profiles.flatMap(profile => profile.controls));
  return Object.fromEntries(controls.map(({ id, results }) => [id, results.map(({ status }) => String(status))]));
}
