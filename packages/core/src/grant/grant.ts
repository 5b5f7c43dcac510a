// SPDX-License-Identifier: Apache-2.0
import { z } from 'zod';
import {
  apiPath,
  type Cluster,
  type Connection,
  isAllowed,
  type Permission,
  parseAnswer,
  permissionText,
  toRefusal,
} from '../cluster/index.ts';
import { ScanError, toMessage, toScanError } from '../errors/index.ts';
import type { Target } from '../plan/index.ts';
import { Secret } from '../request/index.ts';
import type { ScannerAccess } from './access.ts';
import {
  type GrantKind,
  type GrantObject,
  grantKinds,
  grantName,
  managedBy,
  type Naming,
  podsByNamespace,
  role,
  roleBinding,
  runLabel,
  scannerRules,
  serviceAccount,
  toPermissions,
} from './objects.ts';
import { operatorPermissions, requirePermissions } from './operator.ts';
import { revokeObjects, verifyPowerless } from './revoke.ts';

export interface GrantRequest {
  runId: string;
  /** Life of the token in seconds: 600 at least, since Kubernetes refuses less. */
  durationSeconds: number;
  /** Optional labels, such as team and owner. */
  labels: Record<string, string>;
  now: Date;
  /** Told before each object is made, so that a killed run can be cleaned up from its notes. */
  onIntent: (object: GrantObject) => Promise<void> | void;
  onMade: (object: GrantObject) => void;
  onDeleted: (object: GrantObject) => void;
}

/** The scanner's identity in one namespace. */
interface Identity {
  namespace: string;
  pods: string[];
  scanner: Cluster;
  /** Of the token, milliseconds since the epoch. */
  expires: number;
}

// A new stream is not opened with a token that has less left than this.
const renewMs = 60_000;

/** A temporary identity that can look into exactly the planned pods. Disposing revokes it. */
export class Grant implements ScannerAccess {
  readonly kind = 'grant';
  readonly objects: GrantObject[] = [];
  expiresAt: string | undefined;
  private readonly identities: Identity[] = [];
  private readonly operator: Connection;
  private readonly request: GrantRequest;

  private constructor(operator: Connection, request: GrantRequest) {
    this.operator = operator;
    this.request = request;
  }

