// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { chown, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const programs = '/usr/lib/postgresql/15/bin';

export interface PostgresServer extends AsyncDisposable {
  /** An empty database of its own. */
  makeDatabase(): Promise<string>;
}

/** A real PostgreSQL server on a socket in a folder of its own. It refuses to run as root. */
export async function startPostgres(): Promise<PostgresServer> {
  const folder = await mkdtemp(join(tmpdir(), 'cst-pg-'));
  const [uid, gid] = await accountOf('postgres');
  await chown(folder, uid, gid);
  const as = (program: string, ...args: string[]) =>
    run('setpriv', [`--reuid=${uid}`, `--regid=${gid}`, '--clear-groups', join(programs, program), ...args], {
      cwd: folder,
    });
  await as('initdb', '-D', join(folder, 'data'), '-A', 'trust', '--no-sync', '-U', 'owner', '--no-instructions');
  const options = `-c listen_addresses='' -c unix_socket_directories=${folder} -c fsync=off`;
  await as('pg_ctl', '-D', join(folder, 'data'), '-w', '-l', join(folder, 'log'), '-o', options, 'start');
  let count = 0;
  return {
    async makeDatabase() {
      count += 1;
      await as('createdb', '-h', folder, '-U', 'owner', `test${count}`);
      return `postgres://owner@/test${count}?host=${encodeURIComponent(folder)}`;
    },
    async [Symbol.asyncDispose]() {
      await as('pg_ctl', '-D', join(folder, 'data'), '-m', 'immediate', 'stop');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

async function accountOf(name: string): Promise<[uid: number, gid: number]> {
  const line = (await readFile('/etc/passwd', 'utf8')).split('\n').find(each => each.startsWith(`${name}:`));
  const [, , uid, gid] = line?.split(':') ?? [];
  if (uid === undefined || gid === undefined) throw new Error(`This machine has no account ${name}`);
  return [Number(uid), Number(gid)];
}
