// SPDX-License-Identifier: Apache-2.0
// The one contract of all adapters: the same request, the same end, the same outputs, on every platform.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { temporaryFolder } from '../../support/command.ts';
import { type Ending, type EndingName, endingNames, endings, type Given, hostileValues } from './endings.ts';
import { type Call, environmentOf, makeRecorder, requestOf } from './recorder.ts';
import { everyFinding, everyInput, meant, nothing, understood } from './values.ts';

export interface Ran {
  /** What the platform would show. */
  state: string;
  /** Everything printed. */
  text: string;
  /** Outputs as the platform's next step finds them. */
  outputs: Record<string, string>;
}

export interface Place {
  folder: string;
  /** PATH with the recorder first. */
  path: string;
  given: Given;
  env: Record<string, string>;
}

export interface Adapter {
  /** Runs the adapter in a folder, as really as can be. */
  run(place: Place): Promise<Ran>;
  /** What the platform has to show for this end. */
  state(ending: Ending): string;
  /** What the adapter asks for by itself. */
  defaults?: Given;
  /** Values that this platform cannot carry as they are, with what it carries instead. */
  hostile?: Given;
  /** Values that this platform fills in itself, or refuses, wherever they stand in a pipeline. */
  fillsIn?: RegExp;
  /** What it decides itself, whatever it is given. */
  decides?: string[];
  /** Inputs with which what plays the platform here does something else than the platform. */
  unplayed?: string[];
  /** Of a variant, only these. */
  endings?: EndingName[];
  /** Where no sweep follows, the platform's README says why. */
  sweeps?: false;
  /** A pod without a shell does what its manifest says, whatever its variables are. */
  consolidates?: false;
  /** Argument lists of the calls, where they are not the usual ones. */
  scanArgs?: string[];
}

export const secret = 'tok3n-that-nobody-may-see';

async function runAdapter(adapter: Adapter, name: EndingName, given: Given) {
  using place = temporaryFolder();
  const { path, calls } = makeRecorder(place.path, name);
  const folder = join(place.path, 'work');
  // What a repository may bring, to be run in place of the command.
  const planted = join(folder, '.cinc-scan/bin');
  mkdirSync(planted, { recursive: true });
  writeFileSync(join(planted, 'cinc-scan'), `#!/bin/sh\ntouch '${folder}/pwned'\n`, { mode: 0o755 });
  const ran = await adapter.run({ folder, path, given, env: { CINC_SCAN_TOKEN: secret } });
  return { ran, calls: calls(), pwned: existsSync(join(folder, 'pwned')) };
}

const only = (calls: Call[], command: string) => calls.filter(({ args }) => args[0] === command);

/** Defines the tests of one adapter. */
export function testContract(platform: string, adapter: Adapter): void {
  testScans(platform, adapter);
  if (adapter.consolidates !== false) testConsolidations(platform, adapter);
}

/** A consolidation comes by the same way. */
function testConsolidations(platform: string, adapter: Adapter): void {
  test(`${platform}: a consolidation takes the place of a scan, with all that it was given`, async () => {
    const ending = endings['below the threshold'];
    const { ran, calls, pwned } = await runAdapter(adapter, 'below the threshold', everyFinding);
    expect({ state: ran.state, text: ran.state === adapter.state(ending) ? '' : ran.text }).toEqual({
      state: adapter.state(ending),
      text: '',
    });
    expect(ran.outputs).toMatchObject({ verdict: ending.verdict });
    expect(calls.map(({ args: [name] }) => name)).toEqual(['consolidate', 'outputs']);
    const asked = requestOf(calls);
    expect(asked).toMatchObject(everyFinding);
    expect(understood(environmentOf(calls))).toMatchObject(asValues(asked));
    expect(pwned).toBe(false);
  });
}

const asValues = (given: Given) =>
  Object.fromEntries(Object.keys(everyFinding).map(name => [name, meant(given)[name as 'sources']]));

function testScans(platform: string, adapter: Adapter): void {
  const usual = { targets: 'deployment/web', profile: './profile' };

  describe(`${platform}: a scan`, () => {
    test.each(adapter.endings ?? endingNames)('that ends with: %s', async name => {
      const ending = endings[name];
      const { ran, calls } = await runAdapter(adapter, name, usual);
      expect({ state: ran.state, text: ran.state === adapter.state(ending) ? '' : ran.text }).toEqual({
        state: adapter.state(ending),
        text: '',
      });
      expect(ran.outputs).toMatchObject({ verdict: ending.verdict });
      expect(only(calls, 'scan').map(({ args }) => args)).toEqual([adapter.scanArgs ?? ['scan']]);
      if (adapter.sweeps !== false) expect(only(calls, 'sweep')).toHaveLength(1);
      expect(ran.text).not.toContain(secret);
    });

    test('asks for what it was given, and for nothing else', async () => {
      const { calls } = await runAdapter(adapter, 'pass', usual);
      const { 'run-id': runId, token, ...request } = requestOf(calls);
      expect(request).toEqual({ ...adapter.defaults, ...usual });
      expect(token).toBe(secret);
      expect(understood({ CINC_SCAN_RUN_ID: runId })['run-id']).toBe(runId);
      for (const { args } of only(calls, 'sweep')) expect(args).toEqual(['sweep', '--run', runId]);
    });

    test.each([
      ['every input at once', everyInput],
      ['every input left empty', nothing],
    ])('is understood as it was meant: %s', async (_what, given) => {
      const { calls, pwned } = await runAdapter(adapter, 'pass', given);
      const { 'run-id': _, token: __, ...values } = understood(environmentOf(calls));
      const { 'run-id': ___, token: ____, ...wanted } = meant(given);
      expect(values).toEqual(wanted);
      expect(pwned).toBe(false);
    });

    test('gets hostile values unchanged, and runs nothing that the repository brings', async () => {
      const values = { ...hostileValues, ...adapter.hostile };
      const { calls, pwned } = await runAdapter(adapter, 'pass', values);
      expect(requestOf(calls)).toMatchObject(values);
      expect(pwned).toBe(false);
    });
  });
}
