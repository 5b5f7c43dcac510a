// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Runtime } from '../runtime/runtime.ts';
import type { Context } from './api/api.ts';
import { Faults } from './api/faults.ts';
import { RequestLog } from './api/request-log.ts';
import { ApiServer, type Logger } from './api/server.ts';
import { bootstrap } from './bootstrap.ts';
import type { Version } from './objects/kinds.ts';
import type { Pod } from './objects/objects.ts';
import { Store } from './objects/store.ts';
import { Node } from './pods/node.ts';
import { Authentication, type StaticUser } from './rbac/authentication.ts';
import { type Certificates, makeCertificates } from './rbac/certificates.ts';
import { toKubeconfig } from './rbac/kubeconfig.ts';
import { masters } from './rbac/rbac.ts';
import { ownAudience, TokenSigner } from './rbac/tokens.ts';
import { startControllers } from './workloads/controllers.ts';

export interface ClusterOptions {
  version?: Version;
  /** Where pods keep their volumes; a new folder below the system's temporary one if not given. */
  stateDir?: string;
  /** What runs the containers; `runc` if not given. A runtime that was given is left for its owner to dispose of. */
  runtime?: Runtime;
  users?: StaticUser[];
  /** The longest life of a token, seconds; without an end if not given, as on a real server. */
  maxTokenSeconds?: number;
  /** How long an accepted token stays accepted unseen; 10 on a real server, 1 here. */
  authenticationCacheSeconds?: number;
  /** How long an expired token is still accepted; 60 as on a real server. */
  expiryLeewaySeconds?: number;
  /** When a missing image is first reported; 12 s on a real node, 1 s here. */
  imageReportDelayMs?: number;
  /** The pause before a container's second restart; it doubles. 10 s on a real node, 1 s here. */
  restartBackOffMs?: number;
  /** Pods may mount folders of this machine. */
  allowHostPath?: boolean;
  /** The clock, for tests of expiry. */
  now?: () => Date;
  logger?: Logger;
}

export interface EmbeddedCluster extends AsyncDisposable {
  url: string;
  /** The certificate of its own authority, PEM. */
  ca: string;
  /** For the administrator, as YAML. */
  kubeconfig: string;
  /** The administrator's token, the other way to be the administrator. */
  adminToken: string;
  /** Every token that was asked for so far, and the administrator's credentials: what no output may hold. */
  issuedTokens(): string[];
  kubeconfigFor(user: { token: string }): string;
  faults: Faults;
  requests: RequestLog;
  runtime: Runtime;
  close(): Promise<void>;
}

const silent: Logger = { error: () => undefined };

export async function assembleCluster(options: ClusterOptions & { runtime: Runtime }): Promise<EmbeddedCluster> {
  const { now = () => new Date(), version = '1.36', runtime } = options;
  const certificates = await makeCertificates(now());
  const store = new Store({ now, version });
  const signer = new TokenSigner();
  bootstrap(store);
  const stopControllers = startControllers(store, certificates.ca);
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), 'embedded-cluster-')));
  const node = makeNode(store, signer, { ...options, stateDir, ca: certificates.ca });
  const admin: StaticUser = { token: crypto.randomUUID(), name: 'kubernetes-admin', groups: [masters] };
  const authentication = new Authentication(store, signer, {
    users: [admin, ...(options.users ?? [])],
    cacheSeconds: options.authenticationCacheSeconds ?? 1,
    leewaySeconds: options.expiryLeewaySeconds ?? 60,
  });
  const { allowHostPath = false, maxTokenSeconds = Number.POSITIVE_INFINITY } = options;
  const context: Context = { store, signer, node, allowHostPath, maxTokenSeconds, issued: [] };
  const faults = new Faults();
  const requests = new RequestLog();
  const logger = options.logger ?? silent;
  const server = new ApiServer({ context, runtime, certificates, authentication, faults, requests, logger });
  const url = await server.listen();
  const close = once(async () => {
    stopControllers();
    await server.close();
    await node.close();
    await rm(join(stateDir, 'pods'), { recursive: true, force: true });
    if (options.stateDir === undefined) await rm(stateDir, { recursive: true, force: true });
  });
  return {
    ...access(url, certificates),
    adminToken: admin.token,
    issuedTokens: () => [...context.issued, admin.token, certificates.admin.key],
    faults,
    requests,
    runtime,
    close,
    [Symbol.asyncDispose]: close,
  };
}

function access(
  url: string,
  { ca, admin }: Certificates,
): Pick<EmbeddedCluster, 'url' | 'ca' | 'kubeconfig' | 'kubeconfigFor'> {
  return {
    url,
    ca,
    kubeconfig: toKubeconfig({ url, ca, user: admin }),
    kubeconfigFor: user => toKubeconfig({ url, ca, user }),
  };
}

type NodeParts = ClusterOptions & { runtime: Runtime; stateDir: string; ca: string };

function makeNode(store: Store, signer: TokenSigner, options: NodeParts): Node {
  let pods = 0;
  return new Node({
    store,
    runtime: options.runtime,
    stateDir: join(options.stateDir, 'pods'),
    ca: options.ca,
    token: pod => accountToken(store, signer, pod),
    logger: options.logger ?? silent,
    imageReportDelayMs: options.imageReportDelayMs ?? 1000,
    restartBackOffMs: options.restartBackOffMs ?? 1000,
    podIP: () => {
      pods += 1;
      return `10.88.${Math.floor(pods / 250)}.${(pods % 250) + 1}`;
    },
  });
}

/** The token that a pod finds mounted; it dies with the pod. */
function accountToken(store: Store, signer: TokenSigner, pod: Pod): string {
  const { namespace = '', name, uid } = pod.metadata;
  const account = store.get('ServiceAccount', namespace, pod.spec.serviceAccountName);
  return signer.issue({
    namespace,
    name: account.metadata.name,
    uid: account.metadata.uid,
    audiences: [ownAudience],
    seconds: 3607,
    issued: Math.floor(store.now().getTime() / 1000),
    bound: { kind: 'Pod', name, uid },
  });
}

function once(action: () => Promise<void>): () => Promise<void> {
  let started: Promise<void> | undefined;
  return () => {
    started ??= action();
    return started;
  };
}
