// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { apiPath, type Cluster, type Connection, parseJson } from '../cluster/index.ts';
import { ScanError, toMessage, toScanError } from '../errors/index.ts';
import type { Target } from '../plan/index.ts';
import type { Secret } from '../request/index.ts';
import { checkScanner } from './check.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { type GrantListener, GrantMaker, type TimedToken } from './maker.ts';
import {
  type GrantNaming,
  type GrantObject,
  grantKinds,
  grantName,
  type OwningAccount,
  podsByNamespace,
  role,
  roleBinding,
  scannerRules,
  serviceAccount,
} from './objects.ts';
import { debugPermissions, requirePermissions } from './operator.ts';
import { revokeObjects, verifyPowerless } from './revoke.ts';
import type { ScannerAccess } from './scanner-access.ts';

export interface GrantRequest extends GrantListener {
  runId: string;
  /** Life of the token in seconds: 600 at least, since Kubernetes refuses less. */
  durationSeconds: number;
  /** How long the run itself may last, seconds: its grant is not swept away before. */
  runSeconds: number;
  /** Optional labels, such as team and owner. */
  labels: Record<string, string>;
  /** One namespace for the ServiceAccounts of all, instead of one beside each group of pods. */
  accountNamespace: string | undefined;
  now: Date;
}

/** The scanner's identity in one namespace. */
interface Identity {
  namespace: string;
  accountNamespace: string;
  pods: string[];
  /** Those of the pods that may get a debug container. */
  debugged: string[];
  /** When the last change of its Role is over. */
  changed: Promise<void>;
  scanner: Cluster;
  token: Secret;
  /** When another token is asked for; milliseconds since the epoch. */
  renewAt: number;
  /** One at a time. */
  renewal: Promise<unknown> | undefined;
}

// Nothing is asked with a token that has less left than this, or less than half of a shorter life.
const reserveMs = 60_000;
const shortestSeconds = 600;
const mostElsewhere = 5;

const namespaceList = z.object({ items: z.array(z.object({ metadata: z.object({ name: z.string() }) })) });

/** What stays the same for a whole grant. */
export function toNaming({
  runId,
  labels,
  accountNamespace,
  now,
  durationSeconds,
  runSeconds,
}: GrantRequest): GrantNaming {
  // One minute more: a server honours a token that long after its end, for clocks that differ.
  const seconds = Math.max(durationSeconds, runSeconds) + 60;
  return { runId, labels, accountNamespace, expiresAt: new Date(now.getTime() + seconds * 1000) };
}

/** A temporary identity that can look into exactly the planned pods. */
export class Grant implements ScannerAccess {
  readonly kind = 'grant';
  expiresAt: string | undefined;
  private readonly identities: Identity[] = [];
  private readonly accounts = new Map<string, OwningAccount>();
  private readonly operator: Connection;
  private readonly request: GrantRequest;
  private readonly maker: GrantMaker;
  private readonly naming: GrantNaming;
  /** Namespaces of the pods. */
  private readonly planned: string[] = [];

  private constructor(operator: Connection, request: GrantRequest) {
    this.operator = operator;
    this.request = request;
    this.naming = toNaming(request);
    this.maker = new GrantMaker(operator.cluster, request.runId, request);
  }

  /**
   * Makes the identity and checks that it can do what it has to, and not more. That the operator may is to be known before
   * (`admit`). A failure half way takes back what was made.
   */
  static async make(operator: Connection, targets: Target[], request: GrantRequest): Promise<Grant> {
    const grant = new Grant(operator, request);
    const pods = podsByNamespace(targets);
    grant.planned.push(...pods.keys());
    try {
      for (const [namespace, names] of pods) await grant.makeIn(namespace, names);
    } catch (error) {
      throw await grant.giveUp(toScanError(error, 'GRANT_FAILED', 'The grant could not be made'));
    }
    return grant;
  }

  /** Takes it back because of a failure; gives the error that is left to tell. */
  async giveUp(failure: ScanError): Promise<ScanError> {
    try {
      await this.revoke();
      return failure;
    } catch (error) {
      return new ScanError('GRANT_NOT_REVOKED', `${failure.message}; and ${toMessage(error)}`, { cause: failure });
    }
  }

  get objects(): GrantObject[] {
    return this.maker.objects;
  }

  /** The connection for looking into pods of a namespace. It renews its token by itself, however long it is used. */
  scannerFor(namespace: string): Cluster {
    return this.identityIn(namespace).scanner;
  }

  private async freshToken(identity: Identity): Promise<Secret> {
    if (Date.now() >= identity.renewAt) {
      identity.renewal ??= this.renew(identity).finally(() => (identity.renewal = undefined));
      await identity.renewal;
    }
    return identity.token;
  }

  /** Not for longer than anybody needs it, if the server makes one so short. */
  private async renew(identity: Identity): Promise<void> {
    const { durationSeconds } = this.request;
    const left = Math.ceil((this.naming.expiresAt.getTime() - Date.now()) / 1000);
    const seconds = Math.min(durationSeconds, Math.max(left, shortestSeconds));
    Object.assign(identity, this.note(await this.maker.requestToken(identity.accountNamespace, seconds)));
  }

