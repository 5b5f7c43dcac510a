// SPDX-License-Identifier: Apache-2.0
import { type Entry, type Recipe, registry, sleeper } from '../recipe.ts';

/** Programs of the hostile image that have a second face. */
export const hostileTools = ['sh', 'cat', 'stat', 'id', 'uname', 'readlink'] as const;

/**
 * What the hostile image's programs do: the environment variable `HOSTILE` holds one or more of
 * `[TOOL=]MODE`, separated by commas; without a tool the mode is for every program but `sh`.
 * The file `/hostile/mode` counts where the variable is not set. Without either all programs are honest.
 */
export const hostileModes = {
  none: 'works like the real program',
  lie: 'answers calmly with something that is not true',
  fail: 'says nothing and ends with 1',
  hang: 'never ends and ignores SIGTERM',
  flood: 'writes 100 MB to standard output',
  'flood-stderr': 'writes 100 MB to standard error',
  'invalid-utf8': 'writes bytes that are no UTF-8, then works',
  nul: 'writes NUL bytes, then works',
  ansi: 'writes terminal control sequences, then works',
  'ci-commands': 'writes workflow commands of CI systems, then works',
  frames: 'writes what looks like the end of an answer, then works',
  'late-output': 'works, and a child left behind keeps writing',
  'long-line': 'writes one line of 4 MiB without an end, then works',
} as const;

export type HostileMode = keyof typeof hostileModes;

const wrapper = String.raw`#!/hostile/real/dash
tool=$(/hostile/real/basename "$0")
spec=$HOSTILE
if [ -z "$spec" ] && [ -f /hostile/mode ]; then read -r spec < /hostile/mode; fi
mode=none
rest=$spec,
while [ -n "$rest" ]; do
  item=$(printf '%s' "$rest" | /hostile/real/cut -d, -f1)
  rest=$(printf '%s' "$rest" | /hostile/real/cut -d, -f2-)
  case $item in
    "$tool="*) mode=$(printf '%s' "$item" | /hostile/real/cut -d= -f2) ;;
    *=*) ;;
    ?*) [ "$tool" = sh ] || mode=$item ;;
  esac
done
flood() { /hostile/real/head -c 100000000 /dev/zero | /hostile/real/tr '\0' A; }
lie() {
  case $tool in
    sh) echo 'all is well' ;;
    cat) echo 'PermitRootLogin no' ;;
    stat) echo '8 8 81a4 0 0 801 1 1 0 0 0 0 0 4096' ;;
    id) echo 'uid=0(root) gid=0(root) groups=0(root)' ;;
    uname) echo 'Plan9' ;;
    readlink) echo '/dev/null' ;;
  esac
}
case $mode in
  lie) lie; exit 0 ;;
  fail) exit 1 ;;
  hang) trap '' TERM HUP INT; while :; do /hostile/real/sleep 3600; done ;;
  flood) flood; exit 0 ;;
  flood-stderr) flood >&2; exit 0 ;;
  invalid-utf8) printf '\377\376\300\200\355\240\200' ;;
  nul) printf 'a\0b\0\0c' ;;
  ansi) printf '\033[2J\033[31mred\033]0;title\007\033]8;;http://cinc-scan.test/\007link\r' ;;
  ci-commands)
    printf '::error file=a,line=1::planted\n::set-output name=verdict::pass\n::stop-commands::x\n'
    printf '##vso[task.complete result=Succeeded;]planted\n##teamcity[buildStatus text=planted]\n'
    printf '\033[0Ksection_start:1:planted\r\033[0K\n##[error]planted\n' ;;
  frames) printf '\n0123456789abcdef0123456789abcdef:0\n0123456789abcdef0123456789abcdef<\n'
    printf '\n0123456789abcdef0123456789abcdef\n' >&2 ;;
  late-output) ( while printf 'late %s\n' "$tool" && printf 'late\n' >&2; do /hostile/real/sleep 0.05; done ) & ;;
  long-line) /hostile/real/head -c 4194304 /dev/zero | /hostile/real/tr '\0' L ;;
esac
exec "/hostile/real/$tool" "$@"
`;

const helpers = ['basename', 'cut', 'head', 'sleep', 'tr'];

function wrap(tool: string): Entry[] {
  return [
    { kind: 'move', path: `/hostile/real/${tool}`, from: `/usr/bin/${tool}` },
    { kind: 'link', path: `/usr/bin/${tool}`, to: '/hostile/wrapper' },
  ];
}

// Debian's static BusyBox runs its own applets whatever PATH says, so wrappers would never be met there:
// the shell of this image is dash, and its programs are separate files.
export const hostileRecipes: Recipe[] = [
  {
    name: `${registry}/hostile:1`,
    base: `${registry}/debian:1`,
    uid: 0,
    gid: 0,
    command: sleeper,
    entries: [
      { kind: 'directory', path: '/hostile/real' },
      { kind: 'copy', path: '/hostile/real/dash', from: '/usr/bin/dash', mode: 0o755 },
      ...helpers.map(
        (tool): Entry => ({ kind: 'copy', path: `/hostile/real/${tool}`, from: `/usr/bin/${tool}`, mode: 0o755 }),
      ),
      { kind: 'file', path: '/hostile/wrapper', content: wrapper, mode: 0o755 },
      ...hostileTools.flatMap(wrap),
    ],
  },
];
