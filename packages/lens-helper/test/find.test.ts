// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { Bench, busybox, type Container, untilSaid } from './testing/bench.ts';

let bench: Bench;

beforeAll(async () => {
  bench = await Bench.open();
});

afterAll(async () => bench[Symbol.asyncDispose]());

interface Found {
  pid: number;
  uid: string;
  start: string;
}

async function find(debug: Container, ...args: string[]): Promise<Found> {
  const { status, out, err } = await bench.run(debug, { args: ['find', ...args] });
  expect({ status, err }).toEqual({ status: 0, err: '' });
  const [pid = '', uid = '', gid, permitted, start = '', ...more] = out.trim().split(' ');
  expect(out).toBe(`${pid} ${uid} ${gid} ${permitted} ${start}\n`);
  expect(more).toEqual([]);
  expect(permitted).toMatch(/^[0-9a-f]{16}$/);
  return { pid: Number(pid), uid, start };
}

const hold = ['sh', '-c', 'echo "$NAME" > /tmp/name; while :; do sleep 1000; done'];

/** Two containers of one image with one command in one process namespace, and a container of the tools image. */
async function twins(markers: [string, string]) {
  const podUid = await bench.pod({ shareProcessNamespace: true });
  const start = (marker: string) =>
    bench.start(podUid, { image: busybox, command: hold, env: { NAME: marker, CINC_SCAN_CONTAINER: marker } });
  const [one, two] = [await start(markers[0]), await start(markers[1])];
  return { podUid, one, two, debug: await bench.debug(podUid, { env: { CINC_SCAN_CONTAINER: 'scanner' } }) };
}

const name = async (debug: Container, { pid }: Found) => (await bench.enter(debug, 'cat /tmp/name', pid)).out.trim();

