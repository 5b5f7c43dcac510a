// SPDX-License-Identifier: Apache-2.0
import type { Call, CallAnswer } from '../http/index.ts';
import type { Secret } from '../request/index.ts';
import type { PutCondition } from './object-store.ts';

/** What a request says of itself: where, and with which headers and parameters. */
export interface Wanted {
  method: 'GET' | 'HEAD' | 'PUT' | 'DELETE';
  url: URL;
  headers: Record<string, string>;
  body?: Buffer;
  /** SHA-256 of a body that is sent piece by piece. */
  payload?: string;
}

/** For contents that are named by what they are: whatever stands there is the same. */
export interface AnyCondition {
  kind: 'any';
}

export interface Listed {
  names: string[];
  /** Where the next page begins. */
  next: string | undefined;
}

/** How one service wants to be asked. */
export interface Server {
  /** `s3://bucket/prefix`. */
  address: string;
  isTrusted: boolean;
  /** None of them stands in an error, and none is printed. */
  secrets: Secret[];
  /** Of an object by its whole name, the prefix included. */
  urlOf: (key: string) => URL;
  listUrl: (prefix: string, marker: string | undefined) => URL;
  putHeaders: (condition: PutCondition | AnyCondition) => Record<string, string>;
  sign: (wanted: Wanted) => Promise<Call>;
  versionOf: (answer: CallAnswer & { kind: 'answered' }) => string | undefined;
  /** Codes of an answer which mean that there is no such object; any other absence is a failure. */
  absent: readonly string[];
  parseList: (text: string) => Listed;
  /** Which variables hold its credentials. */
  variables: string;
}

/** The service's own word for what went wrong: letters only, since anybody may have written it. */
export function codeOf({ headers, body }: Pick<CallAnswer & { kind: 'answered' }, 'headers' | 'body'>): string {
  const header = headers['x-ms-error-code'];
  const text = typeof header === 'string' ? header : /<Code>([^<]*)<\/Code>/.exec(body.slice(0, 65_536))?.[1];
  return /^[A-Za-z]{1,60}$/.exec(text ?? '')?.[0] ?? '';
}

const entities: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The texts of all elements of a name: lists of objects need no more of XML. */
export function textsOf(xml: string, element: string): string[] {
  return [...xml.matchAll(new RegExp(`<${element}>([^<]*)</${element}>`, 'g'))].map(([, text = '']) =>
    text.replaceAll(/&(amp|lt|gt|quot|apos);/g, (whole, name: string) => entities[name] ?? whole),
  );
}
