// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ScanError, toMessage } from '../errors/index.ts';
import { credentialsRemedy } from './download.ts';
import { limits, refuseArchive } from './entries.ts';
import type { Fetching } from './fetching.ts';
import type { GitSource } from './source.ts';

const timeoutMs = 120_000;
const mostRepositoryBytes = 512 * 1_048_576;
const watchMs = 250;

const isCommit = (ref: string) => /^(?:[0-9a-f]{40}|[0-9a-f]{64})$/.test(ref);

/** A ref as the repository has it: its full name, and the commit it stands for now. */
export interface ResolvedRef {
  name: string;
  commit: string;
}

/** What the repository says the ref is; a commit is what it is. */
export async function resolveRef(source: GitSource, fetching: Fetching): Promise<ResolvedRef> {
  const { ref, remote } = source;
  if (ref !== undefined && isCommit(ref)) return { name: ref, commit: ref };
  const names = ref === undefined ? ['HEAD'] : candidates(ref);
  const found = parseRefs(await git(source, fetching, { args: ['ls-remote', '--', remote, ...names] }));
  const name = names.find(each => !each.endsWith('^{}') && found.has(each));
  if (name === undefined)
    throw new ScanError('PROFILE_MISSING', `${remote} has no branch or tag ${JSON.stringify(ref ?? 'HEAD')}`, {
      remedy: 'Name a branch, a tag, or a commit by all its digits.',
    });
  // `^{}` is the commit of an annotated tag.
  return { name, commit: found.get(`${name}^{}`) ?? found.get(name) ?? '' };
}

/** The commit that a source means now. */
export async function resolveCommit(source: GitSource, fetching: Fetching): Promise<string> {
  return (await resolveRef(source, fetching)).commit;
}

function parseRefs(listed: Buffer): Map<string, string> {
  const lines = listed.toString('utf8').split('\n');
  const pairs = lines.map(line => line.split('\t')).filter(([commit = '']) => isCommit(commit));
  return new Map(pairs.map(([commit = '', name = '']) => [name, commit]));
}

/** As `git fetch` looks for a name: a tag before a branch. */
function candidates(ref: string): string[] {
  const full = ref.startsWith('refs/') ? [ref] : [`refs/tags/${ref}`, `refs/heads/${ref}`];
  return full.flatMap(name => [name, `${name}^{}`]);
}

