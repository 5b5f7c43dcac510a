// SPDX-License-Identifier: Apache-2.0
// A scan that a service does; what is shown and how it ends is as if it was done here.
import { tmpdir } from 'node:os';
import { type Scan, type ServerDeps, type Sources, scanAtServer, toServerRequest, type Values } from '@cinc-scan/core';
import { listenForCancel } from './cancel.ts';
import { makeConsole, platformSecretsOf, toolVersion } from './dependencies.ts';
import { makeTeller } from './progress.ts';
import type { Terminal } from './terminal.ts';

/** Asks the service, waits, and writes the reports. */
export async function scanThere(values: Values, sources: Sources, terminal: Terminal): Promise<Scan> {
  const request = toServerRequest(values, sources);
  using cancel = listenForCancel(terminal, 'telling the scan service');
  return await scanAtServer(request, makeServerDeps(values, terminal, cancel.signal));
}

const makeServerDeps = (values: Values, terminal: Terminal, signal: AbortSignal): ServerDeps => ({
  tool: { name: 'cinc-scan', version: toolVersion() },
  secrets: platformSecretsOf(terminal),
  environment: terminal.environment,
  temporary: tmpdir(),
  workspace: terminal.cwd,
  ...makeConsole(terminal),
  signal,
  tell: makeTeller(values, terminal),
});
