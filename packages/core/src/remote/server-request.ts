// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { ScanError, toMessage } from '../errors/index.ts';
import { isClosedLine } from '../http/index.ts';
import { parseSelector } from '../plan/index.ts';
import { parseReportSpec, type ReportSpec } from '../report/index.ts';
import {
  type AskedInput,
  askedInputs,
  type Environment,
  headerSecret,
  type InputName,
  inputs,
  refuseBesideServer,
  registeredName,
  resolveInput,
  type Sources,
  toShownRequest,
  type Values,
  wholly,
} from '../request/index.ts';
import { type Push, toPushes } from '../results/index.ts';
import { findIdToken, givenIdToken, variableIdToken } from './id-token-sources.ts';
import type { ServiceApi } from './service-api.ts';
import type { SignIn } from './who-asks.ts';

/** Where a scan service is, and who asks it. */
export interface ScanServer {
  /** Without a slash at its end. */
  address: string;
  ca: Buffer | undefined;
  signIn: SignIn;
}

/** A scan that a service is asked for, validated. */
export interface ServerRequest {
  server: ScanServer;
  ask: ServiceApi['ScanByNames'];
  /** What the user calls this run, in its reports; in the cluster it has the name that the service gives it. */
  runId: string | undefined;
  deadlineMs: number;
  reports: ReportSpec[];
  outputDir: string;
  pushes: Push[];
  /** For the run manifest: the request as the user wrote it, without secrets. */
  shown: Record<string, unknown>;
}

/** Checks all that can be checked without asking the service; `sources` tells where what it would not take is given. */
export function toServerRequest(values: Values, sources: Sources): ServerRequest {
  refuseBesideServer(sources);
  const pushes = toPushes(values);
  return {
    server: toServer(values, sources),
    ask: toAsk(values),
    runId: values['run-id'],
    deadlineMs: values.deadline * 1000,
    reports: values.reports.map(parseReportSpec),
    outputDir: values['output-dir'],
    pushes,
    shown: { ...toShownRequest(values), ...(pushes.length > 0 && { push: pushes.map(({ name }) => name) }) },
  };
}

function toServer(values: Values, { environment }: Sources): ScanServer {
  const { server, 'server-ca': path } = values;
  const address = toAddress(server ?? '');
  return {
    address,
    ca: path === undefined ? undefined : readAuthorities(path),
    signIn: toSignIn(values, address, environment),
  };
}

const ofIdTokens = ['id-token', 'id-token-variable', 'server-audience', 'server-team'] as const;

/** A key that was given is used, and nothing else is looked for. */
function toSignIn(values: Values, address: string, environment: Environment): SignIn {
  const { 'server-token': given, 'server-audience': audience = address, 'server-team': team } = values;
  if (given !== undefined) {
    const other = ofIdTokens.find(name => values[name] !== undefined);
    if (other === undefined) return { kind: 'key', key: headerSecret('server-token', given) };
    throw exclusive('server-token', other);
  }
  const isNamed = values['server-audience'] !== undefined;
  return { kind: 'id-token', source: toSource(values, environment), audience, isNamed, team };
}

function toSource({ 'id-token': token, 'id-token-variable': variable }: Values, environment: Environment) {
  if (token !== undefined && variable !== undefined) throw exclusive('id-token', 'id-token-variable');
  if (token !== undefined) return givenIdToken(token.reveal());
  return variable === undefined ? findIdToken(environment) : variableIdToken(variable, environment);
}

const exclusive = (one: InputName, other: InputName) =>
  new ScanError('INPUT_INVALID', `${one} and ${other} are mutually exclusive: each says who asks the scan service`);

/** The key goes there: to nobody on the way, and to no other place. */
function toAddress(text: string): string {
  const url = URL.parse(text.trim());
  if (url === null || !/^https?:$/.test(url.protocol)) throw invalid('expected an https address');
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '')
    throw invalid('expected an address without credentials, query and fragment');
  if (!isClosedLine(url)) throw invalid(`${url.origin} is not https, and so is read by everyone on the way`);
  return `${url.origin}${url.pathname.replace(/\/+$/, '').replace(/\/api(?:\/v1)?$/, '')}`;
}

const invalid = (why: string) => new ScanError('INPUT_INVALID', `server: ${why}`);

function readAuthorities(path: string): Buffer {
  let bytes: Buffer;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new ScanError('INPUT_INVALID', `server-ca: ${path} cannot be read: ${toMessage(error)}`, { cause: error });
  }
  if (bytes.includes('-----BEGIN CERTIFICATE-----')) return bytes;
  throw new ScanError('INPUT_INVALID', `server-ca: ${path} holds no certificate (PEM)`);
}

/** What differs from the defaults is said, so that a service need not know every input of this version. */
function toAsk(values: Values): ServiceApi['ScanByNames'] {
  const { targets, namespace, profile, threshold, cluster } = values;
  if (targets.length === 0) throw new ScanError('USAGE', 'No target was named');
  for (const target of targets) parseSelector(target);
  if (namespace.length === 0)
    throw new ScanError('USAGE', 'No namespace was named', {
      remedy: 'Pass --namespace: with --server there is no context of a kubeconfig to take it from.',
    });
  if (profile.length === 0) throw new ScanError('USAGE', 'No profile was named', { remedy: 'Pass --profile NAME.' });
  for (const name of profile) requireRegistered('profile', name);
  if (threshold !== undefined) requireRegistered('threshold', threshold);
  return {
    ...Object.fromEntries(askedInputs.flatMap(name => asked(name, values[name]))),
    ...(cluster !== undefined && { cluster }),
    ...(threshold !== undefined && { threshold }),
    namespace,
    targets,
    profile,
  };
}

const isRegistered = wholly(registeredName);

function requireRegistered(input: 'profile' | 'threshold', name: string): void {
  if (isRegistered.test(name)) return;
  throw new ScanError('INPUT_INVALID', `${input}: expected ${registeredName.means}, got ${JSON.stringify(name)}`, {
    remedy: `With --server, register the ${input} with the service and give its name; docs/service.md says how.`,
  });
}

const nothing: Sources = { flags: {}, environment: {}, file: undefined };

function asked(name: AskedInput, value: Values[AskedInput]): [string, unknown][] {
  const isDefault = JSON.stringify(value) === JSON.stringify(resolveInput(name, nothing));
  if (value === undefined || isDefault) return [];
  return [[name, inputs[name].type === 'duration' ? `${String(value)}s` : value]];
}
