// SPDX-License-Identifier: Apache-2.0
import { Secret } from '../request/index.ts';
import type { Chosen } from './chosen.ts';
import type { UserEntry } from './entries.ts';
import { impersonationOf } from './impersonation.ts';
import type { PluginSettings } from './plugin.ts';
import { PluginRuns } from './plugin-runs.ts';
import { bytesOf, checkCertificate, invalid, type ServerPlace } from './server.ts';
import { bearer, type SignInParts } from './shown.ts';
import { TokenFile } from './token-file.ts';

/** Whoever signs in: asked before each request, since tokens and certificates change while a scan runs. */
export type User = (signal: AbortSignal | undefined) => Promise<SignInParts>;

export type UserEffects = Pick<PluginSettings, 'environment' | 'onLine' | 'onSecret'>;

/** The user of a context; undefined where it says nothing of credentials. */
export function userOf({ user, cluster }: Chosen, place: ServerPlace, effects: UserEffects): User | undefined {
  const { entry, folder } = user;
  checkUser(entry);
  const headers = impersonationOf(entry);
  const certificate = certificateOf(entry, folder, effects);
  const authorization = authorizationOf(entry, folder, effects);
  // As kubectl: where something else was given the plugin is not asked.
  const plugin =
    entry.exec && certificate === undefined && authorization === undefined
      ? new PluginRuns({ ...effects, entry: entry.exec, folder, cluster: { entry: cluster.entry, place } })
      : undefined;
  if (plugin === undefined && certificate === undefined && authorization === undefined) return undefined;
  return async signal => {
    const shown = await (plugin?.show(signal) ?? authorization?.() ?? { headers: {} });
    return { ...shown, ...certificate, headers: { ...headers, ...shown.headers } };
  };
}

/** Whoever has this token, and nothing of the kubeconfig's user. */
export function tokenUser(token: Secret | (() => Promise<Secret>)): User {
  return async () => bearer(typeof token === 'function' ? await token() : token);
}

function checkUser(entry: UserEntry): void {
  const provider = entry['auth-provider'];
  if (provider !== undefined)
    throw invalid(
      `the user signs in with the auth-provider ${JSON.stringify(provider.name ?? '')}, which kubectl has given up: use a credential plugin (exec) instead`,
    );
  if ((entry.token ?? entry.tokenFile) !== undefined && (entry.username ?? entry.password) !== undefined)
    throw invalid('the user has a token and a password at once');
}

function certificateOf(
  entry: UserEntry,
  folder: string,
  { onSecret }: UserEffects,
): Pick<SignInParts, 'cert' | 'key'> | undefined {
  const cert = bytesOf(entry, 'client-certificate', folder);
  const key = bytesOf(entry, 'client-key', folder);
  if (cert === undefined) return undefined;
  if (key === undefined) throw invalid('client-certificate needs a client-key');
  checkCertificate(cert, 'client-certificate');
  onSecret(new Secret(key.toString()));
  return { cert, key };
}

function authorizationOf(
  { token, tokenFile, username, password }: UserEntry,
  folder: string,
  { onSecret }: UserEffects,
): (() => SignInParts) | undefined {
  if (tokenFile !== undefined) {
    const file = new TokenFile({ path: tokenFile, folder, fallback: token, onSecret });
    return () => file.show();
  }
  if (token !== undefined) return always(bearer(oneLine(token, onSecret)));
  if (username === undefined) return undefined;
  if (password !== undefined) onSecret(new Secret(password));
  const basic = oneLine(Buffer.from(`${username}:${password ?? ''}`).toString('base64'), onSecret);
  return always({ headers: { authorization: `Basic ${basic.reveal()}` } });
}

const always = (shown: SignInParts) => () => shown;

function oneLine(token: string, onSecret: UserEffects['onSecret']): Secret {
  const secret = new Secret(token.trim());
  onSecret(secret);
  if (/[^\x21-\x7e]/.test(secret.reveal()))
    throw invalid('the token of the user has characters that a token cannot have');
  return secret;
}
