// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '../errors/index.ts';

/** Where a profile comes from. */
export type ProfileSource =
  /** A folder or an archive of this machine. */
  | { kind: 'path'; path: string }
  /** An archive behind https, of which the content is known beforehand. */
  | { kind: 'url'; url: URL; sha256: string }
  | GitSource
  | { kind: 'config-map'; namespace: string | undefined; name: string };

export interface GitSource {
  kind: 'git';
  /** For git's own command line; checked, and without credentials. */
  remote: string;
  transport: 'https' | 'ssh' | 'file';
  /** A branch, a tag, or a whole commit id; undefined for what the repository has as its HEAD. */
  ref: string | undefined;
  /** Folder of the profile in the repository, `/` between its parts. */
  folder: string | undefined;
}

const forms =
  'PATH, https://HOST/FILE.tar.gz#sha256=DIGEST, git+https://HOST/REPOSITORY#ref=REF&path=FOLDER, git+ssh://…, git+file://…, configmap:[NAMESPACE/]NAME';

/** Reads what the user named; whatever looks like an address and is none that is safe is refused. */
export function parseSource(text: string): ProfileSource {
  if (text.startsWith('configmap:')) return parseConfigMap(text);
  if (/^git\+/i.test(text)) return parseGit(text.slice('git+'.length), text);
  if (/^https:/i.test(text)) return parseUrl(text);
  if (/^[a-z][a-z0-9+.-]*:{1,2}\/?\/?/i.test(text) && !/^[a-z]:[\\/]/i.test(text))
    throw new ScanError('PROFILE_REFUSED', `Profile ${showSource(text)}: expected ${forms}`, {
      remedy: /^http:/i.test(text) ? 'Fetch it over https.' : 'Name the profile in one of these forms.',
    });
  const [, host, repository] = /^(\w[\w.-]*@[A-Za-z0-9][\w.-]*):(?!\/\/)(.+)$/.exec(text) ?? [];
  if (host !== undefined) throw refuse(text, `a repository behind ssh is named git+ssh://${host}/${repository}`);
  return { kind: 'path', path: text };
}

function parseConfigMap(text: string): ProfileSource {
  const found = /^configmap:(?:([a-z0-9]([-a-z0-9]*[a-z0-9])?)\/)?([a-z0-9]([-.a-z0-9]*[a-z0-9])?)$/.exec(text);
  if (found?.[3] === undefined) throw refuse(text, 'expected configmap:NAME or configmap:NAMESPACE/NAME');
  return { kind: 'config-map', namespace: found[1], name: found[3] };
}

