// SPDX-License-Identifier: Apache-2.0
import { ScanError, toMessage, unquoted } from '@cinc-scan/core';
import { type Document, LineCounter, parseAllDocuments } from 'yaml';
import { applied, isSame, type Operation } from './operation.ts';
import { type PodPlan, planPod } from './pod-plan.ts';
import type { SidecarSettings } from './settings.ts';
import { findPods } from './workloads.ts';
import { edited, NotEditable } from './yaml-edit.ts';

export interface Injection {
  /** The manifest with the containers in it; the very same text if nothing was amiss. */
  text: string;
  pods: Omit<PodPlan, 'operations'>[];
}

const maxBytes = 16 * 1024 * 1024;

/** Puts the scanner container into every pod of a manifest. Nothing but what it needs is changed, not by a byte. */
export function inject(text: string, name: string, settings: SidecarSettings): Injection {
  if (Buffer.byteLength(text) > maxBytes)
    throw new ScanError('INPUT_INVALID', `${name} is larger than ${maxBytes} bytes`);
  const documents = parse(text, name);
  const operations: { document: Document; operation: Operation }[] = [];
  const pods: Injection['pods'] = [];
  for (const { document, value } of documents)
    for (const place of findPods(value)) {
      const { operations: own, ...pod } = planPod(value, place, settings);
      pods.push(pod);
      operations.push(...own.map(operation => ({ document, operation })));
    }
  if (operations.length === 0) return { text, pods };
  return { text: edit({ text, name, documents }, operations), pods };
}

interface Parsed {
  document: Document;
  value: unknown;
}

// YAML 1.1 is what Kubernetes' own parser reads: there `hostPID: yes` is true, and `<<` merges.
function parse(text: string, name: string): Parsed[] {
  const lines = new LineCounter();
  const options = { version: '1.1', lineCounter: lines, prettyErrors: false, logLevel: 'error' } as const;
  const documents = parseAllDocuments(text, options);
  return (Array.isArray(documents) ? documents : []).map(document => {
    const [error] = document.errors;
    if (error !== undefined) {
      const { line, col } = lines.linePos(error.pos[0]);
      throw new ScanError('INPUT_INVALID', `${name}:${line}:${col} is not YAML: ${unquoted(error.message)}`);
    }
    return { document, value: toValue(document, name) };
  });
}

function toValue(document: Document, name: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 }) as unknown;
  } catch (error) {
    // Without a cause: it is the message that quotes.
    throw new ScanError('INPUT_INVALID', `${name} is not a manifest: ${unquoted(toMessage(error))}`);
  }
}

interface Source {
  text: string;
  name: string;
  documents: Parsed[];
}

function edit({ text, name, documents }: Source, operations: { document: Document; operation: Operation }[]): string {
  const newline = text.includes('\r\n') ? '\r\n' : '\n';
  const context = { text, newline };
  let after: string;
  try {
    after = edited(context, operations);
  } catch (error) {
    if (!(error instanceof NotEditable)) throw error;
    throw uneditable(name, error.message, error);
  }
  const expected = documents.map(({ document, value }) =>
    operations
      .filter(each => each.document === document)
      .reduce((before, { operation }) => applied(before, operation), value),
  );
  // Whatever the form of the text was, it has to mean what it meant, and the container besides.
  if (!isSame(meaning(after), expected)) throw uneditable(name, 'the change would alter something else', undefined);
  return after;
}

function meaning(text: string): unknown {
  try {
    return parse(text, 'the result').map(({ value }) => value);
  } catch {
    return undefined;
  }
}

function uneditable(name: string, reason: string, cause: Error | undefined): ScanError {
  return new ScanError('INPUT_INVALID', `${name} cannot be changed in its present form: ${reason}`, {
    ...(cause !== undefined && { cause }),
    remedy: 'Write aliases, anchors and merge keys out where containers are defined, then try again.',
  });
}
