// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import { apiPath, type Cluster, parseAnswer, toRefusal } from '../cluster/index.ts';
import { ScanError } from '../errors/index.ts';
import { Secret } from '../request/index.ts';
import {
  expiryAnnotation,
  type GrantKind,
  type GrantObject,
  grantKinds,
  grantName,
  managedBy,
  runLabel,
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

export interface Token {
  token: Secret;
  expiresAt: string;
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
    if (answer.status === 409) return this.adopt(object, path, body);
    if (answer.status !== 201) {
      if (answer.status < 500) this.objects.pop(); // a failure of the server may have left the object
      throw toRefusal(answer, textOf(object));
    }
    this.listener.onMade(object);
    return parseAnswer(answer, made, textOf(object));
  }

  /** The server may shorten the life it was asked for: its word counts. */
  async requestToken(namespace: string, seconds: number): Promise<Token> {
    const name = grantName(this.runId);
    const what = `token of ServiceAccount ${namespace}/${name}`;
    const path = apiPath('api/v1/namespaces', namespace, 'serviceaccounts', name, 'token');
    const body = { apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', spec: { expirationSeconds: seconds } };
    const { status } = parseAnswer(await this.operator.call({ method: 'POST', path, body }, what), tokenAnswer, what);
    const token = new Secret(status.token);
    this.listener.onToken(token);
    return { token, expiresAt: status.expirationTimestamp };
  }

  /**
   * "Already exists" after a retry is our own object, made by the try whose answer was lost. Another run of the same id
   * has another hour: taking its objects for ours would end them under it.
   */
  private async adopt(object: GrantObject, path: string, wanted: Wanted): Promise<Made> {
    const answer = await this.operator.call({ method: 'GET', path: `${path}/${object.name}` }, textOf(object));
    const found = parseAnswer(answer, made, textOf(object));
    const { labels, annotations } = found.metadata;
    const isOurs = labels?.[runLabel] === this.runId && labels[managedBy.label] === managedBy.value;
    if (isOurs && annotations?.[expiryAnnotation] === wanted.metadata.annotations[expiryAnnotation]) return found;
    this.objects.pop();
    const owner = isOurs ? 'another run' : 'somebody else';
    throw new ScanError('GRANT_FAILED', `${textOf(object)} exists already and belongs to ${owner}`, {
      remedy: 'Choose another --run-id.',
    });
  }
}

const textOf = ({ kind, namespace, name }: GrantObject) => `${kind} ${namespace}/${name}`;
