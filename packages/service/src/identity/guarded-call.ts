// SPDX-License-Identifier: Apache-2.0
// Requests to addresses that somebody else has named: over https, to addresses that are allowed when the connection is
// made, and never to where an answer leads.
import { type AddressRules, type Call, type CallAnswer, call, isClosedLine } from '@cinc-scan/core';

export interface GuardSettings {
  addresses: AddressRules;
  /** Names proxies. */
  environment: Record<string, string | undefined>;
  timeoutMs: number;
  mostBytes: number;
}

export async function guardedCall(wanted: Call, settings: GuardSettings): Promise<CallAnswer> {
  if (isClosedLine(wanted.url)) return call(wanted, settings);
  const problem = `${wanted.url.origin} is not an address of https`;
  return { kind: 'failed', problem, sent: false, heard: false, untrusted: false, tooLong: false };
}
