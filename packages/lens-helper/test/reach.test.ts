// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Bench, busybox, type Container } from './testing/bench.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.open();
});

afterAll(async () => bench[Symbol.asyncDispose]());

/** A container without rights, the tools beside it, and a third that may do everything, for as long as its command runs. */
async function beside(command: string): Promise<Container> {
  const podUid = await bench.pod();
  const security = { dropCapabilities: ['ALL'] };
  const app = await bench.start(podUid, { image: busybox, command: ['sleep', '1000'], security });
  const debug = await bench.debug(podUid, { joinPidOf: app.id });
  await bench.start(podUid, {
    image: busybox,
    name: 'strong',
    command: ['sh', '-c', command],
    joinPidOf: app.id,
    security: { privileged: true },
  });
  return debug;
}

describe('who could reach the tools', () => {
  test('is nobody that is gone, or without rights, by the time it could', async () => {
    const debug = await beside('sleep 1');
    expect(await bench.run(debug, { args: ['reach'] })).toEqual({ status: 0, out: 'guarded\n', err: '' });
  });

  test('is whoever may do everything and stays', async () => {
    const debug = await beside('sleep 1000');
    const { status, out } = await bench.run(debug, { args: ['reach'] });
    expect({ status, out }).toEqual({ status: 0, out: expect.stringMatching(/^reachable \d+\n$/) });
  });

  test('is whoever hands its rights on, however often', async () => {
    const debug = await beside('while :; do sleep 0.2 & wait; done');
    const { out } = await bench.run(debug, { args: ['reach'] });
    expect(out).toMatch(/^reachable \d+\n$/);
  });
});
