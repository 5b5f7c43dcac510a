// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { adapterInputs } from '../ci/adapter-inputs.ts';
import { installScript } from '../ci/script.ts';
import type { GeneratedFile } from '../docs.ts';

const template = (name: string) => readFileSync(new URL(name, import.meta.url), 'utf8');

const variables = adapterInputs({})
  .map(({ name, variable }) => `    "${name.replaceAll('-', '_')}": "${variable}",`)
  .join('\n');

export function renderScripts(): GeneratedFile[] {
  const folder = 'packages/adapters/scripts';
  return [
    { path: `${folder}/cinc-scan.sh`, text: template('cinc-scan.template.sh').replace('# @install@\n', installScript) },
    { path: `${folder}/cinc_scan.py`, text: template('cinc_scan.template.py').replace('    # @variables@', variables) },
    { path: `${folder}/cinc-scan-nightly.sh`, text: template('cinc-scan-nightly.template.sh') },
    { path: `${folder}/cinc-scan.cron`, text: template('cinc-scan.template.cron') },
    { path: 'packages/adapters/container/Containerfile', text: template('Containerfile.template') },
  ];
}