  /** Adds a pod that took the place of a planned one. */
  extend({ namespace, pod }: Target): Promise<void> {
    return this.widen(this.identityIn(namespace), { pods: [pod] });
  }

  /** Adds the right to put a debug container into one pod. */
  async allowDebug({ namespace, pod }: Target): Promise<void> {
    const identity = this.identityIn(namespace);
    if (identity.debugged.includes(pod)) return;
    const wanted = debugPermissions({ namespace, pod, role: grantName(this.request.runId) });
    await requirePermissions(this.operator.cluster, wanted, 'For the debug lens, the operator');
    await this.widen(identity, { debugged: [pod] });
  }

  /** One change of a Role at a time: of two on their way side by side the earlier may arrive last, and undo the other. */
  private widen(identity: Identity, more: Partial<Pick<Identity, 'pods' | 'debugged'>>): Promise<void> {
    const change = identity.changed.then(() => this.changeRole(identity, more));
    identity.changed = change.catch(() => undefined);
    return change;
  }

  private async changeRole(identity: Identity, more: Partial<Pick<Identity, 'pods' | 'debugged'>>): Promise<void> {
    const { namespace } = identity;
    const pods = [...new Set([...identity.pods, ...(more.pods ?? [])])].toSorted();
    const debugged = [...new Set([...identity.debugged, ...(more.debugged ?? [])])].toSorted();
    if (pods.length === identity.pods.length && debugged.length === identity.debugged.length) return;
    const name = grantName(this.request.runId);
    const path = apiPath(grantKinds.Role.base, 'namespaces', namespace, grantKinds.Role.resource, name);
    const rules = scannerRules(pods, debugged);
    await this.operator.cluster.call(
      { method: 'PATCH', path, body: { rules }, contentType: 'application/merge-patch+json' },
      `Role ${namespace}/${name}`,
    );
    Object.assign(identity, { pods, debugged });
    await checkScanner(identity.scanner, namespace, { rules });
  }

  /** A kubeconfig of this identity, one context a namespace, for people who run the auditor themselves. */
  kubeconfig(): Secret {
    return kubeconfigText(this.operator.clusterEntry, this.request.runId, this.identities);
  }

  /** Takes everything back and makes sure that the token is powerless. Streams have to be closed before: they outlive it. */
  async revoke(): Promise<void> {
    await revokeObjects(this.operator.cluster.withoutCancel(), this.objects, this.request.onDeleted);
    for (const { token, namespace, pods } of this.identities) {
      const [pod] = pods;
      if (pod !== undefined) await verifyPowerless(this.operator.withToken(token).withoutCancel(), { namespace, pod });
    }
  }

  private identityIn(namespace: string): Identity {
    const identity = this.identities.find(each => each.namespace === namespace);
    if (identity !== undefined) return identity;
    throw new ScanError('GRANT_FAILED', `The grant does not cover namespace "${namespace}"`);
  }

  private async makeIn(namespace: string, pods: string[]): Promise<void> {
    const { naming } = this;
    const accountNamespace = naming.accountNamespace ?? namespace;
    const account = await this.accountIn(accountNamespace, naming);
    const owner = accountNamespace === namespace ? account : undefined;
    await this.maker.create('Role', namespace, role(namespace, naming, { owner, pods }));
    await this.maker.create('RoleBinding', namespace, roleBinding(namespace, naming, owner));
    const token = await this.maker.requestToken(accountNamespace, this.request.durationSeconds);
    const identity: Identity = {
      namespace,
      accountNamespace,
      pods,
      debugged: [],
      changed: Promise.resolve(),
      scanner: this.operator.withToken(() => this.freshToken(identity)),
      ...this.note(token),
      renewal: undefined,
    };
    this.identities.push(identity);
    const elsewhere = await this.otherNamespaces();
    await checkScanner(identity.scanner, namespace, { rules: scannerRules(pods), elsewhere });
  }

  /** Some namespaces that the grant has nothing to do with: those the operator sees, else those that every cluster has. */
  private async otherNamespaces(): Promise<string[]> {
    const query = { limit: '20' };
    const answer = await this.operator.cluster.send({ method: 'GET', path: apiPath('api/v1/namespaces'), query });
    const { data } = namespaceList.safeParse(parseJson(answer.text));
    const seen = data?.items.map(({ metadata }) => metadata.name) ?? ['default', 'kube-system'];
    const own = new Set([...this.planned, this.request.accountNamespace]);
    return seen.filter(name => !own.has(name)).slice(0, mostElsewhere);
  }

  private async accountIn(namespace: string, naming: GrantNaming): Promise<OwningAccount> {
    const known = this.accounts.get(namespace);
    if (known !== undefined) return known;
    const { metadata } = await this.maker.create('ServiceAccount', namespace, serviceAccount(namespace, naming));
    this.accounts.set(namespace, metadata);
    return metadata;
  }

  private note({ token, expiresAt, lifeMs }: TimedToken): Pick<Identity, 'token' | 'renewAt'> {
    this.expiresAt = expiresAt;
    return { token, renewAt: Date.now() + lifeMs - Math.min(reserveMs, lifeMs / 2) };
  }
}
