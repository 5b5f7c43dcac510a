// SPDX-License-Identifier: Apache-2.0
// For commands that work on a service over HTTPS, as somebody with a key of it.
import { readFileSync } from 'node:fs';
import { isClosedLine, ScanError, Secret, toMessage } from '@cinc-scan/core';
import type { Command } from 'commander';

export interface ServerOptions {
  server: string;
  keyFile?: string;
}

const keyVariable = 'CINC_SCAN_SERVER_TOKEN';

export const withServer = (command: Command): Command =>
  command
    .requiredOption('--server <address>', 'the service, such as https://scans.example')
    .option('--key-file <file>', `holds a key of the team (default: the variable ${keyVariable})`);

export interface ServerPlace {
  server: URL;
  key: Secret;
}

/** Throws INPUT_INVALID, SERVICE_KEY_INVALID. */
export const readServer = ({ server, keyFile }: ServerOptions): ServerPlace => ({
  server: toServer(server),
  key: readKey(keyFile, { variable: keyVariable, whose: 'The key of the team' }),
});

/** An open line on which anybody could be anybody is for this machine alone. */
export function toServer(text: string, option = 'server'): URL {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (url !== undefined && isClosedLine(url)) return url;
  throw new ScanError('INPUT_INVALID', `${option}: expected an address that begins with https://, got ${text}`);
}

/** A key belongs into no argument: other users see those. */
export function readKey(file: string | undefined, { variable, whose }: { variable: string; whose: string }): Secret {
  const text = file === undefined ? process.env[variable] : readText('key-file', file);
  if (text !== undefined && text.trim() !== '') return new Secret(text.trim());
  throw new ScanError('SERVICE_KEY_INVALID', `${whose} is not given`, {
    remedy: `Set ${variable}, or name a file with --key-file.`,
  });
}

/** Throws INPUT_INVALID. */
export const readSecretFile = (option: string, file: string): Secret => new Secret(readText(option, file).trim());

/** Certificates that a server is known by; undefined: the usual ones. Throws INPUT_INVALID. */
export function readAuthorities(file: string | undefined, option = 'server-ca'): Buffer | undefined {
  if (file === undefined) return undefined;
  const text = readText(option, file);
  if (text.includes('-----BEGIN CERTIFICATE-----')) return Buffer.from(text);
  throw new ScanError('INPUT_INVALID', `${option}: ${file} holds no certificate (PEM)`);
}

function readText(option: string, file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    throw new ScanError('INPUT_INVALID', `${option}: ${file} cannot be read: ${toMessage(cause)}`, { cause });
  }
}
