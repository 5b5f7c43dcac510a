// SPDX-License-Identifier: Apache-2.0
// https://docs.atlassian.com/bamboo-specs-docs/latest/specs.html?yaml
import { adapterInputs, outputFolder } from '../ci/adapter-inputs.ts';
import { runIdScript, sweepScript, tellOutputs, wholeScript } from '../ci/script.ts';
import { yamlFile } from '../ci/yaml.ts';
import type { GeneratedFile } from '../docs.ts';

const inputs = adapterInputs({
  reports: 'hdf,markdown,html,junit-gate',
  'findings-reports': 'html,markdown,junit-gate',
  'output-dir': outputFolder,
});

/** Bamboo masks variables with such a word in their names. */
const secrets = { cinc_kubeconfig_secret: 'CINC_SCAN_KUBECONFIG', cinc_token_secret: 'CINC_SCAN_TOKEN' };

const variableOf = (name: string) => `cinc_${name.replaceAll('-', '_')}`;

// Plan variables come as bamboo_…; one that the plan does not have is empty.
const environment = [
  ...inputs.map(({ name, variable }) => [variableOf(name), variable] as const),
  ...Object.entries(secrets),
]
  .map(([name, variable]) => `export ${variable}="\${bamboo_${name}:-}"\n`)
  .join('');
const runId = runIdScript('bamboo', '${bamboo_buildResultKey:-}');

const plan = {
  version: 2,
  plan: { 'project-key': 'CINC', key: 'SCAN', name: 'cinc-scan' },
  variables: Object.fromEntries(inputs.map(({ name, default: value }) => [variableOf(name), value] as const)),
  stages: [{ 'Scan containers': { jobs: ['Scan'] } }],
  Scan: {
    key: 'SCAN',
    tasks: [
      { checkout: { description: 'The profile and the threshold' } },
      {
        script: {
          description: 'cinc-scan',
          interpreter: 'SHELL',
          scripts: [`${environment}${runId}${wholeScript(tellOutputs('env', 'cinc-scan.properties'))}`],
        },
      },
    ],
    'final-tasks': [
      {
        script: {
          description: 'Take back what is left',
          interpreter: 'SHELL',
          scripts: [`${environment}${runId}${sweepScript}`],
        },
      },
      { 'inject-variables': { file: 'cinc-scan.properties', scope: 'RESULT', namespace: 'cinc' } },
      // Failing cases fail the job: these are only what the gate minds.
      { 'test-parser': { type: 'junit', 'test-results': [`${outputFolder}/junit-gate.xml`] } },
    ],
    artifacts: [{ name: 'cinc-scan', location: outputFolder, pattern: '**/*', required: false }],
  },
};

export const renderBamboo = (): GeneratedFile[] => [
  {
    path: 'packages/adapters/bamboo/bamboo.yml',
    text: yamlFile(
      'Bamboo specs: a plan that scans. Secrets are plan variables of the server, never of this file:\n' +
        `${Object.keys(secrets).join(', ')}.`,
      plan,
    ),
  },
];
