// SPDX-License-Identifier: Apache-2.0
// Beside a target a command of a profile is answered by the target's own programs. Where it lacks one, a tool of ours
// stands in for it, as far as it answers exactly as the program would: an option that ours does not know would end with
// nothing on standard output, which looks like "nothing found". The rest is refused, by a line that no redirection hides.
import { quote } from './framing.ts';
import type { ProcessRef } from './process-ref.ts';
import { processes } from './process-script.ts';
import { mounts, standing, withoutShell } from './stand-in-script.ts';

/** What a shell that runs the commands of a profile has to know first. */
export interface Prelude {
  /** Begins a line that refuses. */
  mark: string;
  /** The target's process: only processes of its container count. */
  process: ProcessRef;
  /** Programs that the target has, of those that were asked for. */
  theirs: ReadonlyMap<string, string>;
  /** Programs of the target whose setuid or setgid bit has no effect in our container. */
  powerless: readonly string[];
  /** The target's own shell, or the names that call a tool of ours in a shell of ours. */
  shell: { kind: 'theirs'; path: string } | { kind: 'ours'; tools: readonly string[] };
}

/** What our tools answer exactly: flags, and options that take a value, by their letters. */
const standIns: Record<string, [flags: string, valued?: string]> = {
  awk: ['', 'Fv'],
  base64: ['d', 'w'],
  basename: [''],
  cat: ['u'],
  cmp: ['s'],
  comm: ['123'],
  cut: ['sn', 'bcdf'],
  date: ['u'],
  df: ['PTk'],
  diff: ['q'],
  dirname: [''],
  du: ['skx'],
  egrep: ['ivclLqsnhHwxor', 'efmABC'],
  expr: [''],
  fgrep: ['ivclLqsnhHwxor', 'efmABC'],
  find: [''],
  grep: ['EFivclLqsnhHwxor', 'efmABC'],
  groups: [''],
  head: ['q', 'nc'],
  hostname: [''],
  id: ['ugnrG'],
  ls: ['1aAdR'],
  md5sum: [''],
  mount: ['', 't'],
  nproc: [''],
  paste: ['s', 'd'],
  pidof: ['x'],
  printenv: [''],
  ps: ['eAf', 'o'],
  readlink: ['fn'],
  realpath: [''],
  rev: [''],
  sed: ['nEr', 'e'],
  seq: [''],
  sha1sum: [''],
  sha256sum: [''],
  sha512sum: [''],
  sleep: [''],
  sort: ['nrufbs', 'kt'],
  stat: ['L', 'c'],
  sysctl: ['n'],
  tac: [''],
  tail: ['q', 'nc'],
  timeout: ['', 'sk'],
  tr: ['cds'],
  uname: ['snrvm'],
  uniq: ['cdui', 'fsw'],
  wc: ['lcw'],
  which: ['a'],
  whoami: [''],
  xargs: ['0rt', 'nI'],
};

// They look at a system, and no tool of ours answers for them: without one "nothing" would be no answer.
const looking =
  'chage findmnt getcap getent getfacl last lastlog ldd lsattr lsblk lsof mountpoint netstat passwd pgrep pstree ss top';
// They start another program, which no function of this shell would then stand in front of.
const starting = 'chroot flock ionice nice nohup runuser setsid stdbuf su sudo watch';
// Where there is a shell, these lack because the system has no packages of that kind.
const packageManagers = 'apk apt apt-cache apt-get apt-mark dnf dpkg dpkg-query rpm yum';

// Those of the shell itself stay with it, and what starts one is not there where the target has none.
const builtins =
  '. : [ alias bg break cd command continue echo eval exec exit export false fg getopts hash jobs kill let local printf pwd read ' +
  'readonly return set shift test times trap true type ulimit umask unalias unset wait';
const shells = 'ash bash busybox hush';

/** Starts a shell of ours in one that runs as the target: file 97 is the helper. */
export const ourShell = ['/proc/self/fd/97', 'tool', 'sh'];

const words = (text: string) => text.split(' ');
const canName = (name: string) => /^[a-z]\w*$/i.test(name);

/** Names of which it matters whether the target has such a program. */
export const namesThatMatter = (tools: readonly string[]): string[] => [
  ...new Set([...tools, ...Object.keys(standIns), ...[looking, starting, packageManagers].flatMap(words)]),
];

