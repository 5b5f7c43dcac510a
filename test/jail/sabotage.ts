// SPDX-License-Identifier: Apache-2.0
// An engine of which something was broken on purpose.
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { EnginePool, type EngineSettings } from '@cinc-scan/core';
import { root } from '../support/cinc-scan.ts';
import { engineSettings } from '../support/engine.ts';

/** In a file below `lib/cinc_scan`, the words that are replaced. */
export type Edit = [file: string, from: string | RegExp, to: string];

/** What `scanInProcess` takes to run that engine. */
export interface Sabotaged extends AsyncDisposable {
  engine: EngineSettings;
  engines: EnginePool;
}

export function sabotage(folder: string, edits: Edit[]): Sabotaged {
  const directory = mkdtempSync(join(folder, 'engine-'));
  cpSync(join(root, 'packages/engine'), directory, { recursive: true });
  for (const [file, from, to] of edits) edit(join(directory, 'lib/cinc_scan', file), from, to);
  const engine: EngineSettings = { choice: 'gems', ...engineSettings, directory };
  const engines = new EnginePool({ engine, temporary: folder });
  return { engine, engines, [Symbol.asyncDispose]: () => engines[Symbol.asyncDispose]() };
}

function edit(path: string, from: string | RegExp, to: string): void {
  const text = readFileSync(path, 'utf8');
  const edited = text.replace(from, to);
  if (edited === text) throw new Error(`${path} has no ${from}`);
  writeFileSync(path, edited);
}

/** No jail at all, as on another system. */
export const openAir: Edit = ['jail.rb', 'SystemCalls.known? ? Cell', 'false ? Cell'];
/** Threads of Ruby's own, as later versions have. */
export const moreThreads: Edit = ['job.rb', 'kept = jail.shut', 'Thread.new { sleep }\n      kept = jail.shut'];
