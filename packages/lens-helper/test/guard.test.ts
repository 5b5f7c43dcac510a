// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, beforeEach, describe, expect, test } from '@jest/globals';
import { Bench, busybox, type Container, collect, untilSaid } from './testing/bench.ts';

let bench: Bench;
let app: Container;
let debug: Container;

beforeAll(async () => {
  bench = await Bench.open();
  const podUid = await bench.pod();
  app = await bench.start(podUid, { image: busybox, env: { MARK: 'x y', EMPTY: '' } });
  debug = await bench.debug(podUid, { joinPidOf: app.id });
});

afterAll(async () => bench[Symbol.asyncDispose]());

const enter = (script: string, ...options: string[]) =>
  bench.run(debug, { args: ['enter', '--pid', '1', ...options, '--', 'sh'], input: script });

/** State and command of every process but the first ones of the containers and the one that asks. */
async function others(): Promise<string[]> {
  const { out } = await bench.sh(
    debug,
    `for p in /proc/[0-9]*; do
    [ "$p" = /proc/$$ ] || [ ! -e $p/stat ] || { read -r stat < $p/stat; printf '%s|%s\\n' "$stat" "$(tr '\\0' ' ' < $p/cmdline)"; }
  done; true`,
  );
  return out
    .split('\n')
    .filter(line => line !== '' && !line.includes('catatonit') && !/\/bin\/busybox sh *$/.test(line));
}

beforeEach(async () => {
  expect(await others()).toEqual([]);
});

const startTime = async () =>
  (await bench.run(debug, { args: ['find', '--container-id', app.id] })).out.trim().split(' ')[4] ?? '';

describe('the shell in the target', () => {
  test('ends with its own status', async () => {
    expect(await enter('exit 7')).toMatchObject({ status: 7 });
    expect(await enter('kill -9 $$')).toMatchObject({ status: 137 });
    expect(await enter('')).toMatchObject({ status: 0, out: '', err: '' });
  });

  test('keeps its channels apart and lets every byte through', async () => {
    const { out, err } = await enter(String.raw`printf 'a\0\377\r\nb'; printf 'e\0\376' >&2`);
    expect({ out, err }).toEqual({ out: 'a\0\xff\r\nb', err: 'e\0\xfe' });
  });

  test('has three open files, starts in the root, and has a plain environment', async () => {
    const script = '[ -e /proc/$$/fd/5 ] || echo closed; pwd; cat /proc/$$/environ | tr "\\0" "\\n"';
    const { out } = await bench.sh(
      debug,
      `exec 5</etc/passwd; echo '${script}' | SECRET=x /cinc-scan/helper enter --pid 1 -- sh`,
    );
    expect(out).toMatch(/^closed\n\/\nPATH=\S+\nHOME=\/\n$/);
  });

  test('has the environment of the target if asked to', async () => {
    const { out } = await enter('echo "[$MARK][$EMPTY][$HOSTNAME]"', '--target-environ');
    expect(out).toBe('[x y][][web-0]\n');
  });

  test('is entered only if the target is the one that was found', async () => {
    const start = await startTime();
    expect(await enter('echo in', '--starttime', start)).toMatchObject({ status: 0, out: 'in\n' });
    const wrong = String(Number(start) + 1);
    const err = 'cinc-scan-helper: check-target: /proc/1: another process has this number now\n';
    expect(await enter('echo in', '--starttime', wrong)).toEqual({ status: 3, out: '', err });
    for (const args of [
      ['probe', '--pid', '1', '--starttime', wrong],
      ['file', '--pid', '1', '--starttime', wrong, 'cat', '/etc/passwd'],
    ])
      expect(await bench.run(debug, { args })).toEqual({ status: 3, out: '', err });
  });

  test('is not entered if the target is gone', async () => {
    const { out } = await bench.sh(debug, 'sh -c "exit 0" & echo $!; wait');
    const pid = out.trim();
    for (const args of [
      ['enter', '--pid', pid, '--', 'sh'],
      ['probe', '--pid', pid],
      ['file', '--pid', pid, 'cat', '/'],
    ])
      expect(await bench.run(debug, { args })).toEqual({
        status: 3,
        out: '',
        err: `cinc-scan-helper: find-target: /proc/${pid}: No such file or directory\n`,
      });
  });

  test('that is not there is named', async () => {
    expect(await enter('', '--shell', '/no/shell')).toMatchObject({
      status: 8,
      err: 'cinc-scan-helper: open-shell: /no/shell: No such file or directory\n',
    });
    expect(await enter('', '--shell', '/tmp')).toMatchObject({ status: 8 });
    expect(await enter('', '--shell', '/etc/passwd')).toMatchObject({
      status: 8,
      err: 'cinc-scan-helper: exec-shell: /etc/passwd: Permission denied\n',
    });
    const probe = await bench.run(debug, { args: ['probe', '--pid', '1', '--shell', '/no/shell'] });
    expect(probe.out).toBe('files-only open-shell No such file or directory -\n');
  });
});

