// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { ScanError, toMessage } from '../errors/index.ts';
import { decodeText } from './decode-text.ts';
import { type Environment, readVariable } from './environment.ts';
import { environmentName, type InputName } from './interface.ts';
import { parseYaml } from './parse-yaml.ts';
import type { Raw, Sources } from './values.ts';

const defaultConfigFile = 'cinc-scan.yml';

/** The configuration file that the user named, by whatever a command has for it or by the variable. */
export function readUserConfig(named: string | undefined, environment: Environment): Sources['file'] {
  return readConfigFile(named ?? readVariable(environment, 'CINC_SCAN_CONFIG'));
}

/** Reads a configuration file: one YAML mapping of inputs. The default one may be absent, a named one may not. */
function readConfigFile(path: string | undefined): { path: string; values: Raw } | undefined {
  const file = path ?? defaultConfigFile;
  let text: string;
  try {
    text = decodeText(readFileSync(file));
  } catch (error) {
    if (path === undefined && isMissing(error)) return undefined;
    throw new ScanError('CONFIG_UNREADABLE', `${file}: ${toMessage(error)}`, { cause: error });
  }
  const values = parseConfig(text, file);
  if (path === undefined) refuseUnasked(values);
  return { path: file, values };
}

// Whoever can change a checkout could else say where the credentials of its operator go, or that nothing has to be met.
export const onlyNamed: readonly InputName[] = [
  'kubeconfig',
  'server',
  'server-ca',
  'id-token',
  'id-token-variable',
  'push',
  'push-insecure',
  'store',
  'store-endpoint',
  'store-insecure',
  'state-unguarded',
  'engine-url',
  'engine-sha256',
  'engine-ca',
  'report-only',
  'dry-run',
  'allow-empty',
];

function refuseUnasked(values: Raw): void {
  const found = onlyNamed.find(name => name in values) ?? (isElsewhere(values['state']) ? 'state' : undefined);
  if (found === undefined) return;
  throw new ScanError('INPUT_INVALID', `${found} is not taken from a ${defaultConfigFile} found by default`, {
    remedy: `Pass --${found}, set ${environmentName(found)}, or name the file: --config ${defaultConfigFile} or CINC_SCAN_CONFIG.`,
  });
}

/** A file may be named by whoever wrote the checkout; a bucket that is signed in to may not. */
const isElsewhere = (state: unknown): boolean => typeof state === 'string' && /^\s*[a-z][a-z0-9+.-]+:/i.test(state);

function parseConfig(text: string, file: string): Raw {
  let document: unknown;
  try {
    document = parseYaml(text);
  } catch (error) {
    throw new ScanError('CONFIG_UNREADABLE', `${file}: ${toMessage(error)}`, { cause: error });
  }
  if (typeof document !== 'object' || document === null || Array.isArray(document))
    throw new ScanError('CONFIG_UNREADABLE', `${file}: expected a mapping of inputs to values`);
  return Object.fromEntries(Object.entries(document));
}

// By its code: an error of another realm (a test's, a worker's) is no instance of this one's Error.
function isMissing(error: unknown): boolean {
  return typeof error === 'object' && error !== null && 'code' in error && error.code === 'ENOENT';
}
