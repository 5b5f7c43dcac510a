// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import * as z from 'zod';
import { ScanError, toMessage } from '../errors/index.ts';
import { decodeText, parseYaml, Secret } from '../request/index.ts';

const hostSchema = z.union([
  z.strictObject({ bearer: z.string().min(1) }),
  z.strictObject({ username: z.string(), password: z.string().min(1) }),
]);
const schema = z.record(z.string().regex(/^[a-z0-9]([-.a-z0-9]*[a-z0-9])?(:\d+)?$/i), hostSchema);

/** For each host of private sources the header it wants, and no other host gets. */
export class HostCredentials {
  private readonly headers: ReadonlyMap<string, Secret>;
  /** For the search of everything that is written. */
  readonly secrets: readonly Secret[];

  constructor(headers: ReadonlyMap<string, Secret> = new Map(), secrets: readonly Secret[] = []) {
    this.headers = headers;
    this.secrets = secrets;
  }

  /** The value of the Authorization header for a host, port included where it is not 443. */
  headerFor(url: URL): Secret | undefined {
    return this.headers.get(url.host.toLowerCase());
  }
}

/** Reads the credentials of hosts: a YAML mapping, or the path of a file with one. */
export function readHostCredentials(given: Secret | undefined): HostCredentials {
  if (given === undefined) return new HostCredentials();
  const text = given.reveal();
  const parsed = schema.safeParse(parse(/^[/.][^\n]*$/.test(text.trim()) ? readText(text.trim()) : text));
  // Not the schema's own words: they would show values.
  if (!parsed.success)
    throw invalid('expected a mapping of hosts to {bearer: TOKEN} or {username: NAME, password: PASSWORD}');
  const headers = new Map<string, Secret>();
  const secrets: Secret[] = [];
  for (const [host, entry] of Object.entries(parsed.data)) {
    const plain = 'bearer' in entry ? entry.bearer : entry.password;
    const basic = 'bearer' in entry ? '' : Buffer.from(`${entry.username}:${entry.password}`).toString('base64');
    const header = 'bearer' in entry ? `Bearer ${entry.bearer}` : `Basic ${basic}`;
    if (/[\r\n\0]/.test(header)) throw invalid(`${host}: a token of one line was expected`);
    headers.set(host.toLowerCase(), new Secret(header));
    secrets.push(new Secret(plain), ...(basic === '' ? [] : [new Secret(basic)]));
  }
  return new HostCredentials(headers, secrets);
}

const invalid = (why: string, cause?: unknown) =>
  new ScanError('INPUT_INVALID', `profile-credentials: ${why}`, { cause });

function readText(path: string): string {
  try {
    return decodeText(readFileSync(path));
  } catch (error) {
    throw invalid(`${path} cannot be read: ${toMessage(error)}`, error);
  }
}

function parse(text: string): unknown {
  try {
    return parseYaml(text);
  } catch (error) {
    throw invalid(`it is not YAML: ${toMessage(error)}`, error);
  }
}
