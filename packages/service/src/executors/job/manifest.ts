// SPDX-License-Identifier: Apache-2.0
// The objects that run one attempt of one scan: a Job of one pod, and the Secret that it owns.
import type { Lease } from '../../queue/leases.ts';

export interface JobSettings {
  image: string;
  /** Address of the service, as pods reach it. */
  server: URL;
  /** Authorities of the service, instead of the usual ones. */
  ca: string | undefined;
  /** Account of the pods; its token is there only for clusters that are registered without a credential. */
  serviceAccount: string | undefined;
  /** The Secret with the kubeconfigs of the clusters, by name. */
  credentials: string | undefined;
  cpu: string;
  memory: string;
  pullPolicy: 'Always' | 'IfNotPresent' | 'Never';
  /** Profiles run in whatever jail the pod gives, be it none. */
  allowUnisolated: boolean;
}

type OfAttempt = Pick<Lease, 'scan' | 'attempt'>;

export const scanLabel = 'cinc-scan.dev/scan';
export const attemptLabel = 'cinc-scan.dev/attempt';
export const manager = { 'app.kubernetes.io/managed-by': 'cinc-scan-service' };

/** Of the Job and of its Secret. */
export const nameOf = ({ scan, attempt }: OfAttempt): string => `cinc-scan-${scan}-${attempt}`;

const labelsOf = ({ scan, attempt }: OfAttempt) => ({
  ...manager,
  [scanLabel]: scan,
  [attemptLabel]: String(attempt),
});

const places = { ticket: '/run/cinc-scan/ticket', credentials: '/run/cinc-scan/credentials', scratch: '/tmp' };

/** Where a cluster that deletes finished Jobs itself finds one that nobody deleted. */
const keptSeconds = 3600;

export type JobLease = OfAttempt & Pick<Lease, 'cluster'>;

/** One pod that is started once, and has no more rights than it needs. */
export function toJob(lease: JobLease, settings: JobSettings, runSeconds: number) {
  const name = nameOf(lease);
  const labels = labelsOf(lease);
  const { serviceAccount } = settings;
  const needsToken = lease.cluster.credential === undefined;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: { name, labels },
    spec: {
      backoffLimit: 0, // whether a scan is tried again is decided where its attempts are counted
      activeDeadlineSeconds: runSeconds,
      ttlSecondsAfterFinished: keptSeconds,
      template: {
        metadata: { labels },
        spec: {
          restartPolicy: 'Never',
          automountServiceAccountToken: needsToken,
          ...(serviceAccount !== undefined && { serviceAccountName: serviceAccount }),
          enableServiceLinks: false,
          terminationGracePeriodSeconds: 30, // in which it takes its grants back
          securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
          containers: [toContainer(lease, settings)],
          volumes: volumesOf(lease, settings),
        },
      },
    },
  };
}

function toContainer({ cluster }: JobLease, { image, pullPolicy, cpu, memory, ...settings }: JobSettings) {
  const { server, ca, allowUnisolated } = settings;
  const mount = (name: keyof typeof places) => ({
    name,
    mountPath: places[name],
    ...(name !== 'scratch' && { readOnly: true }),
  });
  return {
    name: 'scan',
    image,
    imagePullPolicy: pullPolicy,
    command: ['cinc-scan-service', 'runner', '--server', server.href],
    args: [
      '--ticket-file',
      `${places.ticket}/ticket`,
      ...(ca === undefined ? [] : ['--server-ca', `${places.ticket}/ca.crt`]),
      ...(cluster.credential === undefined ? [] : ['--credentials', places.credentials]),
      ...(allowUnisolated ? ['--allow-unisolated'] : []),
    ],
    env: [
      { name: 'HOME', value: places.scratch },
      { name: 'TMPDIR', value: places.scratch },
    ],
    resources: { requests: { cpu, memory }, limits: { memory } },
    securityContext: {
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      runAsNonRoot: true,
      capabilities: { drop: ['ALL'] },
    },
    // Its last words, without a right to read logs.
    terminationMessagePolicy: 'FallbackToLogsOnError',
    volumeMounts: [
      mount('scratch'),
      mount('ticket'),
      ...(cluster.credential === undefined ? [] : [mount('credentials')]),
    ],
  };
}

/** Of the kubeconfigs the pod gets the one of its cluster. */
function volumesOf(lease: JobLease, { credentials }: JobSettings) {
  const { credential } = lease.cluster;
  const items = [{ key: credential, path: credential }];
  return [
    { name: 'scratch', emptyDir: { sizeLimit: '2Gi' } },
    { name: 'ticket', secret: { secretName: nameOf(lease) } },
    ...(credential === undefined ? [] : [{ name: 'credentials', secret: { secretName: credentials, items } }]),
  ];
}

/** What the pod presents, which goes with its Job. */
export function toSecret(lease: OfAttempt, owner: string, content: { ticket: string; ca: string | undefined }) {
  const { ticket, ca } = content;
  const name = nameOf(lease);
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: {
      name,
      labels: labelsOf(lease),
      ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid: owner }],
    },
    type: 'Opaque',
    stringData: { ticket, ...(ca !== undefined && { 'ca.crt': ca }) },
  };
}