describe('a target is found by its container', () => {
  test('by the id, among look-alikes', async () => {
    const { one, two, debug } = await twins(['one', 'two']);
    const [first, second] = [await find(debug, '--container-id', one.id), await find(debug, '--container-id', two.id)];
    expect(first.pid).not.toBe(second.pid);
    expect([await name(debug, first), await name(debug, second)]).toEqual(['one', 'two']);
  });

  test('by a marker in its environment, among look-alikes', async () => {
    const { debug } = await twins(['one', 'two']);
    for (const marker of ['two', 'one']) {
      expect(await name(debug, await find(debug, '--marker', `CINC_SCAN_CONTAINER=${marker}`))).toBe(marker);
    }
  });

  test('a marker has to be a whole variable', async () => {
    const { debug } = await twins(['one', 'one-more']);
    expect(await name(debug, await find(debug, '--marker', 'CINC_SCAN_CONTAINER=one'))).toBe('one');
    for (const marker of ['CINC_SCAN_CONTAINER=on', 'INC_SCAN_CONTAINER=one', 'CINC_SCAN_CONTAINER=']) {
      expect(await bench.run(debug, { args: ['find', '--marker', marker] })).toMatchObject({ status: 4, out: '' });
    }
  });

  test('a marker that two containers carry is refused', async () => {
    const { debug } = await twins(['same', 'same']);
    expect(await bench.run(debug, { args: ['find', '--marker', 'CINC_SCAN_CONTAINER=same'] })).toEqual({
      status: 7,
      out: '',
      err: 'cinc-scan-helper: find: CINC_SCAN_CONTAINER=same: processes of more than one container answer to this\n',
    });
  });

  test('our own container is none, whatever it carries', async () => {
    const { debug } = await twins(['one', 'two']);
    const byMarker = await bench.run(debug, { args: ['find', '--marker', 'CINC_SCAN_CONTAINER=scanner'] });
    const byId = await bench.run(debug, { args: ['find', '--container-id', debug.id] });
    expect([byMarker.status, byId.status]).toEqual([4, 4]);
    expect(byId.err).toBe(`cinc-scan-helper: find: ${debug.id}: no such process\n`);
  });

  test('a name of a process counts for nothing', async () => {
    const { one, two, debug } = await twins(['one', 'two']);
    await bench.sh(two, `exec -a ${one.id} sleep 1000 & echo "CINC_SCAN_CONTAINER=one" > /proc/self/comm; sleep 0`);
    expect(await name(debug, await find(debug, '--container-id', one.id))).toBe('one');
    expect(await name(debug, await find(debug, '--marker', 'CINC_SCAN_CONTAINER=one'))).toBe('one');
  });

  test('the first process of the container is named, not what was started in it later; --all names both', async () => {
    const { one, debug } = await twins(['one', 'two']);
    const later = await bench.runtime.exec(one.id, ['sh', '-c', 'echo up; exec sleep 1000'], { stdin: false });
    await untilSaid(later.stdout, 'up');
    const first = await find(debug, '--container-id', one.id);
    const { out } = await bench.run(debug, { args: ['find', '--container-id', one.id, '--all'] });
    const all = out
      .trim()
      .split('\n')
      .map(line => Number(line.split(' ')[0]));
    expect(all.length).toBeGreaterThan(1);
    expect(Math.min(...all)).toBe(first.pid);
    later.kill();
  });

  test('a non-root target that root may ask is found by its marker, with its user', async () => {
    const { debug } = await bench.pair({ env: { MARK: 'x' }, security: { uid: 65532, gid: 65532 } });
    expect(await find(debug, '--marker', 'MARK=x')).toMatchObject({ pid: 1, uid: '65532' });
  });

  test('a marker that may not be read is a refusal that names what is missing', async () => {
    const { app, debug } = await bench.pair({ env: { MARK: 'x' } }, { uid: 65532, gid: 65532 });
    const asked = await bench.run(debug, { args: ['find', '--marker', 'MARK=x'] });
    expect(asked).toMatchObject({ status: 5, out: '' });
    expect(asked.err).toMatch(
      /^cinc-scan-helper: find: \/proc\/1\/environ: Permission denied: missing CAP_CHOWN,.*\n$/,
    );
    expect(await find(debug, '--container-id', app.id)).toMatchObject({ pid: 1, uid: '0' });
  });

  test('a target that starts later is waited for, up to a limit', async () => {
    const { podUid, debug } = await twins(['one', 'two']);
    const waiting = find(debug, '--marker', 'NAME=late', '--wait-ms', '30000');
    await bench.start(podUid, { image: busybox, command: hold, env: { NAME: 'late' } });
    expect(await name(debug, await waiting)).toBe('late');
    const never = ['find', '--marker', 'NAME=never', '--wait-ms', '50'];
    expect((await bench.run(debug, { args: never })).status).toBe(4);
  });

  test('an environment of any size is read', async () => {
    const big = Object.fromEntries(Array.from({ length: 12 }, (_, i) => [`BIG${i}`, 'x'.repeat(120_000)]));
    const { debug } = await bench.pair({ env: { ...big, LAST: 'x' } });
    expect((await find(debug, '--marker', 'LAST=x')).pid).toBe(1);
    expect((await find(debug, '--marker', `BIG11=${'x'.repeat(120_000)}`)).pid).toBe(1);
  });
});

describe('what cannot be a container or a marker is a mistake of usage', () => {
  const mistakes = [
    [],
    ['--container-id', ''],
    ['--container-id', 'abc'],
    ['--container-id', `containerd://${'a'.repeat(64)}`],
    ['--container-id', 'A'.repeat(64)],
    ['--marker', 'no-value'],
    ['--marker', '=x'],
    ['--container-id', 'a'.repeat(64), '--marker', 'A=b'],
    ['--container-id'],
    ['--pid', '1'],
    ['--container-id', 'a'.repeat(64), '--wait-ms', '-1'],
  ];

  test.each(mistakes.map(args => [args.join(' ').slice(0, 60), args] as const))('find %s', async (_, args) => {
    const { debug } = await shared;
    const { status, out, err } = await bench.run(debug, { args: ['find', ...args] });
    expect({ status, out }).toEqual({ status: 2, out: '' });
    expect(err).toMatch(/^cinc-scan-helper: \S+: .*: [^\n]+\n$/);
  });

  let shared: ReturnType<Bench['pair']>;
  beforeAll(async () => {
    shared = bench.pair();
    await shared;
  });
});
