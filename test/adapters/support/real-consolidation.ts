// SPDX-License-Identifier: Apache-2.0
// An adapter with the real command behind it, on what other scanners left: it ends as the sources say.
import { copyFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { compiled } from '../../support/caches.ts';
import { root } from '../../support/cinc-scan.ts';
import { temporaryFolder } from '../../support/command.ts';
import type { Adapter } from './contract.ts';
import { type EndingName, endings } from './endings.ts';
import { recordCommand } from './recorder.ts';

const image = { id: 'web', tool: 'trivy', area: 'images', target: 'host:web', file: 'web.json' };
const sample = (name: string) => join(root, 'packages/companions/fixtures', name);

async function consolidate(adapter: Adapter, left: string) {
  using place = temporaryFolder();
  const folder = join(place.path, 'work');
  const results = join(folder, "what it's left");
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, 'sources.yml'), JSON.stringify({ scope: 'prod', sources: [image] }));
  copyFileSync(sample(left), join(results, 'web.json'));
  const { path } = recordCommand(place.path, { TMPDIR: place.path, ...compiled });
  const sources = "what it's left/sources.yml";
  return await adapter.run({
    folder,
    path,
    given: { sources, 'fail-on': 'medium' },
    env: { CINC_SCAN_TOKEN: 'of the cluster' },
  });
}

/** Defines the tests of one starter of `cinc-scan init`. */
export function testRealConsolidation(starter: string, adapter: Adapter): void {
  describe(`${starter}: the adapter as shipped consolidates with the command as shipped`, () => {
    const cases: { ending: EndingName; what: string; left: string }[] = [
      { ending: 'below the threshold', what: 'findings', left: 'trivy/image-v2.json' },
      { ending: 'unreachable', what: 'a scanner that did not look', left: 'trivy/nothing-looked-at.json' },
    ];
    test.each(cases)('$ending: $what', async ({ ending, left }) => {
      const ran = await consolidate(adapter, left);
      const wanted = adapter.state(endings[ending]);
      expect({ state: ran.state, text: ran.state === wanted ? '' : ran.text }).toEqual({ state: wanted, text: '' });
      expect(ran.outputs).toMatchObject({ verdict: endings[ending].verdict });
    });
  });
}
