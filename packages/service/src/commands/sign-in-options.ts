// SPDX-License-Identifier: Apache-2.0
// Where people sign in, as the operator says it.
import { readFileSync } from 'node:fs';
import { isClosedLine, ScanError, Secret, toMessage } from '@cinc-scan/core';
import type { Command } from 'commander';
import type { ProviderSettings } from '../identity/provider.ts';

export interface SignInOptions {
  publicUrl?: string;
  oidcIssuer?: string;
  oidcClient?: string;
  oidcSecretFile?: string;
  oidcScopes: string[];
}

export const withSignIn = (command: Command): Command =>
  command
    .option('--public-url <url>', 'address at which browsers see the service, such as https://scans.example')
    .option('--oidc-issuer <url>', 'provider at which people sign in')
    .option('--oidc-client <id>', 'what the provider calls this service')
    .option('--oidc-secret-file <file>', 'its secret at the provider; or the variable CINC_SCAN_OIDC_SECRET')
    .option('--oidc-scopes <scope...>', 'what the provider is asked for', ['openid', 'profile', 'email']);

type Environment = Record<string, string | undefined>;

/** Throws INPUT_INVALID. */
export function readProvider(options: SignInOptions, environment: Environment): ProviderSettings | undefined {
  const { oidcIssuer: issuer, oidcClient: clientId, oidcScopes } = options;
  if (issuer === undefined && clientId === undefined && options.oidcSecretFile === undefined) return undefined;
  if (issuer === undefined || clientId === undefined)
    throw new ScanError('INPUT_INVALID', 'oidc-issuer and oidc-client: people sign in only where both are given');
  checkAddress('oidc-issuer', issuer);
  const scopes = [...new Set(['openid', ...oidcScopes])];
  return { issuer, clientId, clientSecret: readSecret(options, environment), scopes };
}

function readSecret({ oidcSecretFile: file }: SignInOptions, environment: Environment): Secret | undefined {
  const given = environment['CINC_SCAN_OIDC_SECRET'];
  if (file === undefined) return given === undefined || given === '' ? undefined : new Secret(given);
  try {
    return new Secret(readFileSync(file, 'utf8').trim());
  } catch (error) {
    throw new ScanError('INPUT_INVALID', `oidc-secret-file: it cannot be read: ${toMessage(error)}`, { cause: error });
  }
}

/** Scheme, host and port, as browsers write them. Throws INPUT_INVALID. */
export function readPublicOrigin({ publicUrl }: SignInOptions): string | undefined {
  if (publicUrl === undefined) return undefined;
  const url = checkAddress('public-url', publicUrl);
  if (url.pathname === '/' && url.search === '' && url.hash === '') return url.origin;
  throw new ScanError(
    'INPUT_INVALID',
    'public-url: expected an address without a path: the service has a host of its own',
  );
}

/** Over an open line anybody on the way could be anybody. */
function checkAddress(option: string, text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && isClosedLine(url) && url.username === '') return url;
  throw new ScanError('INPUT_INVALID', `${option}: expected an address of https`);
}