function parseUrl(text: string): ProfileSource {
  const url = parseAddress(text, text);
  if (/^#(?:ref|path)=/.test(url.hash)) throw refuse(text, `a repository is named git+${text}`);
  const { sha256, rest } = takeFragment(url, ['sha256'], text);
  if (sha256 === undefined)
    throw new ScanError(
      'PROFILE_UNPINNED',
      `Profile ${showSource(text)}: the URL is not pinned to a digest`,
      isArchive(url) ? {} : { remedy: `Name a repository as ${inGitForm(url)}; of an archive, add #sha256=DIGEST.` },
    );
  return { kind: 'url', url: rest, sha256: parseSha256(sha256, text) };
}

const isArchive = ({ pathname }: URL) => /\.(?:tar|tgz|tar\.gz|zip)$/i.test(pathname);

/** The repository of an address as a browser shows it, at the branch and folder that are looked at. */
function inGitForm({ origin, pathname }: URL): string {
  const [, repository = pathname, ref, folder] = /^(.+?)\/(?:-\/)?tree\/([^/]+)\/?(.*)$/.exec(pathname) ?? [];
  const behind = [ref && `ref=${ref}`, folder && `path=${folder}`].filter(Boolean).join('&');
  return `git+${origin}${repository.replace(/\/$/, '')}${behind === '' ? '' : `#${behind}`}`;
}

/** A SHA-256 in hex, as a user wrote it. */
export function parseSha256(given: string, what: string): string {
  if (!/^[0-9a-f]{64}$/i.test(given))
    throw refuse(what, `expected a SHA-256 of 64 hexadecimal digits, got ${JSON.stringify(given.slice(0, 80))}`);
  return given.toLowerCase();
}

function parseGit(address: string, text: string): GitSource {
  const url = parseAddress(address, text);
  const { ref, path, rest } = takeFragment(url, ['ref', 'path'], text);
  return toGitSource({ remote: rest.href.replace(/#$/, ''), ref, folder: path }, text);
}

/** A git source from its parts, as profiles name their dependencies; `what` names it in errors. */
export function toGitSource(
  { remote, ref, folder }: Pick<GitSource, 'remote' | 'ref' | 'folder'>,
  what: string,
): GitSource {
  // `git@host:path`, which is ssh.
  const scp = /^(?:[A-Za-z0-9_][\w.-]*@)[A-Za-z0-9][A-Za-z0-9.-]*:(?!\/\/)[\w./~-]+$/.test(remote);
  const transport = scp ? 'ssh' : transportOf(parseAddress(remote, what), what);
  if (ref !== undefined && !isRef(ref)) throw refuse(what, `${JSON.stringify(ref)} is not a branch, tag or commit`);
  return { kind: 'git', remote, transport, ref, folder: folder === undefined ? undefined : parseFolder(folder, what) };
}

function transportOf({ protocol, hostname }: URL, what: string): GitSource['transport'] {
  if (hostname.startsWith('-')) throw refuse(what, 'a host does not begin with a dash');
  switch (protocol) {
    case 'https:':
      return 'https';
    case 'ssh:':
      return 'ssh';
    case 'file:':
      return 'file';
    default:
      throw refuse(what, `git fetches over https, ssh or from a file here, not over ${protocol.slice(0, -1)}`);
  }
}

// git check-ref-format, and nothing that a command line or a pattern could take for something else.
function isRef(ref: string): boolean {
  return /^[A-Za-z0-9][\w./+@=-]*$/.test(ref) && !/\.\.|\/\/|@\{|\.lock(?:\/|$)|[./]$/.test(ref);
}

function parseFolder(folder: string, what: string): string {
  const parts = folder.split('/').filter(part => part !== '' && part !== '.');
  if (/[\\\0]/.test(folder) || folder.startsWith('/') || parts.includes('..'))
    throw refuse(what, `${JSON.stringify(folder)} leads out of the repository`);
  return parts.join('/');
}

function parseAddress(address: string, text: string): URL {
  let url: URL;
  try {
    url = new URL(address);
  } catch {
    throw refuse(text, `expected ${forms}`);
  }
  const isLogin = url.protocol === 'ssh:' && url.password === '';
  if ((url.username !== '' || url.password !== '') && !isLogin)
    throw new ScanError(
      'PROFILE_REFUSED',
      `Profile ${showSource(text)}: an address must not hold credentials, since it is shown`,
      {
        remedy: 'Pass them with --profile-credentials.',
      },
    );
  return url;
}

type Taken<K extends string> = Partial<Record<K, string>> & { rest: URL };

/** What stands behind `#` is for us, and is not sent. */
function takeFragment<K extends string>(url: URL, known: readonly K[], text: string): Taken<K> {
  const given = new URLSearchParams(url.hash.slice(1));
  const rest = new URL(url);
  rest.hash = '';
  const taken: Partial<Record<K, string>> = {};
  for (const [name, value] of given) {
    const key = known.find(each => each === name);
    if (key === undefined || taken[key] !== undefined || value === '')
      throw refuse(
        text,
        `after # expected ${known.map(each => `${each}=…`).join(' and ')}, got ${JSON.stringify(name)}`,
      );
    taken[key] = value;
  }
  return { ...taken, rest };
}

const refuse = (text: string, why: string) => new ScanError('PROFILE_REFUSED', `Profile ${showSource(text)}: ${why}`);

/** The source that names this commit, as a user would write it. */
export function withRef({ remote, folder }: GitSource, commit: string): string {
  return `git+${remote}#ref=${commit}${folder === undefined ? '' : `&path=${encodeURIComponent(folder)}`}`;
}

/** A source as it may be shown: without what stands before an `@` in an address. */
export function showSource(text: string): string {
  return text.replace(/:\/\/[^/@\s]*@/, '://***@');
}
