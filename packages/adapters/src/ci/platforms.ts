// SPDX-License-Identifier: Apache-2.0
// What the README of each adapter says beside what is generated from the manifest.
import { camelCase, environmentName } from '@cinc-scan/core';
import { jenkinsOptions } from '../jenkins/jenkins.ts';

export interface PlatformPage {
  folder: string;
  title: string;
  about: string;
  /** Starters that are shown; names of examples/ci. */
  starters: string[];
  /** How an input is spelt there. */
  spell: (name: string) => string;
  /** State for 0, for 3, and for 2, 4, 5 and everything unknown. */
  states: [pass: string, below: string, error: string];
  secrets: string;
  outputs: string;
  /** What the tests run, and what they do not. */
  tested: string;
  /** Options of the adapter's own. */
  options?: Record<string, string>;
}

const kebab = (name: string) => name;
const inCluster =
  'None: the pod is its own account. Its rights are those that `cinc-scan access operator-role` prints.';
const schemaOnly = (what: string) =>
  `The scripts run under \`sh\` with values as ${what} hands them over. No test used ${what} itself: ` +
  'the files are validated by schemas of our own only, which refuse seeded mistakes.';

export const platformPages: PlatformPage[] = [
  {
    folder: 'gitlab',
    title: 'GitLab CI/CD',
    about:
      'Four components (`templates/`): `scan`; `scan-oidc`, which signs in with the ID token of the job; `scan-server`, which lets a ' +
      '[scan service](../../../docs/service.md#from-a-pipeline) scan, signed in with the ID token of the job; `scan-service`, ' +
      'which scans an image as a service of the job (Kubernetes executor). `cinc-scan.yml` is the same job to include on ' +
      'servers without components. A dollar sign before a name is a variable of GitLab’s, in inputs as everywhere; ' +
      'several lines belong in `cinc-scan.yml` of your repository.',
    starters: ['gitlab'],
    spell: kebab,
    states: ['passed', 'failed; with warnings if `allowed-exit-code: 3`', 'failed'],
    secrets: 'A masked, protected variable (file or text) `CINC_SCAN_KUBECONFIG`, or `scan-oidc`, which needs none.',
    outputs:
      '`CINC_VERDICT`, `CINC_REASON`, `CINC_COMPLIANCE` … for later jobs (dotenv); JUnit and Code Quality reports.',
    tested:
      'Rendered, checked and run by gitlab-ci-local, which holds GitLab’s schema and refuses seeded mistakes. ID tokens ' +
      'and services are rendered only: they need a server.',
  },
  {
    folder: 'jenkins',
    title: 'Jenkins',
    about:
      'A shared library with one step, `cincScan(…)`. Lists may be Groovy lists. In a scripted pipeline: ' +
      '`node { checkout scm; def result = cincScan(targets: "deployment/web", …); echo result.verdict }`.',
    starters: ['jenkins'],
    spell: camelCase,
    states: ['SUCCESS', 'UNSTABLE; FAILURE if `failBuild: true`', 'FAILURE'],
    secrets: 'Credentials ids, see the options below.',
    outputs: 'The map that the step returns: `verdict`, `reason`, `exitCode`, `compliance`, `results`.',
    tested:
      'The step runs under Groovy 2.4 with Jenkins’ own steps played and `sh` real. That proves neither the continuations ' +
      'nor the sandbox of Jenkins, which no test has met.',
    options: jenkinsOptions,
  },
  {
    folder: 'circleci',
    title: 'CircleCI',
    about: 'An orb: job `scan`; commands `install`, `scan`, `gate`; executor `default`.',
    starters: ['circleci'],
    spell: name => (name === 'context' ? 'kube-context' : name),
    states: ['success', 'failed; success if `report-only`', 'failed'],
    secrets:
      '`kubeconfig` and `token` name the variables of a project or context; `token: CIRCLE_OIDC_TOKEN_V2` is the job itself.',
    outputs: '`CINC_VERDICT` … in the environment of later steps; test results and artifacts.',
    tested:
      'The job is unfolded, and its steps run under bash. `circleci orb validate` needs the service and was not run: the ' +
      'orb is validated by a schema of our own, which refuses seeded mistakes.',
  },
  {
    folder: 'azure',
    title: 'Azure DevOps',
    about:
      'A task (`CincScan@1`, handlers for Node 20 and 24) and its extension. Build it: `tfx extension create ' +
      '--manifest-globs vss-extension.json`. Agents on Linux and macOS; the task needs `sh`.',
    starters: ['azure'],
    spell: camelCase,
    states: ['Succeeded', 'Failed; SucceededWithIssues if `reportOnly`', 'Failed'],
    secrets:
      'A Kubernetes service connection with a kubeconfig or a service account, or a secret variable mapped to ' +
      '`CINC_SCAN_KUBECONFIG` or `CINC_SCAN_TOKEN` under `env`.',
    outputs: 'Output variables `verdict`, `reason`, `exitCode` …; the summary tab, test results, an artifact.',
    tested:
      'The task runs as a process, as an agent starts it, and its commands are read; the extension is really built by tfx. ' +
      'No server was asked.',
  },
  {
    folder: 'codebuild',
    title: 'AWS CodeBuild and CodePipeline',
    about: 'A buildspec with a report group. CodePipeline can gate on `#{Namespace.CINC_VERDICT}`.',
    starters: ['codebuild'],
    spell: environmentName,
    states: ['SUCCEEDED', 'FAILED; SUCCEEDED if `CINC_SCAN_REPORT_ONLY: "true"`', 'FAILED'],
    secrets: 'The build role with access to the cluster; else `env.secrets-manager`.',
    outputs: 'Exported variables `CINC_VERDICT`, `CINC_REASON`, `CINC_EXIT_CODE`, `CINC_COMPLIANCE`.',
    tested: schemaOnly('CodeBuild'),
  },
  {
    folder: 'bamboo',
    title: 'Bamboo',
    about: 'A plan in YAML specs. It imports `junit-gate.xml`, in which only violations of the gate fail.',
    starters: ['bamboo'],
    spell: name => `cinc_${name.replaceAll('-', '_')}`,
    states: ['successful', 'failed; successful if `cinc_report_only: true`', 'failed'],
    secrets:
      'Variables of the plan on the server: `cinc_kubeconfig_secret`, `cinc_token_secret`. Bamboo masks such names.',
    outputs: 'Variables `cinc.CINC_VERDICT` … by `inject-variables`.',
    tested: schemaOnly('Bamboo'),
  },
  {
    folder: 'teamcity',
    title: 'TeamCity',
    about: 'A meta-runner: put it into `pluginData/metaRunners` of a project.',
    starters: ['teamcity'],
    spell: name => `cinc.${name}`,
    states: ['success', 'failure (build problem); success if `cinc.report-only: true`', 'failure'],
    secrets: 'Password parameters `cinc.kubeconfig` and `cinc.token`.',
    outputs: 'Parameters `cinc.verdict` …, a statistic `cinc.compliance`, test results of `junit-gate.xml`.',
    tested: schemaOnly('TeamCity'),
  },
  {
    folder: 'spinnaker',
    title: 'Spinnaker',
    about:
      'A Run Job stage with a gate stage after it, and the same as a preconfigured job (`orca-local.yml`). ' +
      'Properties are dependable only for a job that succeeds: hence `report-only`, and the gate on `verdict`.',
    starters: ['spinnaker'],
    spell: camelCase,
    states: ['SUCCEEDED', 'SUCCEEDED, and the gate stage fails', 'TERMINAL'],
    secrets: inCluster,
    outputs: 'Properties `verdict`, `reason`, `exit_code` …, and `cincScan` with all of them.',
    tested: schemaOnly('Spinnaker'),
  },
  {
    folder: 'tekton',
    title: 'Tekton',
    about: 'A `Task`. Its second step takes back what is left and ends as the scan did.',
    starters: ['tekton'],
    spell: kebab,
    states: ['Succeeded', 'Failed; Succeeded if `report-only`', 'Failed'],
    secrets: inCluster,
    outputs: 'Results `verdict`, `reason`, `exit-code`, `compliance`.',
    tested: schemaOnly('Tekton'),
  },
  {
    folder: 'argo',
    title: 'Argo Workflows',
    about: 'A `WorkflowTemplate` that takes back what is left in `onExit`.',
    starters: ['argo'],
    spell: kebab,
    states: ['Succeeded', 'Failed; Succeeded if `report-only`', 'Failed'],
    secrets: inCluster,
    outputs: 'Output parameters `verdict`, `reason`, `exit-code`, `compliance`; the reports as an artifact.',
    tested: schemaOnly('Argo'),
  },
  {
    folder: 'kubernetes',
    title: 'Kubernetes Job and CronJob',
    about:
      'A scan as a pod, once or every night. A killed pod leaves a grant that ends by itself; `sweep` removes it. ' +
      '`consolidate-job.yml` and `consolidate-cronjob.yml` consolidate what the jobs of other scanners left on a volume.',
    starters: ['kubernetes'],
    spell: environmentName,
    states: ['Complete', 'Failed', 'Failed'],
    secrets: inCluster,
    outputs: 'The log of the pod, and its exit code.',
    tested: 'The container’s command runs here; the manifests are validated by a schema of our own only.',
  },
  {
    folder: 'scripts',
    title: 'Shell, Python and cron',
    about:
      'Wrappers that install where asked to, scan, print the outputs, and take back what is left, also when they are told ' +
      'to end.',
    starters: ['shell', 'python', 'cron'],
    spell: name => name.replaceAll('-', '_'),
    states: ['exit 0', 'exit 3', 'the code'],
    secrets: 'By environment: `CINC_SCAN_KUBECONFIG`, `CINC_SCAN_TOKEN`, or `KUBECONFIG`.',
    outputs:
      'Standard output: `CINC_VERDICT=…` lines of the shell script, JSON of Python, nothing of cron after a pass.',
    tested:
      'Run as they are by the tests. The shell script takes arguments and variables; the names below are Python’s.',
  },
  {
    folder: 'container',
    title: 'Container image',
    about:
      'The whole of cinc-scan as an image that runs as a number, on a read-only root. It holds `sh` for systems that need one.',
    starters: ['container'],
    spell: environmentName,
    states: ['exit 0', 'exit 3', 'the code'],
    secrets: 'Mount a kubeconfig, or give `CINC_SCAN_KUBECONFIG`.',
    outputs: 'What the command writes.',
    tested: 'The Containerfile is read by a test that holds its rules. The image was not built.',
  },
];
