// SPDX-License-Identifier: Apache-2.0
// https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins
import { resolve } from 'node:path';
import { isatty } from 'node:tty';
import * as z from 'zod';
import { ScanError } from '../errors/index.ts';
import { type Environment, Secret, withoutOwnSecrets } from '../request/index.ts';
import type { ClusterEntry, PluginEntry } from './entries.ts';
import { runProcess } from './plugin-process.ts';
import { invalid, type ServerPlace } from './server.ts';

/** What a plugin gives: a token, or a certificate with its key, or both. */
export interface PluginCredential {
  token: Secret | undefined;
  certificate: { pem: string; key: Secret } | undefined;
  /** Milliseconds; undefined for one that the plugin gives no end. */
  expires: number | undefined;
}

export interface PluginSettings {
  entry: PluginEntry;
  /** Of the kubeconfig: a command with a slash starts from there. */
  folder: string;
  cluster: { entry: ClusterEntry; place: ServerPlace };
  environment: Environment;
  /** A line that the plugin prints for whoever uses it. May hold a secret. */
  onLine: (line: string) => void;
  /** Told of every secret before it is used. */
  onSecret: (secret: Secret) => void;
}

const timeoutMs = { unattended: 60_000, attended: 600_000 };

/** Runs the plugin once. */
export async function runPlugin(settings: PluginSettings, signal: AbortSignal | undefined): Promise<PluginCredential> {
  const { entry, folder, onLine, onSecret } = settings;
  const interactive = isInteractive(entry);
  const lines: string[] = [];
  const command = {
    command: entry.command.includes('/') ? resolve(folder, entry.command) : entry.command,
    args: entry.args ?? [],
    environment: environmentOf(settings, interactive),
    interactive,
    installHint: entry.installHint,
  };
  try {
    const output = await runProcess(command, {
      timeoutMs: interactive ? timeoutMs.attended : timeoutMs.unattended,
      signal,
      // Who is asked has to see it at once; else it waits until it is known what in it is secret.
      onLine: interactive ? onLine : line => lines.push(line),
    });
    return parseCredential(output, entry, onSecret);
  } finally {
    lines.forEach(onLine);
  }
}

/** Whether the plugin may ask somebody: the standard input of this process is then its own. */
function isInteractive({ interactiveMode, apiVersion, command }: PluginEntry): boolean {
  const mode = interactiveMode ?? (apiVersion.endsWith('/v1beta1') ? 'IfAvailable' : undefined);
  if (mode === undefined) throw invalid(`interactiveMode is missing, which ${apiVersion} requires of an exec plugin`);
  const isThere = mode !== 'Never' && isatty(0);
  if (mode === 'Always' && !isThere)
    throw new ScanError(
      'CLUSTER_UNAUTHORIZED',
      `The credential plugin ${command} of the kubeconfig needs to ask for input, and standard input is not a terminal`,
    );
  return isThere;
}

function environmentOf({ entry, cluster, environment }: PluginSettings, interactive: boolean): Record<string, string> {
  const info = {
    apiVersion: entry.apiVersion,
    kind: 'ExecCredential',
    spec: { interactive, ...(entry.provideClusterInfo === true && { cluster: infoOf(cluster) }) },
  };
  return {
    ...withoutOwnSecrets(environment),
    ...Object.fromEntries((entry.env ?? []).map(({ name, value }) => [name, value ?? ''])),
    KUBERNETES_EXEC_INFO: JSON.stringify(info),
  };
}

// https://kubernetes.io/docs/reference/config-api/client-authentication.v1/#client-authentication-k8s-io-v1-Cluster
const extensionName = 'client.authentication.k8s.io/exec';

function infoOf({ entry, place }: PluginSettings['cluster']): Record<string, unknown> {
  const config = entry.extensions?.find(({ name }) => name === extensionName)?.extension;
  return {
    server: entry.server,
    ...(place.serverName !== undefined && { 'tls-server-name': place.serverName }),
    ...(place.insecure && { 'insecure-skip-tls-verify': true }),
    ...(place.ca && { 'certificate-authority-data': place.ca.toString('base64') }),
    ...(entry['proxy-url'] !== undefined && { 'proxy-url': entry['proxy-url'] }),
    ...(entry['disable-compression'] === true && { 'disable-compression': true }),
    config: config ?? null,
  };
}

const text = z
  .string()
  .nullish()
  .transform(value => (value ? value : undefined));
const secret = text.transform(value => (value === undefined ? undefined : new Secret(value.trim())));
const answer = z.object({
  kind: z.literal('ExecCredential'),
  apiVersion: z.string(),
  status: z.object({
    token: secret,
    clientCertificateData: text,
    clientKeyData: secret,
    expirationTimestamp: z.iso
      .datetime({ offset: true })
      .nullish()
      .transform(value => (value ? Date.parse(value) : undefined)),
  }),
});

function parseCredential(
  output: string,
  { command, apiVersion }: PluginEntry,
  onSecret: PluginSettings['onSecret'],
): PluginCredential {
  const bad = (why: string) =>
    new ScanError('CLUSTER_UNAUTHORIZED', `The credential plugin ${command} of the kubeconfig ${why}`);
  const parsed = answer.safeParse(parseJson(output));
  // Not the answer's own words: they may be the secret.
  if (!parsed.success) throw bad('printed something that is not an ExecCredential with a status');
  const { token, clientCertificateData: pem, clientKeyData: key, expirationTimestamp: end } = parsed.data.status;
  for (const each of [token, key]) if (each !== undefined) onSecret(each);
  if (parsed.data.apiVersion !== apiVersion)
    throw bad(`did not answer in the version that was asked for, ${apiVersion}`);
  if ((pem === undefined) !== (key === undefined)) throw bad('gave a certificate without its key, or a key without it');
  const certificate = pem === undefined || key === undefined ? undefined : { pem, key };
  if (token === undefined && certificate === undefined) throw bad('gave neither a token nor a certificate');
  return { token, certificate, expires: end };
}

function parseJson(output: string): unknown {
  try {
    return JSON.parse(output);
  } catch {
    return undefined;
  }
}
