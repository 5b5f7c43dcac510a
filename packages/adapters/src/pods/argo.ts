// SPDX-License-Identifier: Apache-2.0
// https://argo-workflows.readthedocs.io/en/latest/workflow-templates/
import { scanScript, sweepScript, tellOutputs } from '../ci/script.ts';
import { yamlFile } from '../ci/yaml.ts';
import type { GeneratedFile } from '../docs.ts';
import { account, podInputs, restricted, scratch } from './pod.ts';

const inputs = podInputs('hdf,markdown,html,junit');
const results = { verdict: 'error', reason: 'OUTPUTS_MISSING', 'exit-code': '5', compliance: '' };

const env = [
  ...inputs.map(({ name, variable }) => ({ name: variable, value: `{{workflow.parameters.${name}}}` })),
  { name: 'CINC_SCAN_RUN_ID', value: '{{workflow.uid}}' },
  { name: 'HOME', value: '/tmp' },
];

const container = (script: string) => ({
  image: '{{workflow.parameters.image}}',
  command: ['/bin/sh', '-c'],
  args: [script],
  workingDir: '/work',
  env,
  securityContext: restricted,
  volumeMounts: scratch.mounts,
});

const template = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'WorkflowTemplate',
  metadata: { name: 'cinc-scan' },
  spec: {
    serviceAccountName: account,
    entrypoint: 'scan',
    onExit: 'sweep',
    arguments: {
      parameters: [
        { name: 'image', description: 'Image of cinc-scan, by digest.' },
        ...inputs.map(({ name, description, default: value, choices }) => ({
          name,
          description: `${description}.`,
          value,
          ...(choices && { enum: [...choices] }),
        })),
      ],
    },
    volumes: scratch.volumes,
    templates: [
      {
        name: 'scan',
        container: container(`mkdir -p outputs\n${scanScript(tellOutputs('files', 'outputs'))}exit "$code"\n`),
        outputs: {
          parameters: Object.entries(results).map(([name, value]) => ({
            name,
            valueFrom: { path: `/work/outputs/${name}`, default: value },
          })),
          artifacts: [{ name: 'reports', path: '/work/{{workflow.parameters.output-dir}}', optional: true }],
        },
      },
      { name: 'sweep', container: container(sweepScript) },
    ],
  },
};

export const renderArgo = (): GeneratedFile[] => [
  { path: 'packages/adapters/argo/workflow-template.yml', text: yamlFile('An Argo workflow template.', template) },
];
