// SPDX-License-Identifier: Apache-2.0
// https://tekton.dev/docs/pipelines/tasks/
import type { AdapterInput } from '../ci/adapter-inputs.ts';
import { scanScript, sweepScript, tellOutputs } from '../ci/script.ts';
import { yamlFile } from '../ci/yaml.ts';
import type { GeneratedFile } from '../docs.ts';
import { podInputs, restricted } from './pod.ts';

const inputs = podInputs('hdf,markdown,junit');
const results = {
  verdict: 'pass, fail or error',
  reason: 'Why, from a closed list',
  'exit-code': 'Exit code of the scan',
  compliance: 'In percent; empty where nothing was counted',
};

const toParam = ({ name, description, default: value, choices }: AdapterInput) => ({
  name,
  type: 'string',
  description: `${description}.`,
  default: value,
  ...(choices && { enum: [...choices] }),
});

// A parameter inside a script would be pasted text.
const env = [
  ...inputs.map(({ name, variable }) => ({ name: variable, value: `$(params.${name})` })),
  { name: 'CINC_SCAN_RUN_ID', value: '$(context.taskRun.uid)' },
  { name: 'CINC_RESULTS', value: '$(results.verdict.path)' },
  { name: 'HOME', value: '/tekton/home' },
];

const step = (name: string, script: string, more: object = {}) => ({
  name,
  image: '$(params.image)',
  workingDir: '$(workspaces.source.path)',
  securityContext: restricted,
  env,
  script: `#!/bin/sh\n${script}`,
  ...more,
});

const task = {
  apiVersion: 'tekton.dev/v1',
  kind: 'Task',
  metadata: { name: 'cinc-scan', labels: { 'app.kubernetes.io/version': '0.1.0' } },
  spec: {
    description: 'Runs CINC Auditor profiles inside running Kubernetes containers, and judges the result.',
    params: [{ name: 'image', type: 'string', description: 'Image of cinc-scan, by digest.' }, ...inputs.map(toParam)],
    results: Object.entries(results).map(([name, description]) => ({ name, description })),
    workspaces: [{ name: 'source', description: 'Profile and threshold; reports are written here.' }],
    steps: [
      step('scan', `${scanScript(tellOutputs('files', '"$(dirname "$CINC_RESULTS")"'))}exit "$code"\n`, {
        onError: 'continue',
      }),
      // The verdict of the task is that of the scan, whatever a sweep says.
      step('end', `${sweepScript}exit "$(cat "$CINC_EXIT_CODE_FILE")"\n`, {
        env: [...env, { name: 'CINC_EXIT_CODE_FILE', value: '$(steps.step-scan.exitCode.path)' }],
      }),
    ],
  },
};

export const renderTekton = (): GeneratedFile[] => [
  { path: 'packages/adapters/tekton/task.yml', text: yamlFile('A Tekton task.', task) },
];
