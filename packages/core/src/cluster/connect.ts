// SPDX-License-Identifier: Apache-2.0
import type { RequestOptions } from 'node:https';
import { ScanError } from '../errors/index.ts';
import { checkName, openRoute, type Route } from '../http/index.ts';
import {
  type Chosen,
  invalid,
  readAccess,
  type ServerPlace,
  serverOf,
  tokenUser,
  type User,
  userOf,
} from '../kubeconfig/index.ts';
import { type Access, type Environment, Secret, type Secrets } from '../request/index.ts';
import { Cluster, type ClusterSettings, type Credentials } from './cluster.ts';

/** A bearer token, or where a fresh one comes from each time it is needed: some live for minutes. */
export type Token = Secret | (() => Promise<Secret>);

export interface ConnectOptions extends Pick<ClusterSettings, 'retry' | 'requestTimeoutMs' | 'signal'> {
  access: Access;
  /** Presented instead of the kubeconfig's credentials. */
  token?: Token | undefined;
  /** The kubeconfig's current context unless told. */
  context?: string | undefined;
  /** Proxies, and what a credential plugin is started with. */
  environment?: Environment;
  /** Where relative paths start that are in no file. */
  workspace?: string;
  /** Told of each secret that is read or made on the way. */
  secrets?: Secrets | undefined;
  /** A line that a credential plugin prints for whoever uses it; it may hold a secret. */
  onPluginLine?: (line: string) => void;
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
  withToken(token: Token): Cluster;
  /** Ends the connections that are kept for further requests: they would keep the process alive. */
  close(): void;
}

/** Reads the configuration; no request is made, and no plugin asked. */
export async function connect(options: ConnectOptions): Promise<Connection> {
  const { access, token, retry, requestTimeoutMs, signal } = options;
  const { context, environment = {}, workspace = '.' } = options;
  const chosen = readAccess(access, { context, environment, workspace });
  const place = serverOf(chosen);
  const user = token === undefined ? operatorOf(chosen, place, options) : tokenUserAt(place, token);
  const route = await openRoute(place.url, { environment, proxy: place.proxy, keepAlive: true, ca: place.ca });
  const settings: ClusterSettings = {
    alias: chosen.name,
    server: place.url,
    credentials: credentialsOf(user, place, route),
    ...(retry && { retry }),
    ...(requestTimeoutMs !== undefined && { requestTimeoutMs }),
    ...(signal && { signal }),
  };
  return {
    cluster: new Cluster(settings),
    namespace: chosen.namespace ?? 'default',
    insecure: place.insecure,
    clusterEntry: entryOf(place),
    withToken: given =>
      new Cluster({ ...settings, credentials: credentialsOf(tokenUserAt(place, given), place, route) }),
    close: () => route[Symbol.dispose](),
  };
}

/** Over plain http nobody can be known, and nothing be kept: kubectl sends no credentials there, whatever is in the file. */
function operatorOf(chosen: Chosen, place: ServerPlace, options: ConnectOptions): User {
  const { environment = {}, secrets, onPluginLine = () => undefined } = options;
  if (place.proxy !== undefined) secrets?.register(new Secret(decodeURIComponent(place.proxy.password)));
  if (place.url.protocol === 'http:') return () => Promise.resolve({ headers: {} });
  const onSecret = (secret: Secret) => secrets?.register(secret);
  const user = userOf(chosen, place, { environment, onLine: onPluginLine, onSecret });
  if (user !== undefined) return user;
  throw invalid(
    chosen.user.name === undefined
      ? `context "${chosen.name}" names no user`
      : `user "${chosen.user.name}" has no credentials`,
  );
}

function tokenUserAt({ url }: ServerPlace, token: Token): User {
  if (url.protocol === 'https:' || /^(?:localhost|127(?:\.\d+){3}|\[::1\])$/.test(url.hostname))
    return tokenUser(token);
  throw new ScanError('KUBECONFIG_INVALID', `A token is not sent to ${url.origin}: everyone on the way could read it`, {
    remedy: 'Give the kubeconfig a server with https://.',
  });
}

function credentialsOf(user: User, place: ServerPlace, { agent }: Route): Credentials {
  const server: RequestOptions = {
    agent,
    ...(place.url.protocol === 'https:' && checkName(place.url, place.serverName)),
    ...(place.ca && { ca: place.ca }),
    ...(place.insecure && { rejectUnauthorized: false }),
    ...(place.serverName !== undefined && { servername: place.serverName }),
  };
  return async signal => {
    const { renew, ...shown } = await user(signal);
    return { options: { ...server, ...shown }, renew };
  };
}

function entryOf({ url, ca, insecure, serverName, proxy }: ServerPlace): Record<string, string | boolean> {
  return {
    server: url.href.replace(/\/$/, ''),
    ...(ca && { 'certificate-authority-data': ca.toString('base64') }),
    ...(insecure && { 'insecure-skip-tls-verify': true }),
    ...(serverName !== undefined && { 'tls-server-name': serverName }),
    ...(proxy !== undefined && { 'proxy-url': proxy.href }),
  };
}
