// SPDX-License-Identifier: Apache-2.0
// Jobs, their Secrets and their pods in one namespace: what a worker makes there, looks at and takes away.
import { type Answer, apiPath, type Cluster, parseAnswer, type Secret, toRefusal } from '@cinc-scan/core';
import * as z from 'zod';
import { uuid } from '../../domain/ids.ts';
import {
  attemptLabel,
  type JobLease,
  type JobSettings,
  manager,
  nameOf,
  scanLabel,
  toJob,
  toSecret,
} from './manifest.ts';

const condition = z.object({
  type: z.string(),
  status: z.string(),
  reason: z.string().optional(),
  message: z.string().optional(),
});

const seenJob = z.object({
  metadata: z.object({
    name: z.string(),
    uid: z.string(),
    labels: z.record(z.string(), z.string()).optional(),
    deletionTimestamp: z.string().optional(),
  }),
  status: z.object({ conditions: z.array(condition).nullish() }).nullish(),
});
type SeenJob = z.infer<typeof seenJob>;

const stateDetail = z.object({
  reason: z.string().optional(),
  message: z.string().optional(),
  exitCode: z.int().optional(),
});

const seenPod = z.object({
  metadata: z.object({ name: z.string() }),
  status: z.object({
    phase: z.string().optional(),
    reason: z.string().optional(),
    message: z.string().optional(),
    conditions: z.array(condition).nullish(),
    containerStatuses: z
      .array(z.object({ state: z.object({ waiting: stateDetail.optional(), terminated: stateDetail.optional() }) }))
      .nullish(),
  }),
});
export type SeenPod = z.infer<typeof seenPod>;

const listOf = <T>(item: z.ZodType<T>) => z.object({ items: z.array(item) });

export interface Seen {
  job: SeenJob | undefined;
  pods: SeenPod[];
}

const finished = ({ status }: SeenJob): boolean =>
  (status?.conditions ?? []).some(({ type, status: is }) => ['Complete', 'Failed'].includes(type) && is === 'True');

interface LeftJob {
  scan: string;
  attempt: number;
  isFinished: boolean;
}

export class JobApi {
  private readonly cluster: Cluster;
  private readonly namespace: string;

  constructor(cluster: Cluster, namespace: string) {
    this.cluster = cluster;
    this.namespace = namespace;
  }

  /** The Job first: its Secret goes with it, whatever becomes of the worker. */
  async create(lease: JobLease, settings: JobSettings, with_: { ticket: Secret; seconds: number }): Promise<void> {
    const job = toJob(lease, settings, with_.seconds);
    const what = `create Job ${this.namespace}/${job.metadata.name}`;
    const made = await this.cluster.send({ method: 'POST', path: this.jobs(), body: job });
    // Asked for twice where the first answer was lost.
    const isThere = made.status === 409 && made.retried === true;
    const answer = isThere
      ? await this.cluster.call({ method: 'GET', path: this.jobs(job.metadata.name) }, what)
      : made;
    const { metadata } = parseAnswer(successful(answer, what), seenJob, what);
    const content = { ticket: with_.ticket.reveal(), ca: settings.ca };
    const secret = await this.cluster.send({
      method: 'POST',
      path: this.secrets(),
      body: toSecret(lease, metadata.uid, content),
    });
    if (secret.status >= 300 && !(secret.status === 409 && secret.retried === true))
      throw toRefusal(secret, `create Secret ${this.namespace}/${nameOf(lease)}`);
  }

  async look(name: string): Promise<Seen> {
    const what = `get Job ${this.namespace}/${name}`;
    const answer = await this.cluster.send({ method: 'GET', path: this.jobs(name) });
    const job = answer.status === 404 ? undefined : parseAnswer(successful(answer, what), seenJob, what);
    const query = { labelSelector: `job-name=${name}` };
    const pods = await this.cluster.call(
      { method: 'GET', path: apiPath('api/v1/namespaces', this.namespace, 'pods'), query },
      `list pods of Job ${this.namespace}/${name}`,
    );
    return { job, pods: parseAnswer(pods, listOf(seenPod), what).items };
  }

  /** With its pod and its Secret; what is gone already is fine. */
  async remove(name: string): Promise<void> {
    const body = { apiVersion: 'v1', kind: 'DeleteOptions', propagationPolicy: 'Background' };
    for (const path of [this.jobs(name), this.secrets(name)]) {
      const answer = await this.cluster.send({ method: 'DELETE', path, body });
      if (answer.status !== 404) successful(answer, `delete ${path}`);
    }
  }

  /** All that workers have made here. */
  async list(): Promise<LeftJob[]> {
    const query = {
      labelSelector: Object.entries(manager)
        .map(entry => entry.join('='))
        .join(','),
    };
    const what = `list Jobs in ${this.namespace}`;
    const answer = await this.cluster.call({ method: 'GET', path: this.jobs(), query }, what);
    return parseAnswer(answer, listOf(seenJob), what).items.flatMap(toLeft);
  }

  private jobs(...name: string[]): string {
    return apiPath('apis/batch/v1/namespaces', this.namespace, 'jobs', ...name);
  }

  private secrets(...name: string[]): string {
    return apiPath('api/v1/namespaces', this.namespace, 'secrets', ...name);
  }
}

function toLeft(job: SeenJob): LeftJob[] {
  const { labels = {}, deletionTimestamp } = job.metadata;
  const scan = labels[scanLabel];
  const attempt = Number(labels[attemptLabel]);
  if (scan === undefined || !uuid.safeParse(scan).success || !Number.isInteger(attempt)) return [];
  return deletionTimestamp === undefined ? [{ scan, attempt, isFinished: finished(job) }] : [];
}

function successful(answer: Answer, what: string): Answer {
  if (answer.status >= 200 && answer.status < 300) return answer;
  throw toRefusal(answer, what);
}
