// SPDX-License-Identifier: Apache-2.0
// All that a team owns at a service, as one file.
import { createReadStream } from 'node:fs';
import { problemOf, ScanError, streamCall } from '@cinc-scan/core';
import type { Command } from 'commander';
import { readExport } from '../export/read-export.ts';
import { readServer, type ServerOptions, type ServerPlace, withServer } from './server-place.ts';
import { writeWhole } from './whole-file.ts';

export function addExportCommand(program: Command): void {
  withServer(program.command('export'))
    .description('write all that a team owns at a service into one file: takes a key of its administrator')
    .requiredOption('-o, --output <file>', 'file to make (tar, compressed with zstd)')
    .action(exportAll);
}

const silenceMs = 60_000;

async function exportAll({ output, ...options }: ServerOptions & { output: string }): Promise<void> {
  const pieces = await open(readServer(options));
  const { lists, contents } = await writeWhole(output, async (sink, draft) => {
    await sink(pieces);
    // What has the name is whole: a connection that broke leaves none.
    return readExport(createReadStream(draft), { onItem: () => undefined, contentFor: () => undefined });
  });
  const items = lists.reduce((sum, { lines }) => sum + lines, 0);
  process.stdout.write(`Written to ${output}: ${items} items and ${contents} contents\n`);
}

async function open({ server, key }: ServerPlace): Promise<AsyncIterable<Buffer>> {
  const url = new URL('/api/v1/export', server);
  const headers = { authorization: `Bearer ${key.reveal()}` };
  const answer = await streamCall({ method: 'GET', url, headers }, { timeoutMs: silenceMs, environment: process.env });
  if (answer.kind === 'answered' && answer.status === 200) return answer.pieces;
  if (answer.kind === 'answered' && [401, 403].includes(answer.status))
    throw new ScanError('SERVICE_FORBIDDEN', `The service gives no export to this key: ${problemOf(answer)}`);
  throw new ScanError('SERVICE_UNREACHABLE', `The service gave no export: ${problemOf(answer)}`);
}
