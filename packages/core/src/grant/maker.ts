// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { type Answer, apiPath, type Cluster, parseAnswer, toRefusal } from '../cluster/index.ts';
import { ScanError } from '../errors/index.ts';
import { Secret } from '../request/index.ts';
import {
  expiryAnnotation,
  type GrantKind,
  type GrantObject,
  grantKinds,
  grantName,
  managedBy,
  pathOf,
  runLabel,
  objectText as textOf,
} from './objects.ts';

/** Told of each object, so that a killed run can be cleaned up from notes and an auditor sees what was done. */
export interface GrantListener {
  /** Before an object is made. */
  onIntent: (object: GrantObject) => Promise<void> | void;
  onMade: (object: GrantObject) => void;
  onDeleted: (object: GrantObject) => void;
  /** Before a token is used. */
  onToken: (token: Secret) => void;
}

const texts = z.record(z.string(), z.string()).nullish();
const made = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), labels: texts, annotations: texts }),
});
type Made = z.infer<typeof made>;
/** The body of an object to make. */
type Wanted = { metadata: { annotations: Record<string, string> } };
const tokenAnswer = z.object({ status: z.object({ token: z.string(), expirationTimestamp: z.string() }) });

export interface TimedToken {
  token: Secret;
  expiresAt: string;
  /** Milliseconds that it is good for, by the server's clock: ours may differ. */
  lifeMs: number;
}

/** Makes the objects of one run in the cluster and remembers them. */
export class GrantMaker {
  readonly objects: GrantObject[] = [];
  private readonly operator: Cluster;
  private readonly runId: string;
  private readonly listener: GrantListener;

  constructor(operator: Cluster, runId: string, listener: GrantListener) {
    this.operator = operator;
    this.runId = runId;
    this.listener = listener;
  }

  async create(kind: GrantKind, namespace: string, body: Wanted): Promise<Made> {
    const object: GrantObject = { kind, namespace, name: grantName(this.runId) };
    const { base, resource } = grantKinds[kind];
    await this.listener.onIntent(object);
    this.objects.push(object);
    const path = apiPath(base, 'namespaces', namespace, resource);
    const answer = await this.operator.send({ method: 'POST', path, body });
    if (answer.status === 409) return this.adopt(object, body);
    if (answer.status !== 201) {
      if (!(await this.mayHaveLeft(answer, object, body))) this.objects.pop();
      throw toRefusal(answer, textOf(object));
    }
    this.listener.onMade(object);
    return parseAnswer(answer, made, textOf(object));
  }

  /** A failure of the server, or a try whose answer was lost before the refusal, may have left the object. */
  private async mayHaveLeft(answer: Answer, object: GrantObject, wanted: Wanted): Promise<boolean> {
    if (answer.status >= 500) return true;
    if (answer.retried !== true) return false;
    const found = await this.operator.withoutCancel().send({ method: 'GET', path: pathOf(object) });
    if (found.status === 404) return false;
    return found.status !== 200 || this.isOurs(parseAnswer(found, made, textOf(object)), wanted);
  }

  /** Another run of the same id has another hour. */
  private isOurs({ metadata: { labels, annotations } }: Made, wanted: Wanted): boolean {
    return (
      labels?.[runLabel] === this.runId &&
      labels[managedBy.label] === managedBy.value &&
      annotations?.[expiryAnnotation] === wanted.metadata.annotations[expiryAnnotation]
    );
  }

  /** The server may shorten the life it was asked for: its word counts. */
  async requestToken(namespace: string, seconds: number): Promise<TimedToken> {
    const name = grantName(this.runId);
    const what = `token of ServiceAccount ${namespace}/${name}`;
    const path = apiPath('api/v1/namespaces', namespace, 'serviceaccounts', name, 'token');
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: seconds } };
    // Also for what ends something after the run was cancelled.
    const answer = await this.operator.withoutCancel().call({ method: 'POST', path, body }, what);
    const { status } = parseAnswer(answer, tokenAnswer, what);
    const token = new Secret(status.token);
    this.listener.onToken(token);
    const now = Date.parse(answer.headers['date'] ?? '') || Date.now();
    return { token, expiresAt: status.expirationTimestamp, lifeMs: Date.parse(status.expirationTimestamp) - now };
  }

  /**
   * "Already exists" after a retry is our own object, made by the try whose answer was lost. Taking those of another run
   * for ours would end them under it.
   */
  private async adopt(object: GrantObject, wanted: Wanted): Promise<Made> {
    const answer = await this.operator.call({ method: 'GET', path: pathOf(object) }, textOf(object));
    const found = parseAnswer(answer, made, textOf(object));
    if (this.isOurs(found, wanted)) return found;
    this.objects.pop();
    const owner = found.metadata.labels?.[runLabel] === this.runId ? 'another run' : 'another owner';
    throw new ScanError('GRANT_FAILED', `${textOf(object)} exists already and belongs to ${owner}`, {
      remedy: 'Choose another --run-id.',
    });
  }
}
