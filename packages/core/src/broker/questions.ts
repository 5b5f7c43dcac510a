// SPDX-License-Identifier: Apache-2.0
// The scripts the broker runs in a target, and the reading of their answers. They use builtins of any POSIX shell and,
// where there is no builtin for it, the one tool named; `--` because names may begin with a dash.
import { randomBytes } from 'node:crypto';
import { ScanError } from '../errors/index.ts';
import type { Answer } from '../lens/index.ts';

export interface Script {
  command: string;
  /** Between the sections of the answer; fresh for each script, so that no file can contain it. */
  separator: string;
}

export const quote = (text: string) => `'${text.replaceAll("'", "'\\''")}'`;

export function makeScript(body: (separate: string) => string): Script {
  const separator = `\n${randomBytes(16).toString('hex')}\n`;
  return { separator, command: body(`printf '${separator.replaceAll('\n', '\\n')}'`) };
}

function sections(answer: Answer, separator: string): Buffer[] {
  const found: Buffer[] = [];
  let rest = answer.stdout;
  for (let at = rest.indexOf(separator); at >= 0; at = rest.indexOf(separator)) {
    found.push(rest.subarray(0, at));
    rest = rest.subarray(at + separator.length);
  }
  return [...found, rest];
}

// What Train's platform detection asks for (train-core 3.16, lib/train/platforms/detect).
export const releaseFiles = [
  'debian_version os-release lsb-release oracle-release enterprise-release parallels-release system-release',
  'redhat-release SuSE-release arch-release slackware-version gentoo-release exherbo-release alpine-release',
  'coreos/update.conf issue',
].flatMap(names => names.split(' ').map(name => `/etc/${name}`));
export const releaseTools = ['/usr/bin/lsb-release', '/usr/bin/raspi-config'];

/** What the target's platform is known by. */
export interface Facts {
  system: string;
  machine: string;
  release: string;
  files: Record<string, string>;
}

export function factsScript(): Script {
  const kernel = (flag: string, file: string) =>
    `uname ${flag} 2>/dev/null || { read -r line </proc/sys/kernel/${file} && printf %s "$line"; } 2>/dev/null`;
  return makeScript(
    separate => `
${kernel('-s', 'ostype')}; ${separate}; ${kernel('-m', 'arch')}; ${separate}; ${kernel('-r', 'osrelease')}
for file in ${releaseFiles.join(' ')}; do
  [ -f "$file" ] || continue
  ${separate}; printf '%s\\n' "$file"; cat "$file" 2>/dev/null || while IFS= read -r line; do printf '%s\\n' "$line"; done <"$file"
done
for file in ${releaseTools.join(' ')}; do [ -f "$file" ] && { ${separate}; printf '%s\\n' "$file"; }; done; :`,
  );
}

export function parseFacts(answer: Answer, { separator }: Script): Facts {
  if (answer.truncated)
    throw new ScanError('TARGET_CORRUPT', 'The release files of the container are larger than any real ones');
  const [system = '', machine = '', release = '', ...files] = sections(answer, separator).map(bytes =>
    bytes.toString('utf8'),
  );
  return {
    system: system.trim(),
    machine: machine.trim() || 'unknown',
    release: release.trim(),
    files: Object.fromEntries(
      files.map(text => [text.slice(0, text.indexOf('\n')), text.slice(text.indexOf('\n') + 1)]),
    ),
  };
}

/** Fields of `stat`, in the order asked for: size, mode (hex), owner, uid, group, gid, accessed, modified, label. */
export type Stat = string[];

/** What one look at a path found. */
export interface Look {
  present: boolean;
  own: Stat | null;
  /** Of what a symbolic link leads to; null for a dangling one. */
  target: Stat | null;
  link: string | null;
  realpath: string | null;
}

export type LookAnswer =
  | { kind: 'look'; look: Look; content: Buffer | undefined }
  | { kind: 'tool-missing'; tool: string }
  /** Neither there nor not there: whatever answered is not what was asked. */
  | { kind: 'unanswered' };

export const absent: Look = { present: false, own: null, target: null, link: null, realpath: null };

