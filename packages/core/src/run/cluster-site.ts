// SPDX-License-Identifier: Apache-2.0
import { type Connection, knownVersion } from '../cluster/index.ts';
import { isScanError, type ScanError } from '../errors/index.ts';
import {
  type AccessRequest,
  admit,
  type GrantObject,
  openAccess,
  previewGrant,
  type ScannerAccess,
  toNotRevoked,
} from '../grant/index.ts';
import { openTarget } from '../lens/index.ts';
import { type MissingTarget, type Plan, plan, type Target } from '../plan/index.ts';
import type { ReportModel } from '../report/index.ts';
import type { Secrets } from '../request/index.ts';
import { summarizeGrant, toGrantRequest } from './grant-events.ts';
import { connectOperator } from './operator-connection.ts';
import type { Deps, ScanRequest } from './scan-request.ts';
import type { Left, Site, WayIn } from './site.ts';
import { awaitSuccessor } from './successor.ts';

/** The effects of a run as far as its cluster needs them. */
export type ClusterDeps = Pick<Deps, 'access' | 'context' | 'token' | 'environment' | 'signal' | 'emit'> & {
  secrets: Secrets;
};

type SiteRequest = Pick<
  ScanRequest,
  'access' | 'lens' | 'plan' | 'deadlineMs' | 'runId' | 'durationSeconds' | 'labels' | 'accountNamespace'
>;

/** A cluster, and the identity that looks into its containers: one that is made for it, or the given one. */
export class ClusterSite implements Site {
  readonly connection: Connection;
  readonly warnings: readonly string[];
  private readonly request: SiteRequest;
  private readonly deps: ClusterDeps;
  private access: ScannerAccess | undefined;
  private revocation: ScanError | undefined;
  /** Every object that the run was about to make. */
  private readonly intended: GrantObject[] = [];
  /** Uids of the pods that were planned, replacements included. */
  private readonly planned = new Set<string>();

  private constructor(request: SiteRequest, deps: ClusterDeps, connection: Connection) {
    [this.request, this.deps, this.connection] = [request, deps, connection];
    this.warnings = connection.insecure
      ? ['The certificate of the API server is not checked, because the kubeconfig says so']
      : [];
  }

  static async connect(request: SiteRequest, deps: ClusterDeps): Promise<ClusterSite> {
    return new ClusterSite(request, deps, await connectOperator(deps));
  }

  get lens(): SiteRequest['lens'] {
    return this.request.lens;
  }

  asked(): MissingTarget[] {
    const { alias } = this.connection.cluster;
    return this.namespaces().flatMap(namespace =>
      this.request.plan.selectors.map(({ text }) => ({ cluster: alias, namespace, selector: text })),
    );
  }

  /** Which containers the selectors name now. */
  async plan(): Promise<Plan> {
    const found = await this.resolve();
    for (const { podUid } of found.targets) this.planned.add(podUid);
    return found;
  }

  async refused(targets: Target[]): Promise<Left[]> {
    return (await admit(this.connection, targets, this.grantRequest())).refused;
  }

  async enter(targets: Target[]): Promise<WayIn> {
    this.deps.emit({ kind: 'stage', stage: 'grant' });
    const access = await this.openAccess(targets);
    this.access = access;
    return {
      open: (target, wanted) =>
        openTarget(access.scannerFor(target.namespace), target, {
          ...wanted,
          allowDebug: each => access.allowDebug(each),
        }),
      replace: target => this.replace(access, target),
      leave: () => this.revoke(access),
    };
  }

  /** The identity that `enter` would make, as YAML; undefined where none is made. */
  previewGrant(targets: Target[]): string | undefined {
    if (this.request.access !== 'grant' || targets.length === 0) return undefined;
    return previewGrant(targets, this.grantRequest());
  }

  get notRevoked(): ScanError | undefined {
    return this.revocation;
  }

  async describe(): Promise<Pick<ReportModel, 'cluster' | 'grant'>> {
    const { cluster } = this.connection;
    return {
      cluster: { alias: cluster.alias, server: cluster.server.origin, version: await knownVersion(cluster) },
      grant: summarizeGrant(this.access, this.intended, this.revocation),
    };
  }

  [Symbol.dispose](): void {
    this.connection.close();
  }

  private async openAccess(targets: Target[]): Promise<ScannerAccess> {
    try {
      return await openAccess(this.connection, targets, this.grantRequest());
    } catch (error) {
      if (isScanError(error) && error.code === 'GRANT_NOT_REVOKED') this.revocation = error;
      throw error;
    }
  }

  /** The successor of a target whose workload made a new pod: planned by the operator, and added to the grant. */
  private async replace(access: ScannerAccess, target: Target): Promise<Target | undefined> {
    if (target.owner.kind === 'Pod') return undefined;
    try {
      const { planned, deps, connection } = this;
      const waiting = { planned, plan: () => this.resolve(), cluster: connection.cluster, signal: deps.signal };
      const successor = await awaitSuccessor(target, waiting);
      if (successor === undefined) return undefined;
      this.planned.add(successor.podUid);
      await access.extend(successor);
      return successor;
    } catch {
      return undefined; // the target stays unreached with the error it has: that it changed
    }
  }

  private async revoke(access: ScannerAccess): Promise<void> {
    this.deps.emit({ kind: 'stage', stage: 'revoke' });
    try {
      await access.revoke();
    } catch (error) {
      this.revocation = toNotRevoked(error);
    }
  }

  private resolve(): Promise<Plan> {
    return plan(this.connection.cluster, { ...this.request.plan, namespaces: this.namespaces() });
  }

  private namespaces(): string[] {
    const { namespaces } = this.request.plan;
    return namespaces.length > 0 ? namespaces : [this.connection.namespace];
  }

  private grantRequest(): AccessRequest {
    const { request, intended } = this;
    const { emit, secrets } = this.deps;
    const listening = { emit, secrets, intended };
    return { access: request.access, ...toGrantRequest(request, request.deadlineMs / 1000, listening) };
  }
}
