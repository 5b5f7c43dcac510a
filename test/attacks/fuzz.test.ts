// SPDX-License-Identifier: Apache-2.0
// Files of every kind that the command reads, each changed in a few places: it ends with a code that says so, and never
// with a 0 that was not deserved. packages/core/src/gate/fuzz.test.ts does the same to the readers one by one.
import { existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { formats } from '../../packages/core/src/report/testing/formats.ts';
import { hostileModel } from '../../packages/core/src/report/testing/hostile-model.ts';
import { hostileTexts } from '../../packages/core/src/report/testing/hostile-texts.ts';
import { findCommands } from '../../packages/core/src/report/testing/platforms.ts';
import { cacheHome } from '../support/caches.ts';
import { type CommandTranscript, commandHere } from '../support/command.ts';
import { objections } from '../support/law.ts';
import { type Subject, subjects } from './fuzz-subjects.ts';
import { mutateText, pick, randomOf, upTo } from './mutate.ts';
import { sampleOf } from './sample.ts';

const numbers = (count: number) => Array.from({ length: count }, (_, index) => index);
/** Some wait until they try again. */
const atOnce = 16;
/** Far beyond what an attempt takes on a busy machine: it is for one that would not end. */
const longestMs = 120_000;

const folder = mkdtempSync(join(tmpdir(), 'cinc-scan-fuzz-'));
/** The server of the kubeconfigs, and the proxy to any other that a change makes of it. */
const server = createServer((_request, response) => response.writeHead(403).end());
server.on('connect', (_request, socket) => socket.end('HTTP/1.1 403 Forbidden\r\n\r\n'));
beforeAll(() => new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => {
  server.close();
  server.closeAllConnections();
  rmSync(folder, { recursive: true });
});

function addressOf(): string {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return `http://127.0.0.1:${address.port}`;
}

function folderOf(files: Record<string, string>): string {
  const cwd = mkdtempSync(join(folder, 'w-'));
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(cwd, path)), { recursive: true });
    writeFileSync(join(cwd, path), text);
  }
  return cwd;
}

/** How one attempt ended, where that is not right. */
async function problemOf({ attempt, codes }: Subject, number: number): Promise<object | undefined> {
  const { files, args, env = {} } = attempt(randomOf(number), addressOf());
  const cwd = folderOf(files);
  const begin = performance.now();
  const ran = await commandHere(args, { cwd, env: { XDG_CACHE_HOME: cacheHome, ...env } });
  const problems = [
    ...endProblems(ran, codes),
    ...(performance.now() - begin < longestMs ? [] : ['it did not end']),
    ...(ran.code === 0 && existsSync(join(cwd, 'out')) ? objections(cwd, 'out') : []),
  ];
  rmSync(cwd, { recursive: true });
  return problems.length === 0 ? undefined : { number, problems, files, args, ...ran };
}

function endProblems({ code, stdout, stderr }: CommandTranscript, codes: readonly number[]): string[] {
  return [
    ...(codes.includes(code ?? -1) ? [] : [`exit code ${code}`]),
    ...(code === 0 || (stdout + stderr).trim() !== '' ? [] : ['it said nothing']),
    ...(stderr.match(/DEFECT|^\s+at .+:\d+:\d+/gm) ?? []),
  ];
}

describe.each(Object.entries(subjects))('damaged %s', (_, subject) => {
  const { cases, title } = sampleOf(numbers(2000));

  test(`end with a code that says so, in time, and never with a 0 that was not deserved (${title})`, async () => {
    const left = [...cases];
    const problems: object[] = [];
    const work = async () => {
      for (let number = left.pop(); number !== undefined; number = left.pop()) {
        const problem = await problemOf(subject, number);
        if (problem !== undefined) problems.push(problem);
      }
    };
    await Promise.all(numbers(atOnce).map(work));
    expect(problems).toEqual([]);
  }, 1_800_000);
});

const short = hostileTexts.filter(text => text.length < 200);

/** Some of the texts one after another, changed or not. */
function mixture(number: number): string {
  const random = randomOf(number);
  const parts = numbers(1 + upTo(random, 6)).map(() => short[upTo(random, short.length)] ?? '');
  const text = parts.join(pick(random, ['', ' ', '\n', '\r\n']));
  return random() < 0.5 ? text : mutateText(text, random);
}

describe.each(Object.entries(formats))('a report in %s', (_, { render, problems, problemsOfAll }) => {
  const { cases, title } = sampleOf(numbers(1000));

  test(`is valid and without effect, whatever texts come together in it (${title})`, async () => {
    const reports = cases.map(number => ({ number, report: render(hostileModel(mixture(number))) }));
    const wrong = reports.map(({ number, report }) => ({
      number,
      found: [...problems(report), ...findCommands(report)],
    }));
    expect(wrong.filter(({ found }) => found.length > 0)).toEqual([]);
    expect((await problemsOfAll?.(reports.map(({ report }) => report))) ?? []).toEqual([]);
  }, 600_000);
});