  /** Makes the identity and checks that it can do what it has to, and not more. A failure half way takes back what was made. */
  static async make(operator: Connection, targets: Target[], request: GrantRequest): Promise<Grant> {
    const grant = new Grant(operator, request);
    const pods = podsByNamespace(targets);
    const wanted = [...pods].flatMap(([namespace, names]) => operatorPermissions(namespace, names));
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

  /** The connection for looking into pods of a namespace; renews a token that is about to end. */
  async scannerFor(namespace: string): Promise<Cluster> {
    const identity = this.identities.find(each => each.namespace === namespace);
    if (identity === undefined)
      throw new ScanError('GRANT_FAILED', `The grant does not cover namespace "${namespace}"`);
    if (identity.expires - Date.now() < renewMs) Object.assign(identity, await this.requestScanner(namespace));
    return identity.scanner;
  }

  /** Takes everything back and makes sure that the token is powerless. Streams have to be closed before: they outlive it. */
  async revoke(): Promise<void> {
    await revokeObjects(this.operator.cluster.withoutCancel(), this.objects, this.request.onDeleted);
    for (const { scanner, namespace, pods } of this.identities) {
      const [pod] = pods;
      if (pod !== undefined) await verifyPowerless(scanner.withoutCancel(), namespace, pod);
    }
  }

  private async makeIn(namespace: string, pods: string[]): Promise<void> {
    const { runId, durationSeconds, labels, now } = this.request;
    // One minute more: a server honours a token that long after its end, for clocks that differ.
    const naming: Naming = { runId, labels, expiresAt: new Date(now.getTime() + (durationSeconds + 60) * 1000) };
    const account = await this.create('ServiceAccount', namespace, serviceAccount(namespace, naming));
    const owner = { uid: account.metadata.uid };
    await this.create('Role', namespace, role(namespace, naming, { owner, pods }));
    await this.create('RoleBinding', namespace, roleBinding(namespace, naming, owner));
    const identity: Identity = { namespace, pods, ...(await this.requestScanner(namespace)) };
    this.identities.push(identity);
    await checkScanner(identity.scanner, namespace, pods);
  }

  private async create(
    kind: GrantKind,
    namespace: string,
    body: { metadata: { name: string } },
  ): Promise<z.infer<typeof made>> {
    const object: GrantObject = { kind, namespace, name: body.metadata.name };
    const what = `${kind} ${namespace}/${object.name}`;
    const { base, resource } = grantKinds[kind];
    await this.request.onIntent(object);
    this.objects.push(object);
    const path = apiPath(base, 'namespaces', namespace, resource);
    const answer = await this.operator.cluster.send({ method: 'POST', path, body });
    if (answer.status === 409) return this.adopt(object, path);
    if (answer.status !== 201) {
      this.objects.pop();
      throw toRefusal(answer, what);
    }
    this.request.onMade(object);
    return parseAnswer(answer, made, what);
  }

  /** "Already exists" after a retry is our own object, made by the try whose answer was lost. */
  private async adopt(object: GrantObject, path: string): Promise<z.infer<typeof made>> {
    const what = `${object.kind} ${object.namespace}/${object.name}`;
    const found = parseAnswer(
      await this.operator.cluster.call({ method: 'GET', path: `${path}/${object.name}` }, what),
      made,
      what,
    );
    const { labels } = found.metadata;
    if (labels?.[runLabel] === this.request.runId && labels[managedBy.label] === managedBy.value) return found;
    this.objects.pop();
    throw new ScanError('GRANT_FAILED', `${what} exists already and belongs to somebody else`, {
      remedy: 'Choose another --run-id.',
    });
  }

  private async requestScanner(namespace: string): Promise<Pick<Identity, 'scanner' | 'expires'>> {
    const name = grantName(this.request.runId);
    const what = `token of ServiceAccount ${namespace}/${name}`;
    const path = apiPath('api/v1/namespaces', namespace, 'serviceaccounts', name, 'token');
    const body = {
      apiVersion: 'authentication.k8s.io/v1',
      kind: 'TokenRequest',
      spec: { expirationSeconds: this.request.durationSeconds },
    };
    const answer = await this.operator.cluster.call({ method: 'POST', path, body }, what);
    const { status } = parseAnswer(answer, tokenAnswer, what);
    this.expiresAt = status.expirationTimestamp;
    return {
      scanner: this.operator.withToken(new Secret(status.token)),
      expires: Date.parse(status.expirationTimestamp),
    };
  }
}

const made = z.object({
  metadata: z.object({ name: z.string(), uid: z.string(), labels: z.record(z.string(), z.string()).nullish() }),
});
const tokenAnswer = z.object({ status: z.object({ token: z.string(), expirationTimestamp: z.string() }) });

const settleMs = 10_000;

/** Asks the cluster, as the scanner, whether the identity is what was wanted: each right it needs, none of these others. */
async function checkScanner(scanner: Cluster, namespace: string, pods: string[]): Promise<void> {
  // Authorizers learn of new bindings from a watch, some tens of milliseconds later.
  const until = Date.now() + settleMs;
  for (const permission of toPermissions(scannerRules(pods), namespace)) {
    while (!(await isAllowed(scanner, permission))) {
      if (Date.now() > until)
        throw new ScanError(
          'GRANT_FAILED',
          `The grant does not take effect: the scanner may not ${permissionText(permission)}`,
        );
      await new Promise(resolve => setTimeout(resolve, 100));
    }
  }
  for (const permission of forbidden(namespace))
    if (await isAllowed(scanner, permission))
      throw new ScanError('GRANT_TOO_WIDE', `The grant may also ${permissionText(permission)}`);
}

function forbidden(namespace: string): Permission[] {
  const elsewhere = 'cinc-scan-no-such-pod';
  return [
    { verb: 'get', group: '', resource: 'pods', subresource: 'exec', namespace, name: elsewhere },
    { verb: 'create', group: '', resource: 'pods', subresource: 'exec', namespace, name: elsewhere },
    { verb: 'create', group: '', resource: 'pods', namespace },
    { verb: 'list', group: '', resource: 'secrets', namespace },
  ];
}
