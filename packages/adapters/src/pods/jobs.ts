// SPDX-License-Identifier: Apache-2.0
import { yamlFile } from '../ci/yaml.ts';
import type { GeneratedFile } from '../docs.ts';
import { account, image, restricted, runId, scratch } from './pod.ts';

interface Scanner {
  /** Instead of the image's own entry point. */
  command?: string[];
  args?: string[];
  env: object[];
}

interface Volumes {
  /** In place of the operator's. */
  account?: string;
  mounts: { name: string; mountPath: string }[];
  volumes: ({ name: string } & Record<string, unknown>)[];
}

/** A job that runs once: a scan that failed is told, not tried again. */
export const jobSpec = (scanner: Scanner, more: Volumes = { mounts: [], volumes: [] }) => ({
  backoffLimit: 0,
  activeDeadlineSeconds: 5400,
  ttlSecondsAfterFinished: 86_400,
  template: {
    metadata: { labels: { 'app.kubernetes.io/name': 'cinc-scan' } },
    spec: {
      serviceAccountName: more.account ?? account,
      restartPolicy: 'Never',
      // Time to revoke the grant after a SIGTERM.
      terminationGracePeriodSeconds: 60,
      containers: [
        {
          name: 'cinc-scan',
          image,
          ...scanner,
          workingDir: '/work',
          securityContext: restricted,
          volumeMounts: [...scratch.mounts, ...more.mounts],
        },
      ],
      volumes: [...scratch.volumes, ...more.volumes],
    },
  },
});

const scanner: Scanner = {
  args: ['scan'],
  env: [
    { name: 'CINC_SCAN_TARGETS', value: 'deployment/web' },
    { name: 'CINC_SCAN_NAMESPACE', value: 'shop' },
    { name: 'CINC_SCAN_PROFILE', value: '/profiles/first-look' },
    { name: 'CINC_SCAN_REPORTS', value: 'console:-' },
    { name: 'HOME', value: '/tmp' },
    runId,
  ],
};

/** Where the scanners' own jobs leave their results, and what is known of earlier runs. */
const results: Volumes = {
  account: 'cinc-scan-findings',
  mounts: [{ name: 'results', mountPath: '/results' }],
  volumes: [{ name: 'results', persistentVolumeClaim: { claimName: 'scanner-results' } }],
};

const consolidation = (...more: object[]): Scanner => ({
  args: ['consolidate'],
  env: [
    { name: 'CINC_SCAN_SOURCES', value: '/results/cinc-scan.sources.yml' },
    { name: 'CINC_SCAN_STATE', value: '/results/state.json' },
    ...more,
    { name: 'CINC_SCAN_FAIL_ON_NEW', value: 'medium' },
    { name: 'CINC_SCAN_FINDINGS_REPORTS', value: 'html,markdown:-' },
    { name: 'CINC_SCAN_OUTPUT_DIR', value: '/results/findings' },
    { name: 'HOME', value: '/tmp' },
    runId,
  ],
});

type Spec = ReturnType<typeof jobSpec>;

const jobOf = (name: string, spec: Spec) => ({
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { generateName: `${name}-`, namespace: 'shop' },
  spec,
});

const cronJobOf = (name: string, schedule: string, spec: Spec) => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name, namespace: 'shop' },
  spec: {
    schedule,
    concurrencyPolicy: 'Forbid',
    startingDeadlineSeconds: 3600,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 5,
    jobTemplate: { spec },
  },
});

const consolidates = (...more: object[]) => jobSpec(consolidation(...more), results);
// Later runs have none of this: a state that is lost by then is an error, and not a reason to tell nothing.
const firstTime = { name: 'CINC_SCAN_STATE_MISSING', value: 'seed' };

const rights =
  `The account is ${account}; its rights are those of the operator:\n` +
  `  kubectl create serviceaccount ${account} -n shop\n` +
  '  cinc-scan access operator-role -n shop | kubectl apply -f -\n' +
  `  kubectl create rolebinding ${account} -n shop --role=cinc-scan-operator --serviceaccount=shop:${account}`;

const volume =
  'Reads what scanners left on a volume, which holds cinc-scan.sources.yml too; needs no rights in the cluster. Beside\n' +
  'the volume the account has to be there: kubectl create serviceaccount cinc-scan-findings -n shop';

export const renderJobs = (): GeneratedFile[] => [
  {
    path: 'packages/adapters/kubernetes/job.yml',
    text: yamlFile(`One scan from inside the cluster.\n${rights}`, jobOf('cinc-scan', jobSpec(scanner))),
  },
  {
    path: 'packages/adapters/kubernetes/cronjob.yml',
    text: yamlFile(
      `A scan every night from inside the cluster.\n${rights}`,
      cronJobOf('cinc-scan', '17 3 * * *', jobSpec(scanner)),
    ),
  },
  {
    path: 'packages/adapters/kubernetes/consolidate-job.yml',
    text: yamlFile(
      `The first consolidation: what is there by then is recorded, and told as new of no later run.\n${volume}`,
      jobOf('cinc-scan-findings', consolidates(firstTime)),
    ),
  },
  {
    path: 'packages/adapters/kubernetes/consolidate-cronjob.yml',
    text: yamlFile(
      `A consolidation every morning, after the scanners of the night.\n${volume}`,
      cronJobOf('cinc-scan-findings', '17 6 * * *', consolidates()),
    ),
  },
];
