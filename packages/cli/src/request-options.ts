// SPDX-License-Identifier: Apache-2.0
// A scan whose request is a document: written with --print-request, run with -f.
import { stdin } from 'node:process';
import {
  mostRequestBytes,
  printRequest,
  type Raw,
  readDocument,
  readDocumentFile,
  ScanError,
  type ScanRequest,
  toScanRequest,
  type Values,
} from '@cinc-scan/core';
import { listenForCancel } from './cancel.ts';
import { makeStudyDeps } from './dependencies.ts';
import { OptionSet } from './option-set.ts';
import { makeProgress } from './progress.ts';
import { print, type Terminal } from './terminal.ts';

export const requestOptions = new OptionSet()
  .heading('As a document:')
  .option('-f, --file <request>', 'run this request, a document that --print-request wrote; - is standard input')
  .option('--print-request', 'write the request with all that its files hold, and scan nothing');

/** What was asked for. */
export interface AskedScan {
  values: Values;
  request: ScanRequest;
}

/** The scan that a document asks for. Only what belongs to whoever runs it comes from flags and variables. */
export async function openScan(
  file: string,
  { flags, config }: { flags: Raw; config: string | undefined },
  { environment, log }: Terminal,
): Promise<AskedScan> {
  if (config !== undefined)
    throw new ScanError('USAGE', '--config cannot be combined with a request document, which is whole', {
      remedy: 'Change the document, or scan without -f.',
    });
  const document = file === '-' ? { name: 'standard input', text: await readStream() } : readDocumentFile(file);
  const { values, contents } = readDocument(document, { flags, environment });
  log.format = values['log-format'];
  return { values, request: toScanRequest(values, contents) };
}

async function readStream(): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stdin) {
    if (!Buffer.isBuffer(chunk)) continue;
    size += chunk.length;
    chunks.push(chunk);
    if (size > mostRequestBytes) break; // parseRequest refuses what is too large
  }
  return Buffer.concat(chunks).toString('utf8');
}

/** Writes the request of these values to standard output. */
export async function writeRequest(values: Values, terminal: Terminal): Promise<number> {
  using cancel = listenForCancel(terminal);
  await using deps = makeStudyDeps(values, terminal, { emit: makeProgress(values, terminal), signal: cancel.signal });
  await print(terminal.data, await printRequest(values, deps));
  return 0;
}
