// SPDX-License-Identifier: Apache-2.0
// A packed orb: https://circleci.com/docs/orb-author/
import { type AdapterInput, adapterInputs, outputFolder } from '../ci/adapter-inputs.ts';
import { installedPath, installScript, runIdScript, scanScript, sweepScript } from '../ci/script.ts';
import { yamlFile } from '../ci/yaml.ts';
import type { GeneratedFile } from '../docs.ts';

// Where a workflow calls a job, `context` is CircleCI's own key.
const inputs = adapterInputs({
  reports: 'hdf,markdown,html,junit',
  'findings-reports': 'html,markdown,junit',
  'output-dir': outputFolder,
}).map(input => (input.name === 'context' ? { ...input, name: 'kube-context' } : input));
const ofInstall = new Set(['version', 'package', 'integrity']);
const forSweep = new Set([
  'namespace',
  'kube-context',
  'grant-namespace',
  'config',
  'version',
  'package',
  'sources',
  'server',
]);

const toParameter = ({ description, default: fallback, choices }: AdapterInput) => ({
  type: choices === undefined ? 'string' : 'enum',
  ...(choices && { enum: [...choices] }),
  default: fallback,
  description: `${description}.`,
});

const parametersOf = (some: AdapterInput[]) =>
  Object.fromEntries(some.map(input => [input.name, toParameter(input)] as const));

const secrets = {
  kubeconfig: {
    type: 'env_var_name',
    default: 'CINC_SCAN_KUBECONFIG',
    description: 'Name of the variable that holds the kubeconfig, of the project or a context.',
  },
  token: {
    type: 'env_var_name',
    default: 'CINC_SCAN_TOKEN',
    description: 'Name of the variable that holds a bearer token; CIRCLE_OIDC_TOKEN_V2 is the identity of the job.',
  },
};
const image = {
  type: 'string',
  description: "Image to run in: cinc-scan's own, by digest, or one with Node.js 22.19 and Ruby 3.1.",
};

const given = (name: string) => `<<parameters.${name}>>`;
const pass = (names: string[]) => Object.fromEntries(names.map(name => [name, given(name)]));
const environment = (some: AdapterInput[]) =>
  Object.fromEntries(some.map(({ name, variable }) => [variable, given(name)] as const));

// With `parallelism` all containers of a job share its id.
const runId = runIdScript('circleci', '${CIRCLE_WORKFLOW_JOB_ID:-}-${CIRCLE_NODE_INDEX:-0}');
const byName = `CINC_SCAN_KUBECONFIG="\${!CINC_KUBECONFIG_VARIABLE:-}"
CINC_SCAN_TOKEN="\${!CINC_TOKEN_VARIABLE:-}"
export CINC_SCAN_KUBECONFIG CINC_SCAN_TOKEN
`;
const named = { CINC_KUBECONFIG_VARIABLE: given('kubeconfig'), CINC_TOKEN_VARIABLE: given('token') };
// Later steps read their environment from there.
const tell = 'cinc-scan outputs --code "$code" --as shell >> "$BASH_ENV"';

const scanSteps = [
  { install: pass([...ofInstall]) },
  {
    run: {
      name: 'cinc-scan',
      environment: { ...environment(inputs), ...named },
      command: `${installedPath}${runId}${byName}${scanScript(tell)}exit "$code"\n`,
    },
  },
  {
    run: {
      name: 'Take back what is left',
      when: 'always',
      environment: { ...environment(inputs.filter(({ name }) => forSweep.has(name))), ...named },
      command: `${runId}${byName}${sweepScript}`,
    },
  },
  { store_test_results: { path: given('output-dir') } },
  { store_artifacts: { path: given('output-dir'), destination: 'cinc-scan' } },
];

const orb = {
  version: 2.1,
  description: 'Runs CINC Auditor profiles inside running Kubernetes containers, and judges the result.',
  display: {
    home_url: 'https://github.com/cinc-scan/cinc-scan',
    source_url: 'https://github.com/cinc-scan/cinc-scan/tree/main/packages/adapters/circleci',
  },
  executors: {
    default: {
      description: 'A container with what a scan needs.',
      parameters: { image },
      docker: [{ image: given('image') }],
    },
  },
  commands: {
    install: {
      description: 'Installs the command with npm, where a version was asked for.',
      parameters: parametersOf(inputs.filter(({ name }) => ofInstall.has(name))),
      steps: [
        {
          run: {
            name: 'Install cinc-scan',
            environment: environment(inputs.filter(({ name }) => ofInstall.has(name))),
            command: installScript,
          },
        },
      ],
    },
    scan: {
      description: 'Scans, stores results, and takes back what a killed scan left.',
      parameters: { ...parametersOf(inputs), ...secrets },
      steps: scanSteps,
    },
    gate: {
      description: 'Judges a result file against a threshold, without a cluster.',
      parameters: {
        results: { type: 'string', description: 'Result file (HDF).' },
        threshold: { type: 'string', description: 'Threshold file.' },
        ...parametersOf(inputs.filter(({ name }) => ofInstall.has(name))),
      },
      steps: [
        { install: pass([...ofInstall]) },
        {
          run: {
            name: 'cinc-scan gate',
            environment: {
              CINC_RESULTS: given('results'),
              CINC_THRESHOLD: given('threshold'),
              ...environment(inputs.filter(({ name }) => ofInstall.has(name))),
            },
            command: `${installedPath}cinc-scan gate "--results=$CINC_RESULTS" "--threshold-file=$CINC_THRESHOLD"\n`,
          },
        },
      ],
    },
  },
  jobs: {
    scan: {
      description: 'Checks out, scans, and stores results.',
      executor: { name: 'default', image: given('image') },
      parameters: { image, ...parametersOf(inputs), ...secrets },
      steps: ['checkout', { scan: pass([...inputs.map(({ name }) => name), ...Object.keys(secrets)]) }],
    },
  },
  examples: {
    scan_a_deployment: {
      description: 'Scan the pods of a deployment, as the identity of the job.',
      usage: {
        version: 2.1,
        orbs: { 'cinc-scan': 'cinc-scan/cinc-scan@0.1.0' },
        workflows: {
          audit: {
            jobs: [
              {
                'cinc-scan/scan': {
                  image: 'registry.example.org/cinc-scan@sha256:…',
                  targets: 'deployment/web',
                  namespace: 'shop',
                  profile: './profile',
                  token: 'CIRCLE_OIDC_TOKEN_V2',
                  context: 'cluster',
                },
              },
            ],
          },
        },
      },
    },
  },
};

export const renderOrb = (): GeneratedFile[] => [
  { path: 'packages/adapters/circleci/orb.yml', text: yamlFile('The orb, packed.', orb) },
];
