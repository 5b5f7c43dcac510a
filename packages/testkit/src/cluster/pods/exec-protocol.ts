// SPDX-License-Identifier: Apache-2.0
import type { JsonObject } from '../objects/json.ts';
import type { Version } from '../objects/kinds.ts';

/** One of the WebSocket protocols of exec: https://kubernetes.io/docs/reference/using-api/ (v5 allows a channel to be closed). */
export interface Protocol {
  name: string;
  base64: boolean;
  /** Whether the end is told as a Status; the oldest protocols tell only a failure, as text. */
  status: boolean;
  halfClose: boolean;
  /** Whether the API server translates: it words the Status its own way. */
  translated: boolean;
}

const protocols: Protocol[] = [
  { name: 'v5.channel.k8s.io', base64: false, status: true, halfClose: true, translated: true },
  { name: 'v4.channel.k8s.io', base64: false, status: true, halfClose: false, translated: false },
  { name: 'v4.base64.channel.k8s.io', base64: true, status: true, halfClose: false, translated: false },
  { name: 'channel.k8s.io', base64: false, status: false, halfClose: false, translated: false },
  { name: 'base64.channel.k8s.io', base64: true, status: false, halfClose: false, translated: false },
];

const oldest: Protocol = { name: '', base64: false, status: false, halfClose: false, translated: false };

export const channels = { stdin: 0, stdout: 1, stderr: 2, error: 3, close: 255 } as const;

export const frameBytes = 32_768;

/** Version 5 wins wherever it is offered and known; else the first one that is known. */
export function negotiate(version: Version, offered: string[]): Protocol | undefined {
  if (offered.length === 0) return oldest;
  const known = version === '1.36' ? protocols : protocols.slice(1);
  const matches = offered.flatMap(name => known.filter(protocol => protocol.name === name));
  return matches.find(protocol => protocol.halfClose) ?? matches[0];
}

export function encodeFrame(protocol: Protocol, channel: number, data: Buffer): Buffer | string {
  return protocol.base64 ? `${channel}${data.toString('base64')}` : Buffer.concat([Buffer.from([channel]), data]);
}

export interface Frame {
  channel: number;
  data: Buffer;
}

export function decodeFrame(protocol: Protocol, message: Buffer): Frame | undefined {
  const [first] = message;
  if (first === undefined) return undefined;
  if (!protocol.base64) return { channel: first, data: message.subarray(1) };
  return { channel: first - 48, data: Buffer.from(message.subarray(1).toString(), 'base64') };
}

export type Outcome = { kind: 'exited'; code: number; command: string[] } | { kind: 'failed'; message: string };

/** What channel 3 carries at the end; nothing where the protocol has nothing to say. */
export function finalMessage(protocol: Protocol, version: Version, outcome: Outcome): string | undefined {
  const text = failureText(version, outcome);
  if (!protocol.status) return text;
  const bare = version === '1.36' && !protocol.translated;
  const start = bare ? {} : { metadata: {} };
  if (text === undefined) return JSON.stringify({ ...start, status: 'Success' });
  return JSON.stringify({ ...start, status: 'Failure', ...failure(protocol, { text, outcome }) });
}

function failureText(version: Version, outcome: Outcome): string | undefined {
  if (outcome.kind === 'failed') return outcome.message;
  if (outcome.code === 0) return undefined;
  const start = 'command terminated with non-zero exit code:';
  return version !== '1.36'
    ? `${start} error executing command [${outcome.command.join(' ')}], exit code ${outcome.code}`
    : `${start} command terminated with exit code ${outcome.code}`;
}

function failure(protocol: Protocol, { text, outcome }: { text: string; outcome: Outcome }): JsonObject {
  if (outcome.kind === 'exited') {
    const causes = [{ reason: 'ExitCode', message: String(outcome.code) }];
    return { message: text, reason: 'NonZeroExitCode', details: { causes } };
  }
  const inner = protocol.translated ? `Internal error occurred: ${text}` : text;
  return {
    message: `Internal error occurred: ${inner}`,
    reason: 'InternalError',
    details: { causes: [{ message: inner }] },
    code: 500,
  };
}
