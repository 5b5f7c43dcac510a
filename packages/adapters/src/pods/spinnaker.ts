// SPDX-License-Identifier: Apache-2.0
// A Run Job stage, and the same as a preconfigured job of Orca: https://spinnaker.io/docs/guides/operator/custom-job-stages/
import { camelCase } from '@cinc-scan/core';
import { podScript, tellOutputs } from '../ci/script.ts';
import { yamlFile } from '../ci/yaml.ts';
import type { GeneratedFile } from '../docs.ts';
import { jobSpec } from './jobs.ts';
import { podInputs, runId } from './pod.ts';

// Properties are dependable only for a job that succeeds: the gate is a stage of its own, on `verdict`.
const inputs = podInputs('hdf,markdown').map(input =>
  input.name === 'report-only' ? { ...input, default: 'true' } : input,
);

const manifest = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { generateName: 'cinc-scan-', namespace: 'shop' },
  spec: jobSpec({
    command: ['/bin/sh', '-c', podScript(tellOutputs('spinnaker'))],
    env: [
      ...inputs.map(({ variable, default: value }) => ({ name: variable, value })),
      { name: 'HOME', value: '/tmp' },
      runId,
    ],
  }),
};

const stage = {
  type: 'runJobManifest',
  name: 'cinc-scan',
  account: 'my-cluster',
  credentials: 'my-cluster',
  application: 'shop',
  cloudProvider: 'kubernetes',
  source: 'text',
  alias: 'runJob',
  consumeArtifactSource: 'propertyFile',
  propertyFile: 'cinc-scan',
  manifest,
};

const gate = {
  type: 'checkPreconditions',
  name: 'cinc-scan: gate',
  preconditions: [
    {
      type: 'expression',
      failPipeline: true,
      context: { expression: "${#stage('cinc-scan')['context']['verdict'] == 'pass'}" },
    },
  ],
};

const preconfigured = {
  job: {
    preconfigured: {
      kubernetes: [
        {
          label: 'cinc-scan',
          type: 'cincScan',
          description: 'Runs CINC Auditor profiles inside running Kubernetes containers, and judges the result',
          cloudProvider: 'kubernetes',
          account: stage.account,
          credentials: stage.credentials,
          application: stage.application,
          waitForCompletion: true,
          propertyFile: 'cinc-scan',
          parameters: inputs.map(({ name, description, default: value }, index) => ({
            name: camelCase(name),
            label: name,
            description: `${description}.`,
            mapping: `manifest.spec.template.spec.containers[0].env[${index}].value`,
            defaultValue: value,
          })),
          manifest,
        },
      ],
    },
  },
};

export const renderSpinnaker = (): GeneratedFile[] => [
  { path: 'packages/adapters/spinnaker/stage.json', text: `${JSON.stringify(stage, undefined, 2)}\n` },
  { path: 'packages/adapters/spinnaker/gate-stage.json', text: `${JSON.stringify(gate, undefined, 2)}\n` },
  {
    path: 'packages/adapters/spinnaker/orca-local.yml',
    text: yamlFile('Preconfigured job for Orca.', preconfigured),
  },
];