export function makePrelude(prelude: Prelude): string {
  const { mark, process, theirs, powerless, shell } = prelude;
  const missing = Object.keys(standIns).filter(name => !theirs.has(name));
  const body = [
    `cinc_scan_mark=${mark}; cinc_scan_target=${process.pid}; cinc_scan_missing=' ${missing.join(' ')} '`,
    `cinc_scan_builtin=' ${builtins} '; cinc_scan_shell='${shell.kind === 'theirs' ? shell.path : ourShell.join(' ')}'`,
    flagTable,
    standing,
    processes,
    ...missing.map(name => `${name}() { cinc_scan_stand_in ${name} "$@"; }`),
    ...(shell.kind === 'theirs' ? ofTheirShell(prelude, missing) : [withoutShell, ...ofOurShell(theirs, shell.tools)]),
    ...powerless
      .filter(canName)
      .map(
        name =>
          `${name}() { cinc_scan_refuse '${name}: its setuid or setgid bit has no effect from beside the target'; }`,
      ),
    mounts,
    ...(process.jailed === true ? ofMounts : []).map(
      name => `${name}() { cinc_scan_refuse '${name}: it cannot see the mounts of the target from beside it'; }`,
    ),
  ].join('\n');
  return `cinc_scan_text=${quote(body)}; eval "$cinc_scan_text"`;
}

const flagTable = [
  'cinc_scan_flags() {',
  '  case $1 in',
  ...Object.entries(standIns).map(
    ([name, [flags, valued = '']]) => `    ${name}) cinc_scan_plain='${flags}'; cinc_scan_valued='${valued}' ;;`,
  ),
  '  esac',
  '}',
].join('\n');

const ofMounts = ['df', 'findmnt', 'lsblk', 'mount', 'mountpoint', 'umount'];

// Programs of the target that show processes show those of our container too.
const ofProcesses = ['ps', 'pgrep', 'pidof'];

function ofTheirShell({ theirs, powerless }: Prelude, missing: string[]): string[] {
  const shown = ofProcesses.filter(name => theirs.has(name));
  const unanswered = words(looking).filter(name => !theirs.has(name));
  return [
    ...unanswered.map(name => `${name}() { ${callOf(name, undefined)}; }`),
    ...shown.map(name => `${name}() { cinc_scan_own_${name} "$@"; }`),
    // For questions about what programs there are.
    `cinc_scan_bare() { unset -f ${[...missing, ...shown, ...unanswered, ...powerless.filter(canName)].join(' ')} cinc_scan_bare; }`,
  ];
}

function ofOurShell(theirs: ReadonlyMap<string, string>, tools: readonly string[]): string[] {
  const own = new Set([...words(builtins), 'sh', 'env']);
  return namesThatMatter(tools)
    .filter(name => !own.has(name) && (theirs.has(name) || !(name in standIns)))
    .map(name => `${toFunctionName(name)}() { ${callOf(name, theirs.get(name))}; }`)
    .filter(text => canName(text.slice(0, text.indexOf('('))));
}

function callOf(name: string, path: string | undefined): string {
  if (path !== undefined) return `cinc_scan_start ${quote(path)} "$@"`;
  return words(shells).includes(name) ? `cinc_scan_absent ${name}` : `cinc_scan_unknown ${name} "$*"`;
}

// No shell of ours takes a hyphen in the name of a function.
const toFunctionName = (name: string) => name.replaceAll('-', '_');

/** What a command of a profile has to say in that shell. */
export function meanStandIns({ theirs, shell }: Prelude): (command: string) => string {
  const named = byName(theirs);
  if (shell.kind === 'theirs') {
    // Questions about which programs there are.
    const asksForPrograms = /(?<![\w-])(?:command\s+-[vV]|type|hash)\s/;
    return command => (asksForPrograms.test(command) ? `cinc_scan_bare; ${command}` : named(command));
  }
  const hyphened = namesThatMatter(shell.tools).filter(name => /^[a-z]\w*-[\w-]*$/i.test(name) && !theirs.has(name));
  const pattern = new RegExp(`(?<![\\w./-])(?:${hyphened.join('|')})(?![\\w.-])`, 'g');
  return command => named(command).replaceAll(pattern, toFunctionName);
}

/** A program that is called by a path and that the target lacks is answered for, or refused, as by its name. */
function byName(theirs: ReadonlyMap<string, string>): (command: string) => string {
  const missing = [...Object.keys(standIns), ...words(looking)].filter(name => !theirs.has(name));
  const place = '(?<=^|[|&;({`\\n]|\\b(?:do|then|else|xargs|env|nice|nohup)\\s)(\\s*)';
  const pattern = new RegExp(`${place}/(?:usr/)?(?:local/)?s?bin/(${missing.join('|')})(?=[\\s;|&)]|$)`, 'g');
  return command => (missing.length === 0 ? command : command.replaceAll(pattern, '$1$2'));
}