/** All files of one commit as a tar file; nothing of the repository is checked out, filtered or run. */
export async function fetchCommit(
  source: GitSource,
  { name }: ResolvedRef,
  fetching: Fetching,
): Promise<{ commit: string; tar: Buffer }> {
  const folder = await mkdtemp(join(fetching.scratch, 'g'));
  const run = (...args: string[]) => git(source, fetching, { args, folder });
  try {
    await run('init', '--quiet', '--bare', '.');
    await mkdir(join(folder, 'info'), { recursive: true });
    // The files as they are in the repository, whatever its attributes want to make of them.
    await writeFile(
      join(folder, 'info', 'attributes'),
      '* -text -eol -ident -filter -working-tree-encoding -export-ignore -export-subst\n',
    );
    await watched(folder, () =>
      run('fetch', '--quiet', '--depth=1', '--no-tags', '--no-recurse-submodules', '--', source.remote, name),
    );
    const commit = (await run('rev-parse', '--verify', 'FETCH_HEAD^{commit}')).toString('utf8').trim();
    if (!isCommit(commit)) throw unreachable(source, 'git names no commit');
    return { commit, tar: await run('archive', '--format=tar', commit) };
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Command {
  args: string[];
  folder?: string;
}

async function git(source: GitSource, fetching: Fetching, { args, folder }: Command): Promise<Buffer> {
  const { path, signal, scratch } = fetching;
  try {
    return await new Promise<Buffer>((resolve, reject) => {
      execFile(
        'git',
        args,
        {
          cwd: folder ?? scratch,
          env: { PATH: path, HOME: scratch, LANG: 'C', ...environmentOf(source, fetching) },
          encoding: 'buffer',
          timeout: timeoutMs,
          killSignal: 'SIGKILL',
          maxBuffer: limits.bytes + limits.entries * 1024,
          ...(signal && { signal }),
        },
        (error, stdout, stderr) =>
          error === null ? resolve(stdout) : reject(Object.assign(error, { said: stderr.toString('utf8') })),
      ).stdin?.end();
    });
  } catch (error) {
    if (signal?.aborted === true) throw signal.reason;
    throw toFailure(source, error);
  }
}

// What the user set for git and the network is theirs; what would let git ask, run or read anything else is not passed.
const passed = [
  'HTTPS_PROXY',
  'https_proxy',
  'ALL_PROXY',
  'all_proxy',
  'NO_PROXY',
  'no_proxy',
  'GIT_SSL_CAINFO',
  'GIT_SSL_CAPATH',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'CURL_CA_BUNDLE',
  'SSH_AUTH_SOCK',
  'GIT_SSH_COMMAND',
];

function environmentOf(source: GitSource, { environment, credentials }: Fetching): Record<string, string> {
  const own = Object.fromEntries(
    passed.flatMap(name => {
      const value = environment[name];
      return value === undefined ? [] : [[name, value]];
    }),
  );
  const header = source.transport === 'https' ? credentials.headerFor(new URL(source.remote)) : undefined;
  const settings: [string, string][] = [
    ['core.hooksPath', '/dev/null'],
    ['credential.helper', ''],
    ['http.followRedirects', 'false'],
    // In the environment of this one child: its arguments everyone can read.
    ...(header
      ? [
          [`http.${new URL(source.remote).origin}/.extraHeader`, `Authorization: ${header.reveal()}`] as [
            string,
            string,
          ],
        ]
      : []),
  ];
  const numbered = settings.flatMap(([key, value], index): [string, string][] => [
    [`GIT_CONFIG_KEY_${index}`, key],
    [`GIT_CONFIG_VALUE_${index}`, value],
  ]);
  return {
    GIT_SSH_COMMAND: 'ssh -oBatchMode=yes',
    ...own,
    GIT_CONFIG_NOSYSTEM: '1',
    GIT_CONFIG_GLOBAL: '/dev/null',
    GIT_TERMINAL_PROMPT: '0',
    GIT_ASKPASS: '',
    SSH_ASKPASS_REQUIRE: 'never',
    // Of all that git could be made to run, `ext::` say, this one.
    GIT_ALLOW_PROTOCOL: source.transport,
    GIT_CONFIG_COUNT: String(settings.length),
    ...Object.fromEntries(numbered),
  };
}

/** Git has no limit of its own for what it fetches. */
async function watched<T>(folder: string, work: () => Promise<T>): Promise<T> {
  const state = { tooLarge: false };
  const refuseTooLarge = async () => {
    if (state.tooLarge || (await sizeOf(folder)) <= mostRepositoryBytes) return;
    state.tooLarge = true;
    await rm(folder, { recursive: true, force: true }); // which ends git
  };
  const timer = setInterval(() => void refuseTooLarge(), watchMs);
  try {
    return await work();
  } catch (error) {
    if (!state.tooLarge) throw error;
    throw refuseArchive(`the repository is larger than ${mostRepositoryBytes} bytes`, error);
  } finally {
    clearInterval(timer);
  }
}

async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true }).catch(() => []);
  const sizes = entries
    .filter(entry => entry.isFile())
    .map(entry =>
      stat(join(entry.parentPath, entry.name)).then(
        found => found.size,
        () => 0,
      ),
    );
  return (await Promise.all(sizes)).reduce((sum, size) => sum + size, 0);
}

const unreachable = ({ remote }: GitSource, why: string, details: { cause?: unknown; remedy?: string } = {}) =>
  new ScanError('PROFILE_UNREACHABLE', `${remote} cannot be fetched: ${why}`, details);

function toFailure(source: GitSource, error: unknown): ScanError {
  const { code, said, killed } = parseFailure(error);
  if (code === 'ENOENT')
    return unreachable(source, 'there is no git on the PATH', { remedy: 'Install git.', cause: error });
  if (code === 'ERR_CHILD_PROCESS_STDIO_MAXBUFFER')
    return refuseArchive(`it is larger than ${limits.bytes} bytes`, error);
  if (killed) return unreachable(source, `git did not end within ${timeoutMs / 1000} s`, { cause: error });
  if (/returned error: 30\d/.test(said))
    return new ScanError('PROFILE_REFUSED', `${source.remote} redirects to another address`, {
      cause: error,
      remedy: 'Name the address that it leads to, if that is where the profile should come from.',
    });
  const words = said.trim().split('\n').slice(-2).join(' ') || toMessage(error);
  const isPrivate = /Authentication failed|could not read Username|returned error: 40[134]/.test(said);
  return unreachable(source, words, { cause: error, ...(isPrivate && { remedy: credentialsRemedy }) });
}

function parseFailure(error: unknown): { code: unknown; said: string; killed: boolean } {
  if (typeof error !== 'object' || error === null) return { code: undefined, said: '', killed: false };
  return {
    code: 'code' in error ? error.code : undefined,
    said: 'said' in error ? String(error.said) : '',
    killed: 'killed' in error && error.killed === true,
  };
}
