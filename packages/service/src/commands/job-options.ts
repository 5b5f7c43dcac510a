// SPDX-License-Identifier: Apache-2.0
// Where scans run, as the operator says it: here, or in Jobs of a cluster.
import { ScanError } from '@cinc-scan/core';
import { type Command, Option } from 'commander';
import type { JobPlan } from '../executors/job/open-jobs.ts';
import { readAuthorities, toServer } from './server-place.ts';

export interface JobOptions {
  executor: 'process' | 'job';
  jobImage?: string;
  jobServer?: string;
  jobServerCa?: string;
  jobNamespace?: string;
  jobKubeconfig?: string;
  jobServiceAccount?: string;
  jobCredentialsSecret?: string;
  jobCpu: string;
  jobMemory: string;
  jobPullPolicy: JobPlan['pullPolicy'];
  jobPatience: string;
  allowUnisolated?: true;
}

export const withJobs = (command: Command): Command =>
  command
    .addOption(
      new Option('--executor <kind>', 'where scans run: in processes of this machine, or each in a Job of Kubernetes')
        .choices(['process', 'job'])
        .default('process'),
    )
    .option('--job-image <image>', 'image of cinc-scan-service')
    .option('--job-server <address>', 'address of this service as pods reach it, such as https://scans.example')
    .option('--job-server-ca <file>', 'certificates of the authorities that it is known by there')
    .option('--job-namespace <name>', 'where the Jobs are made (default: that of the pod or of the kubeconfig)')
    .option('--job-kubeconfig <file>', 'of the cluster in which they are made (default: the one that this runs in)')
    .option('--job-service-account <name>', 'account of the pods, for the cluster that they run in')
    .option('--job-credentials-secret <name>', 'Secret with the kubeconfigs of the other clusters, by name')
    .option('--job-cpu <quantity>', 'processor time that a pod asks for', '250m')
    .option('--job-memory <quantity>', 'memory that a pod asks for, and may have', '1Gi')
    .addOption(
      new Option('--job-pull-policy <policy>', 'when nodes pull the image')
        .choices(['Always', 'IfNotPresent', 'Never'])
        .default('IfNotPresent'),
    )
    .option('--job-patience <seconds>', 'how long a pod may take to begin', '300');

/** undefined: scans run here. Throws INPUT_INVALID. */
export function readJobs(options: JobOptions): JobPlan | undefined {
  const { executor, jobImage: image, jobServer } = options;
  if (executor === 'process') {
    if (image === undefined && jobServer === undefined) return undefined;
    throw new ScanError('INPUT_INVALID', 'job-image and job-server: they are for --executor job');
  }
  if (image === undefined || jobServer === undefined)
    throw new ScanError('INPUT_INVALID', 'job-image and job-server: --executor job needs both');
  return {
    image,
    server: toServer(jobServer, 'job-server'),
    ca: readAuthorities(options.jobServerCa, 'job-server-ca')?.toString(),
    namespace: options.jobNamespace,
    kubeconfig: options.jobKubeconfig,
    serviceAccount: options.jobServiceAccount,
    credentials: options.jobCredentialsSecret,
    cpu: options.jobCpu,
    memory: options.jobMemory,
    pullPolicy: options.jobPullPolicy,
    patienceSeconds: toSeconds(options.jobPatience),
    allowUnisolated: options.allowUnisolated === true,
  };
}

function toSeconds(text: string): number {
  if (/^[1-9]\d{0,4}$/.test(text)) return Number(text);
  throw new ScanError('INPUT_INVALID', `job-patience: expected a number of seconds, got ${text}`);
}