const statFields = ['%s', '%f', '%U', '%u', '%G', '%g', '%X', '%Y', '%C'];
const statFormat = statFields.join('\n');
const prefetchBytes = 65_536;

/** Everything about one path in one trip; the content too if it is a small regular file. */
export function lookScript(path: string): Script {
  return makeScript(
    separate => `
p=${quote(path)}
if [ -e "$p" ] || [ -L "$p" ]; then printf 1; else printf 0; exit 0; fi
${separate}; own=$(stat -c '${statFormat}' -- "$p" 2>/dev/null); printf %s "$own"; target=$own
${separate}; if [ -L "$p" ]; then target=$(stat -L -c '${statFormat}' -- "$p" 2>/dev/null); readlink -- "$p"; fi
${separate}; if [ -L "$p" ]; then readlink -f -- "$p"; fi
${separate}; printf %s "$target"
${separate}; size=\${target%%
*}
if [ -f "$p" ] && [ -r "$p" ] && [ "\${size:-0}" -gt 0 ] && [ "$size" -le ${prefetchBytes} ]; then cat -- "$p" 2>/dev/null; fi`,
  );
}

/**
 * Whether each path is there, is a symbolic link, and the status of those that are there and none: one process for all,
 * so what a profile names when it loads costs no trip each.
 */
export function lookAheadScript(paths: string[]): Script {
  return makeScript(
    separate => `
set --
for p in ${paths.map(quote).join(' ')}; do
  if [ -L "$p" ]; then printf l; elif [ -e "$p" ]; then printf 1; set -- "$@" "$p"; else printf 0; fi
done
${separate}; [ $# -eq 0 ] || stat -c '${statFormat}' -- "$@" 2>/dev/null`,
  );
}

/**
 * What is known of each path by then; nothing of links, and of all if the answer is not exactly what was asked for. GNU
 * stat ends with 1 where the kernel has no SELinux labels, so its status tells nothing.
 */
export function parseLookAhead(answer: Answer, { separator }: Script, count: number): (Look | undefined)[] {
  const [flags = '', lines = ''] = sections(answer, separator).map(bytes => bytes.toString('utf8'));
  const kinds = Array.from(flags);
  const fields = lines === '' ? [] : lines.replace(/\n$/, '').split('\n');
  const stats = kinds
    .filter(kind => kind === '1')
    .map((_, index) => checkStat(fields.slice(index * statFields.length, (index + 1) * statFields.length)));
  const isExact = kinds.length === count && fields.length === stats.length * statFields.length;
  if (answer.truncated || !isExact || stats.includes(null)) return Array.from({ length: count }, () => undefined);
  const inTurn = stats.values();
  return kinds.map(kind => {
    if (kind === '0') return absent;
    const stat = kind === '1' ? (inTurn.next().value ?? null) : null;
    return stat ? { ...absent, present: true, own: stat, target: stat } : undefined;
  });
}

export function parseLook(answer: Answer, { separator }: Script): LookAnswer {
  const [present, own, link, realpath, target, content] = sections(answer, separator);
  const word = present?.toString();
  if (word !== '0' && word !== '1') return { kind: 'unanswered' };
  if (word === '0') return { kind: 'look', look: absent, content: undefined };
  const ownStat = parseStat(own);
  if (ownStat === null) return { kind: 'tool-missing', tool: 'stat' };
  const text = (bytes: Buffer | undefined) =>
    bytes === undefined || bytes.length === 0 ? null : bytes.toString('utf8').replace(/\n$/, '');
  return {
    kind: 'look',
    look: { present: true, own: ownStat, target: parseStat(target), link: text(link), realpath: text(realpath) },
    content: content === undefined || content.length === 0 ? undefined : content,
  };
}

function parseStat(bytes: Buffer | undefined): Stat | null {
  return checkStat(bytes?.toString('utf8').split('\n') ?? []);
}

function checkStat(fields: string[]): Stat | null {
  return fields.length >= 8 && /^\d+$/.test(fields[0] ?? '') && /^[0-9a-f]+$/i.test(fields[1] ?? '') ? fields : null;
}

export function readCommand(path: string): string {
  return `cat -- ${quote(path)}`;
}