const readParent = 'read -r _ _ _ helper _ </proc/$PPID/stat';
const ways: [way: string, options: string[], toHelper: string][] = [
  ['', [], 'helper=$PPID'],
  [' below a supervisor', ['--mark', 'mark'], readParent],
  [' as the target', ['--as-target', '--mark', 'mark'], readParent],
];

describe.each(ways)('nothing goes on running%s', (_, options, toHelper) => {
  const background = `sleep 1000 & setsid sleep 1001 & (setsid sh -c 'sleep 1002 & setsid sleep 1003') >/dev/null 2>&1 &
    nohup sleep 1004 >/dev/null 2>&1 & trap '' TERM HUP ALRM INT; echo up\n`;

  test('after the shell ended', async () => {
    expect(await enter(`${background}exit 3\n`, ...options)).toMatchObject({ status: 3, out: 'up\n' });
    expect(await others()).toEqual([]);
  });

  test('after the deadline', async () => {
    const answer = await enter(`${background}while :; do :; done\n`, '--deadline-seconds', '4', ...options);
    expect(answer).toEqual({ status: 12, out: 'up\n', err: 'cinc-scan-helper: deadline: shell: its time is over\n' });
    expect(await others()).toEqual([]);
  });

  test('after the helper was asked to end', async () => {
    const process = await bench.spawn(debug, ['enter', '--pid', '1', ...options, '--', 'sh']);
    const ended = collect(process);
    process.stdin.write(`${background}${toHelper}; echo "pid $helper"; while :; do :; done\n`);
    const said = await untilSaid(process.stdout, '\npid ');
    await bench.sh(debug, `kill -TERM ${/pid (\d+)/.exec(said)?.[1] ?? ''}`);
    expect((await ended).status).toBe(143);
    expect(await others()).toEqual([]);
  });

  test('after the group of the shell was killed', async () => {
    const process = await bench.spawn(debug, ['enter', '--pid', '1', ...options, '--', 'sh']);
    const ended = collect(process);
    process.stdin.write(`${background}echo "pid $$"; while :; do :; done\n`);
    const said = await untilSaid(process.stdout, '\npid ');
    await bench.sh(debug, `kill -9 -${/pid (\d+)/.exec(said)?.[1] ?? ''}`);
    expect((await ended).status).toBe(137);
    expect(await others()).toEqual([]);
  });

  test('after the helper itself was killed, but for what had left its group', async () => {
    const process = await bench.spawn(debug, ['enter', '--pid', '1', ...options, '--', 'sh']);
    const ended = collect(process);
    process.stdin.write(`${toHelper}; echo "pid $helper"; while :; do :; done\n`);
    const said = await untilSaid(process.stdout, 'pid ');
    await bench.sh(debug, `kill -9 ${/pid (\d+)/.exec(said)?.[1] ?? ''}`);
    expect((await ended).status).toBe(137);
    await bench.sh(debug, 'while ps -o args | grep -q "^sh$"; do :; done');
  });
});
