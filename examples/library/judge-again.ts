// SPDX-License-Identifier: Apache-2.0
// cinc-scan scan deployment/web -n shop -p ./profile --print-request >request.json
// node judge-again.ts request.json
import * as core from '@cinc-scan/core';

const { argv, env: environment } = process;
const read = (folder: string) =>
  core.readDocument(core.readDocumentFile(argv[2] ?? 'request.json'), { flags: { 'output-dir': folder }, environment });

const deps = core.makeDeps(read('first').values, { environment, workspace: process.cwd() }); // both runs have one engine
try {
  for (const folder of ['first', 'second']) {
    const { values, contents } = read(folder);
    const { verdict } = await core.scan(core.toScanRequest(values, contents), deps);
    console.log(`${folder}: ${verdict.verdict}`);
  }
} finally {
  await deps[Symbol.asyncDispose]();
}

const again = core.judgeAgain(core.requireRun('second'), core.parseGate('{failed.total.max: 0}'));
console.log(`again: ${again.verdict.verdict}`);
