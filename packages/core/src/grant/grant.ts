// SPDX-License-Identifier: Apache-2.0
import { apiPath, type Cluster, type Connection } from '../cluster/index.ts';
import { ScanError, toMessage, toScanError } from '../errors/index.ts';
import type { Target } from '../plan/index.ts';
import type { Secret } from '../request/index.ts';
import type { ScannerAccess } from './access.ts';
import { checkScanner } from './check.ts';
import { kubeconfigText } from './kubeconfig.ts';
import { type GrantListener, GrantMaker, type Token } from './maker.ts';
import {
  type GrantObject,
  grantKinds,
  grantName,
  type Naming,
  type Owner,
  podsByNamespace,
  role,
  roleBinding,
  scannerRules,
  serviceAccount,
} from './objects.ts';
import { debugPermissions, operatorPermissions, requirePermissions } from './operator.ts';
import { revokeObjects, verifyPowerless } from './revoke.ts';

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
  /** Milliseconds since the epoch. */
  expires: number;
}

// A new stream is not opened with a token that has less left than this.
const renewMs = 60_000;

/** What stays the same for a whole grant. */
export function toNaming({ runId, labels, accountNamespace, now, durationSeconds, runSeconds }: GrantRequest): Naming {
  // One minute more: a server honours a token that long after its end, for clocks that differ.
  const seconds = Math.max(durationSeconds, runSeconds) + 60;
  return { runId, labels, accountNamespace, expiresAt: new Date(now.getTime() + seconds * 1000) };
}

/** A temporary identity that can look into exactly the planned pods. */
export class Grant implements ScannerAccess {
  readonly kind = 'grant';
  expiresAt: string | undefined;
  private readonly identities: Identity[] = [];
  private readonly accounts = new Map<string, Owner>();
  private readonly operator: Connection;
  private readonly request: GrantRequest;
  private readonly maker: GrantMaker;

  private constructor(operator: Connection, request: GrantRequest) {
    this.operator = operator;
    this.request = request;
    this.maker = new GrantMaker(operator.cluster, request.runId, request);
  }

  /** Makes the identity and checks that it can do what it has to, and not more. A failure half way takes back what was made. */
  static async make(operator: Connection, targets: Target[], request: GrantRequest): Promise<Grant> {
    const grant = new Grant(operator, request);
    const pods = podsByNamespace(targets);
    const wanted = [...pods].flatMap(([namespace, names]) =>
      operatorPermissions({ namespace, pods: names, accountNamespace: request.accountNamespace }),
    );
    await requirePermissions(operator.cluster, wanted, 'The operator');
    try {
      for (const [namespace, names] of pods) await grant.makeIn(namespace, names);
    } catch (error) {
      const failure = toScanError(error, 'GRANT_FAILED', 'The grant could not be made');
      await grant.revoke().catch((second: unknown) => {
        throw new ScanError('GRANT_NOT_REVOKED', `${failure.message}; and ${toMessage(second)}`, { cause: failure });
      });
      throw failure;
    }
    return grant;
  }

  get objects(): GrantObject[] {
    return this.maker.objects;
  }

  /** The connection for looking into pods of a namespace; renews a token that is about to end. */
  async scannerFor(namespace: string): Promise<Cluster> {
    const identity = this.identityIn(namespace);
    if (identity.expires - Date.now() < renewMs) {
      const { durationSeconds } = this.request;
      Object.assign(
        identity,
        this.toScanner(await this.maker.requestToken(identity.accountNamespace, durationSeconds)),
      );
    }
    return identity.scanner;
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
    await checkScanner(identity.scanner, namespace, rules);
  }

  /** A kubeconfig of this identity, one context a namespace, for people who run the auditor themselves. */
  kubeconfig(): Secret {
    return kubeconfigText(this.operator.clusterEntry, this.request.runId, this.identities);
  }

  /** Takes everything back and makes sure that the token is powerless. Streams have to be closed before: they outlive it. */
  async revoke(): Promise<void> {
    await revokeObjects(this.operator.cluster.withoutCancel(), this.objects, this.request.onDeleted);
    for (const { scanner, namespace, pods } of this.identities) {
      const [pod] = pods;
      if (pod !== undefined) await verifyPowerless(scanner.withoutCancel(), { namespace, pod });
    }
  }

  private identityIn(namespace: string): Identity {
    const identity = this.identities.find(each => each.namespace === namespace);
    if (identity !== undefined) return identity;
    throw new ScanError('GRANT_FAILED', `The grant does not cover namespace "${namespace}"`);
  }

  private async makeIn(namespace: string, pods: string[]): Promise<void> {
    const naming = toNaming(this.request);
    const accountNamespace = naming.accountNamespace ?? namespace;
    const account = await this.accountIn(accountNamespace, naming);
    const owner = accountNamespace === namespace ? account : undefined;
    await this.maker.create('Role', namespace, role(namespace, naming, { owner, pods }));
    await this.maker.create('RoleBinding', namespace, roleBinding(namespace, naming, owner));
    const token = await this.maker.requestToken(accountNamespace, this.request.durationSeconds);
    const changed = Promise.resolve();
    const identity: Identity = { namespace, accountNamespace, pods, debugged: [], changed, ...this.toScanner(token) };
    this.identities.push(identity);
    await checkScanner(identity.scanner, namespace, scannerRules(pods));
  }

  private async accountIn(namespace: string, naming: Naming): Promise<Owner> {
    const known = this.accounts.get(namespace);
    if (known !== undefined) return known;
    const { metadata } = await this.maker.create('ServiceAccount', namespace, serviceAccount(namespace, naming));
    this.accounts.set(namespace, metadata);
    return metadata;
  }

  private toScanner({ token, expiresAt }: Token): Pick<Identity, 'scanner' | 'token' | 'expires'> {
    this.expiresAt = expiresAt;
    return { scanner: this.operator.withToken(token), token, expires: Date.parse(expiresAt) };
  }
}
