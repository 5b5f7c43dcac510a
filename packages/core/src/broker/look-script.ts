// SPDX-License-Identifier: Apache-2.0
// What is at a path: the scripts that ask a shell of the target, and the reading of their answers. They use builtins of
// any POSIX shell and, where there is no builtin for it, the one tool named; `--` because names may begin with a dash.
import { type CommandAnswer, quote } from '../lens/index.ts';
import { endOf, isClosed, reasonIn, toolTrouble } from './reasons.ts';
import { makeScript, type Script, sections } from './script.ts';

/** Fields of `stat`, in the order asked for: size, mode (hex), owner, uid, group, gid, accessed, modified, label. */
type Stat = string[];

/** What one look at a path found. */
export interface PathLook {
  present: boolean;
  own: Stat | null;
  /** Of what a symbolic link leads to; null for a dangling one. */
  target: Stat | null;
  link: string | null;
  realpath: string | null;
  /** Why nobody can tell whether a symbolic link leads to anything. */
  hidden?: string;
  /** Why the text of a symbolic link is not known. */
  unread?: string;
}

export type LookAnswer =
  | { kind: 'look'; look: PathLook; content: Buffer | undefined }
  | { kind: 'tool-missing'; tool: string }
  /** The tool did not say what it was asked, as one that was killed. */
  | { kind: 'tool-failed'; reason: string }
  /** Neither there nor absent. */
  | { kind: 'unknown'; reason: string; isClosed: boolean }
  /** What answered is not what was asked. */
  | { kind: 'unanswered' };

export const absent: PathLook = { present: false, own: null, target: null, link: null, realpath: null };

const statFields = ['%s', '%f', '%U', '%u', '%G', '%g', '%X', '%Y', '%C'];
const statFormat = statFields.join('\n');
const prefetchBytes = 65_536;

// `[ -e ]` is false also where nobody may look, or where the disk does not answer: the shell's word for why it cannot
// open the path tells these from "absent". Bash would connect to a /dev/tcp path, so none begins like one.
const absence = `
LC_ALL=C; export LC_ALL
absent() {
  case $1 in /*) why=$( { { :; } <"/.$1"; } 2>&1 ) ;; *) why=$( { { :; } <"$1"; } 2>&1 ) ;; esac
  case $why in
    *': No such file' | *': no such file' | *': No such file or directory' | *': Not a directory') ;;
    *': Too many levels of symbolic links' | *': Symbolic link loop' | *': File name too long' | *': Filename too long') ;;
    *) false ;;
  esac
}`;

/** Everything about one path in one trip; the content too if it is a small regular file. */
export function lookScript(path: string): Script {
  return makeScript(
    separate => `${absence}
p=${quote(path)}
if [ -e "$p" ] || [ -L "$p" ]; then printf 1; elif absent "$p"; then printf 0; exit 0; else printf '?%s' "$why"; exit 0; fi
linked=0 led=0 followed=0 copied=0
${separate}; own=$(stat -c '${statFormat}' -- "$p" 2>/dev/null); looked=$?; printf %s "$own"; target=$own
${separate}; if [ -L "$p" ]; then readlink -- "$p"; linked=$?; fi
${separate}; if [ -L "$p" ]; then
  readlink -f -- "$p"; led=$?
  if [ -e "$p" ]; then target=$(stat -L -c '${statFormat}' -- "$p" 2>/dev/null); followed=$?
  elif absent "$p"; then target=''; else target="?$why"; fi
fi
${separate}; printf %s "$target"
${separate}; size=\${target%%
*}
case $size in '' | *[!0-9]*) size=0 ;; esac
if [ -f "$p" ] && [ -r "$p" ] && [ "$size" -gt 0 ] && [ "$size" -le ${prefetchBytes} ]; then cat -- "$p" 2>/dev/null; copied=$?; fi
${separate}; printf '%s ' $looked $linked $led $followed $copied`,
  );
}

/**
 * Whether each path is there, is a symbolic link, and the status of those that are there and none: one process for all,
 * the one that looks itself, so what a profile names when it loads costs no trip each.
 */
export function lookAheadScript(paths: string[]): Script {
  return makeScript(
    (_, separator) => `${absence}
set --; found=''
for p in ${paths.map(quote).join(' ')}; do
  if [ -L "$p" ]; then found=$found"l"; elif [ -e "$p" ]; then found=$found"1"; set -- "$@" "$p"
  elif absent "$p"; then found=$found"0"; else found=$found"?"; fi
done
printf '%s${separator}' "$found"
[ $# -eq 0 ] || exec stat -c '${statFormat}' -- "$@" 2>/dev/null`,
  );
}

/**
 * What is known of each path by then; nothing of links, and of all if the answer is not exactly what was asked for. GNU
 * stat ends with 1 where the kernel has no SELinux labels, so its status tells nothing.
 */
