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

/** A job that runs once: a scan that failed is told, not tried again. */
export const jobSpec = (scanner: Scanner) => ({
  backoffLimit: 0,
  activeDeadlineSeconds: 5400,
  ttlSecondsAfterFinished: 86_400,
  template: {
    metadata: { labels: { 'app.kubernetes.io/name': 'cinc-scan' } },
    spec: {
      serviceAccountName: account,
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
          volumeMounts: scratch.mounts,
        },
      ],
      volumes: scratch.volumes,
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

const job = {
  apiVersion: 'batch/v1',
  kind: 'Job',
  metadata: { generateName: 'cinc-scan-', namespace: 'shop' },
  spec: jobSpec(scanner),
};

const cronJob = {
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: { name: 'cinc-scan', namespace: 'shop' },
  spec: {
    schedule: '17 3 * * *',
    concurrencyPolicy: 'Forbid',
    startingDeadlineSeconds: 3600,
    successfulJobsHistoryLimit: 3,
    failedJobsHistoryLimit: 5,
    jobTemplate: { spec: jobSpec(scanner) },
  },
};

const rights =
  `The account is ${account}; its rights are those of the operator:\n` +
  `  kubectl create serviceaccount ${account} -n shop\n` +
  '  cinc-scan access operator-role -n shop | kubectl apply -f -\n' +
  `  kubectl create rolebinding ${account} -n shop --role=cinc-scan-operator --serviceaccount=shop:${account}`;

export const renderJobs = (): GeneratedFile[] => [
  { path: 'packages/adapters/kubernetes/job.yml', text: yamlFile(`One scan from inside the cluster.\n${rights}`, job) },
  {
    path: 'packages/adapters/kubernetes/cronjob.yml',
    text: yamlFile(`A scan every night from inside the cluster.\n${rights}`, cronJob),
  },
];
