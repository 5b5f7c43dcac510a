// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import type { RequestOptions } from 'node:https';
import { delimiter } from 'node:path';
import type { KubeConfig, Cluster as KubernetesCluster, User } from '@kubernetes/client-node';
import { ScanError, toMessage } from '../errors/index.ts';
import type { Access, Secret } from '../request/index.ts';
import { Cluster, type ClusterSettings, type Credentials } from './cluster.ts';

/** A bearer token, or where a fresh one comes from each time it is needed: some live for minutes. */
export type Token = Secret | (() => Promise<Secret>);

export interface ConnectOptions extends Pick<ClusterSettings, 'retry' | 'requestTimeoutMs' | 'signal'> {
  access: Access;
  /** Presented instead of the kubeconfig's credentials. */
  token?: Token | undefined;
  /** The kubeconfig's current context unless told. */
  context?: string | undefined;
}

export interface Connection {
  cluster: Cluster;
  /** Of the context; where nothing else was asked for. */
  namespace: string;
  /** TLS certificates are not checked, because the kubeconfig says so by name. */
  insecure: boolean;
  /** The cluster as it would stand in a kubeconfig of our own, certificate authority included. */
  clusterEntry: Record<string, string | boolean>;
  /** The same server with a bearer token instead of the operator's credentials. */
  withToken(token: Secret): Cluster;
  /** Ends the connections that are kept for further requests: they would keep the process alive. */
  close(): void;
}

type MakeConfig = () => KubeConfig;

/** What all identities of a connection share. */
interface Parts {
  make: MakeConfig;
  agents: Set<Agent>;
}

/** Reads the configuration; no request is made. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const make = await loadClient();
  const config = load(options.access, make);
  if (options.context !== undefined) selectContext(config, options.context);
  const context = config.getContextObject(config.getCurrentContext());
  const server = config.getCurrentCluster();
  if (context === null || server === null)
    throw new ScanError(
      'KUBECONFIG_INVALID',
      `${describe(options.access)}: no context is selected, or its cluster is not defined`,
    );
  const { retry, requestTimeoutMs, signal } = options;
  const agents = new Set<Agent>();
  const settings: ClusterSettings = {
    alias: options.access.kind === 'in-cluster' ? 'in-cluster' : config.getCurrentContext(),
    server: parseServer(server.server, options.access),
    credentials:
      options.token === undefined
        ? credentialsOf(config, agents)
        : tokenCredentials(config, options.token, { make, agents }),
    ...(retry && { retry }),
    ...(requestTimeoutMs !== undefined && { requestTimeoutMs }),
    ...(signal && { signal }),
  };
  return {
    cluster: new Cluster(settings),
    namespace: context.namespace ?? 'default',
    insecure: server.skipTLSVerify,
    clusterEntry: entryOf(server),
    withToken: token => new Cluster({ ...settings, credentials: tokenCredentials(config, token, { make, agents }) }),
    close: () => agents.forEach(agent => agent.destroy()),
  };
}

// A third of a second of modules, most of them generated: not for commands that stay at home, and beside the start of the
// engine for those that do not. One file when bundled: a chunk of its own is not minified.
async function loadClient(): Promise<MakeConfig> {
  const { KubeConfig } = await import(/* webpackMode: "eager" */ './client.ts');
  return () => new KubeConfig();
}

function load(access: Access, make: MakeConfig): KubeConfig {
  const config = make();
  try {
    switch (access.kind) {
      case 'file':
        loadFiles(config, access.path, make);
        break;
      case 'content':
        config.loadFromString(access.content.reveal());
        break;
      case 'in-cluster':
        config.loadFromCluster();
        break;
    }
  } catch (error) {
    throw new ScanError('KUBECONFIG_INVALID', `${describe(access)}: ${toMessage(error)}`, { cause: error });
  }
  return config;
}

function loadFiles(config: KubeConfig, path: string, make: MakeConfig): void {
  const [first, ...others] = path.split(delimiter).filter(each => each !== '');
  config.loadFromFile(first ?? path);
  for (const other of others) {
    const more = make();
    more.loadFromFile(other);
    config.mergeConfig(more, true);
  }
}

function selectContext(config: KubeConfig, name: string): void {
  if (config.getContextObject(name) === null) {
    const known = config.getContexts().map(context => context.name);
    throw new ScanError(
      'KUBECONFIG_INVALID',
      `The kubeconfig has no context "${name}"; it has: ${known.join(', ') || 'none'}`,
    );
  }
  config.setCurrentContext(name);
}

function describe(access: Access): string {
  switch (access.kind) {
    case 'file':
      return `kubeconfig ${access.path}`;
    case 'content':
      return 'kubeconfig given as content';
    case 'in-cluster':
      return 'in-cluster account';
  }
}

function parseServer(server: string, access: Access): URL {
  if (!URL.canParse(server))
    throw new ScanError('KUBECONFIG_INVALID', `${describe(access)}: "${server}" is not a server address`);
  return new URL(server);
}

function credentialsOf(config: KubeConfig, agents: Set<Agent>): Credentials {
  return {
    async options() {
      const options: RequestOptions = {};
      try {
        await config.applyToHTTPSOptions(options);
      } catch (error) {
        throw new ScanError(
          'CLUSTER_UNAUTHORIZED',
          `The credentials of the kubeconfig cannot be obtained: ${toMessage(error)}`,
          { cause: error },
        );
      }
      if (options.agent instanceof Agent) agents.add(options.agent);
      return options;
    },
  };
}

function tokenCredentials(config: KubeConfig, token: Token, { make, agents }: Parts): Credentials {
  const withToken = (each: Secret) => credentialsOf(withUser(config, each, make), agents);
  return typeof token === 'function' ? { options: async () => withToken(await token()).options() } : withToken(token);
}

function withUser(config: KubeConfig, token: Secret, make: MakeConfig): KubeConfig {
  const own = make();
  const cluster = config.getCurrentCluster();
  const user: User = { name: 'scanner', token: token.reveal() };
  if (cluster !== null) own.loadFromClusterAndUser(cluster, user);
  return own;
}

function entryOf({
  server,
  caData,
  caFile,
  skipTLSVerify,
  tlsServerName,
  proxyUrl,
}: KubernetesCluster): Record<string, string | boolean> {
  const authority = caData ?? (caFile === undefined ? undefined : readFileSync(caFile).toString('base64'));
  return {
    server,
    ...(authority !== undefined && { 'certificate-authority-data': authority }),
    ...(skipTLSVerify && { 'insecure-skip-tls-verify': true }),
    ...(tlsServerName !== undefined && { 'tls-server-name': tlsServerName }),
    ...(proxyUrl !== undefined && { 'proxy-url': proxyUrl }),
  };
}