export function parseLookAhead(answer: CommandAnswer, { separator }: Script, count: number): (PathLook | undefined)[] {
  const [flags = '', lines = ''] = sections(answer, separator).map(bytes => bytes.toString('utf8'));
  const kinds = Array.from(flags);
  const fields = lines === '' ? [] : lines.replace(/\n$/, '').split('\n');
  const stats = kinds
    .filter(kind => kind === '1')
    .map((_, index) => checkStat(fields.slice(index * statFields.length, (index + 1) * statFields.length)));
  const isExact = kinds.length === count && fields.length === stats.length * statFields.length;
  if (answer.truncated || answer.status > 1 || !isExact || stats.includes(null))
    return Array.from({ length: count }, () => undefined);
  const inTurn = stats.values();
  return kinds.map(kind => {
    if (kind === '0') return absent;
    const stat = kind === '1' ? (inTurn.next().value ?? null) : null;
    return stat ? { ...absent, present: true, own: stat, target: stat } : undefined;
  });
}

/** What the shell found. */
export function parseLook(answer: CommandAnswer, script: Script): LookAnswer {
  const { word, parts } = cut(answer, script);
  if (parts.length === 0) return notThere(word);
  const statuses = toStatuses(parts.at(-1));
  return word === '1' && parts.length === 6 && statuses !== undefined ? parseThere(parts, statuses) : unanswered;
}

/** What the helper found: it says by its own status what went wrong. */
export function parseHelperLook(answer: CommandAnswer, script: Script): LookAnswer {
  const { word, parts } = cut(answer, script);
  if (parts.length === 0) return notThere(word);
  return word === '1' && parts.length === 5 ? parseThere(parts, allWell) : unanswered;
}

function cut(answer: CommandAnswer, { separator }: Script): { word: string; parts: Buffer[] } {
  if (answer.truncated || answer.status !== 0) return { word: '', parts: [] };
  const [word, ...parts] = sections(answer, separator);
  return { word: word?.toString('utf8') ?? '', parts };
}

const unanswered: LookAnswer = { kind: 'unanswered' };

/** With which status each tool ended: the two of `stat`, the two of `readlink`, `cat`. */
interface Statuses {
  looked: number;
  followed: number;
  linked: number;
  led: number;
  copied: number;
}

const allWell: Statuses = { looked: 0, followed: 0, linked: 0, led: 0, copied: 0 };

function toStatuses(bytes: Buffer | undefined): Statuses | undefined {
  const words = bytes?.toString('utf8') ?? '';
  if (!/^(?:\d+ ){5}$/.test(words)) return undefined;
  const [looked = 1, linked = 1, led = 1, followed = 1, copied = 1] = words.split(' ').map(Number);
  return { looked, linked, led, followed, copied };
}

function notThere(word: string): LookAnswer {
  if (word === '0') return { kind: 'look', look: absent, content: undefined };
  if (!word.startsWith('?')) return unanswered;
  const reason = reasonIn(word.slice(1));
  return { kind: 'unknown', reason: reason || 'it appeared or disappeared meanwhile', isClosed: isClosed(reason) };
}

function parseThere([own, link, realpath, target, content]: Buffer[], statuses: Statuses): LookAnswer {
  const trouble = toolTrouble('stat', Math.max(statuses.looked, statuses.followed));
  if (trouble !== undefined) return trouble;
  const ownStat = parseStat(own);
  const led = parseTarget(target, statuses.followed);
  if (ownStat === null || led === undefined) return { kind: 'tool-missing', tool: 'stat' };
  const look = { present: true, own: ownStat, ...led, link: text(link), realpath: text(realpath), ...unread(statuses) };
  return { kind: 'look', look, content: statuses.copied === 0 ? wholeOf(content, led.target) : undefined };
}

/** A part must not pass for the whole: what is not exactly what `stat` told is read again, on its own. */
function wholeOf(content: Buffer | undefined, target: Stat | null): Buffer | undefined {
  const length = content?.length ?? 0;
  return length > 0 && length === Number(target?.[0]) ? content : undefined;
}

/** What the path leads to: nothing, where neither a status nor a reason is told; undefined if `stat` failed. */
function parseTarget(bytes: Buffer | undefined, status: number): Pick<PathLook, 'target' | 'hidden'> | undefined {
  const told = bytes?.toString('utf8') ?? '';
  if (told.startsWith('?')) return { target: null, hidden: reasonIn(told) };
  if (told === '') return status === 0 ? { target: null } : undefined;
  const target = checkStat(told.split('\n'));
  return target === null ? undefined : { target };
}

/** `readlink -f` ends with 1 where a link leads nowhere. */
function unread({ linked, led }: Statuses): Pick<PathLook, 'unread'> {
  return linked === 0 && led <= 1 ? {} : { unread: endOf('readlink', linked || led) };
}

const text = (bytes: Buffer | undefined): string | null =>
  bytes === undefined || bytes.length === 0 ? null : bytes.toString('utf8').replace(/\n$/, '');

function parseStat(bytes: Buffer | undefined): Stat | null {
  return checkStat(bytes?.toString('utf8').split('\n') ?? []);
}

function checkStat(fields: string[]): Stat | null {
  return fields.length >= 8 && /^\d+$/.test(fields[0] ?? '') && /^[0-9a-f]+$/i.test(fields[1] ?? '') ? fields : null;
}
