// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '../../errors/index.ts';
import type { AlertChannel } from '../../findings/index.ts';
import { isLoopback } from '../../http/index.ts';
import { Secret, secretOrFile, type Values } from '../../request/index.ts';
import { neededSecret } from '../push/push-spec.ts';

/** Where people are told. The address of a chat is all that it takes to write to it, so it is a secret. */
export type Channel =
  | { kind: 'webhook'; name: string; address: Secret; secret: Secret }
  | { kind: 'slack' | 'teams'; name: string; address: Secret }
  | { kind: 'mail'; name: string; server: Secret; from: string; to: string[] };

/** Where to tell what, and from which severity on. */
export interface AlertRequest {
  channels: Channel[];
  least: Values['alert-on'];
  link: string | undefined;
  /** Whether it is an error that a message could not be sent. */
  isRequired: boolean;
}

/** What must not be shown anywhere. */
export const alertSecrets = ({ channels }: AlertRequest): Secret[] =>
  channels.flatMap(channel => {
    if (channel.kind === 'mail') return [channel.server, ...passwordOf(channel.server)];
    return channel.kind === 'webhook' ? [channel.address, channel.secret] : [channel.address];
  });

/** Checks everything about alerts that can be checked before there is anything to tell. */
export function toAlertRequest(values: Values): AlertRequest {
  const channels = [webhook(values), chat('slack', values), chat('teams', values), mail(values)];
  return {
    channels: channels.filter(channel => channel !== undefined),
    least: values['alert-on'],
    link: values['alert-link'] === undefined ? undefined : linkOf(values['alert-link']),
    isRequired: values['notify-required'],
  };
}

function webhook(values: Values): Channel | undefined {
  const found = addressOf('webhook', values, ['http:', 'https:']);
  if (found === undefined) return undefined;
  const secret = neededSecret('webhook-secret', values, 'alert-webhook');
  return { kind: 'webhook', name: `webhook ${found.url.origin}`, address: found.address, secret };
}

function chat(kind: 'slack' | 'teams', values: Values): Channel | undefined {
  const found = addressOf(kind, values, ['http:', 'https:']);
  return found && { kind, name: `${kind} ${found.url.origin}`, address: found.address };
}

const mailbox = /^[^\s@<>,;:"()[\]\\]+@[^\s@<>,;:"()[\]\\]+$/;

function mail(values: Values): Channel | undefined {
  const found = addressOf('mail', values, ['smtp:', 'smtps:']);
  const { 'alert-from': from, 'alert-to': to } = values;
  if (found === undefined) return undefined;
  if (from === undefined || to.length === 0)
    throw new ScanError('INPUT_INVALID', 'alert-mail needs alert-from and alert-to: who writes, and to whom');
  for (const [input, address] of [['alert-from', from] as const, ...to.map(each => ['alert-to', each] as const)])
    if (!mailbox.test(address))
      throw new ScanError('INPUT_INVALID', `${input}: expected an address such as a@b.example`);
  return { kind: 'mail', name: `mail ${found.url.host}`, server: found.address, from, to };
}

interface Address {
  url: URL;
  address: Secret;
}

/** The address itself is not repeated in an error. */
function addressOf(kind: AlertChannel, values: Values, protocols: string[]): Address | undefined {
  const input = `alert-${kind}` as const;
  const given = values[input];
  if (given === undefined) return undefined;
  const address = secretOrFile(input, given);
  const url = URL.parse(address.reveal());
  if (url === null || !protocols.includes(url.protocol) || url.hostname === '')
    throw new ScanError('INPUT_INVALID', `${input}: expected an address that begins with ${protocols.at(-1)}//`);
  if (url.hash !== '' || (kind !== 'mail' && url.username !== ''))
    throw new ScanError('INPUT_INVALID', `${input}: the address holds credentials or a fragment`);
  if (url.protocol === 'http:' && !isLoopback(url))
    throw new ScanError('INPUT_INVALID', `${input}: the address is not https, and so is read by everyone on the way`);
  return { url, address };
}

function passwordOf(server: Secret): Secret[] {
  const { password } = new URL(server.reveal());
  return password === '' ? [] : [new Secret(decodeURIComponent(password))];
}

function linkOf(text: string): string {
  const url = URL.parse(text);
  if (url !== null && /^https?:$/.test(url.protocol) && url.username === '' && url.password === '') return url.href;
  throw new ScanError('INPUT_INVALID', 'alert-link: expected an http(s) address without credentials');
}
