// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Bench, type Container, tools } from './testing/bench.ts';

let bench: Bench;
let pod: string;

beforeAll(async () => {
  bench = await Bench.open();
  pod = await bench.pod();
});

afterAll(async () => bench[Symbol.asyncDispose]());

const start = (stdin: boolean, ...args: string[]): Promise<Container> =>
  bench.start(pod, { image: tools, command: ['/cinc-scan/helper', 'idle', ...args], stdin });

const epoch = () => Math.floor(Date.now() / 1000);

describe('a container that waits', () => {
  test('ends well after its time', async () => {
    const container = await start(true, '--deadline-seconds', '1');
    expect((await container.ended).exitCode).toBe(0);
  });

  test('ends well at a point in time, also if that has passed when it starts', async () => {
    for (const until of [epoch() + 1, epoch() - 1000]) {
      const container = await start(true, '--until', String(until), '--deadline-seconds', '1000');
      expect((await container.ended).exitCode).toBe(0);
    }
  });

  test('ends well when its input ends', async () => {
    const container = await start(false, '--deadline-seconds', '1000');
    expect((await container.ended).exitCode).toBe(0);
    const waiting = await start(true, '--deadline-seconds', '1000');
    const process = await bench.spawn(waiting, ['idle', '--deadline-seconds', '1000']);
    process.stdin.write('what is said is ignored\n'.repeat(1000));
    process.stdin.end();
    expect((await process.ended).exitCode).toBe(0);
    await waiting.stop(0);
  });

  test('ends well when asked to, as the first process too', async () => {
    const containers = await Promise.all([
      start(true, '--deadline-seconds', '1000'),
      start(false, '--ignore-stdin'),
      start(true),
    ]);
    for (const container of containers) {
      await bench.sh(container, 'true');
      await container.stop(30);
      expect(await container.ended).toMatchObject({ exitCode: 0 });
    }
  });

  test('buries orphans', async () => {
    const container = await start(true, '--deadline-seconds', '1000');
    const orphans = 'i=0; while [ $i -lt 50 ]; do (sh -c "exit 3" &); i=$((i + 1)); done';
    const gone = 'while grep -lq "^State:.Z" /proc/[0-9]*/status 2>/dev/null; do :; done; echo gone';
    await bench.sh(container, orphans);
    expect((await bench.sh(container, gone)).out).toBe('gone\n');
    await container.stop(0);
  });

  test('refuses what it does not know', async () => {
    const container = await start(true, '--deadline-seconds', '100');
    for (const args of [['--deadline-seconds', '1h'], ['--until', ''], ['--pid', '1'], ['more'], ['--', 'x']])
      expect(await bench.run(container, { args: ['idle', ...args] })).toMatchObject({ status: 2, out: '' });
    await container.stop(0);
  });
});
