// SPDX-License-Identifier: Apache-2.0
// A shell of ours that has the target's root directory is still a process of its own container: what it says of itself,
// of its mounts and of the processes around it would not be true of the target.
import type { ProcessRef } from './lens.ts';

/** `self` is the target. Open files stay those of the one who asks: scripts read their own input by them. */
export function meanTarget({ pid }: ProcessRef): (command: string) => string {
  return command =>
    command
      .replaceAll(/(?<![\w/])\/proc\/(?:thread-)?self(?=\/)(?!\/(?:fd|task)\b)/g, `/proc/${pid}`)
      .replaceAll(/(?<![\w/])\/proc\/mounts\b/g, `/proc/${pid}/mounts`);
}

/** Functions for a BusyBox shell, in place of applets that would answer for our own container. */
export function targetFunctions({ pid }: ProcessRef): string {
  return functions.replaceAll('TARGET', String(pid));
}

// A process belongs to the container whose id is in its control group: the first 64 hexadecimal digits, behind what is
// the node's. `df` asks the file system of each path, since the table it would read shows nothing below a changed root.
const functions = String.raw`
cinc_scan_theirs() {
  awk -v words="$1" '
    function container(pid,   file, line, all) {
      file = "/proc/" pid "/cgroup"; all = ""
      while ((getline line < file) > 0) {
        if (index(line, "kubepods")) line = substr(line, index(line, "kubepods"))
        if (match(line, /[0-9a-f]{64}/)) { close(file); return substr(line, RSTART, 64) }
        all = all line
      }
      close(file); return all
    }
    BEGIN { own = container(TARGET) }
    words == "" { if ($1 !~ /^[0-9]+$/ || container($1) == own) print; next }
    { out = ""; for (i = 1; i <= NF; i++) if (container($i) == own) out = out " " $i; if (out != "") print substr(out, 2) }'
}
ps() {
  cinc_scan_columns=''
  while [ $# -gt 0 ]; do
    case $1 in
      -o | -[eAf]o) cinc_scan_columns=$cinc_scan_columns,$2; [ $# = 1 ] || shift ;;
      *[!-eAfaxuwT]*) echo "ps: $1 is not answered beside the container" >&2; return 1 ;;
    esac
    shift
  done
  if [ -z "$cinc_scan_columns" ]; then command ps | cinc_scan_theirs
  else command ps -o "pid$cinc_scan_columns" | cinc_scan_theirs | sed 's/^ *[^ ]* //'; fi
}
pidof() {
  cinc_scan_found=$(command pidof "$@" | cinc_scan_theirs words)
  [ -n "$cinc_scan_found" ] && echo "$cinc_scan_found"
}
mount() {
  case "$#$1" in
    0 | 1-l) awk '{ print $1 " on " $2 " type " $3 " (" $4 ")" }' /proc/TARGET/mounts ;;
    2-t) awk -v type="$2" '$3 == type { print $1 " on " $2 " type " $3 " (" $4 ")" }' /proc/TARGET/mounts ;;
    *) command mount "$@" ;;
  esac
}
df() {
  cinc_scan_type=0
  for cinc_scan_word; do
    shift
    case $cinc_scan_word in
      -*[!PTka]*) echo "df: $cinc_scan_word is not answered beside the container" >&2; return 1 ;;
      -*T*) cinc_scan_type=1 ;;
      -*) ;;
      *) set -- "$@" "$cinc_scan_word" ;;
    esac
  done
  if [ $# = 0 ]; then set -- $(awk '{ print $2 }' /proc/TARGET/mounts); fi
  for cinc_scan_path; do
    printf '%s %s\n' "$(readlink -f -- "$cinc_scan_path")" "$(stat -f -c '%S %b %f %a' -- "$cinc_scan_path")"
  done | awk -v type=$cinc_scan_type '
    BEGIN {
      while ((getline < "/proc/TARGET/mounts") > 0) { n++; device[n] = $1; on[n] = $2; kind[n] = $3 }
      print "Filesystem " (type ? "Type " : "") "1024-blocks Used Available Capacity Mounted on"
    }
    NF < 5 { failed = 1; next }
    { best = 0
      for (i = 1; i <= n; i++)
        if ((on[i] == "/" || $1 == on[i] || index($1, on[i] "/") == 1) && (!best || length(on[i]) >= length(on[best]))) best = i
      total = $3 * $2 / 1024; used = total - $4 * $2 / 1024; left = $5 * $2 / 1024
      share = used + left > 0 ? int(used * 100 / (used + left) + 0.999) : 0
      printf "%s %s%.0f %.0f %.0f %d%% %s\n", device[best], (type ? kind[best] " " : ""), total, used, left, share, on[best] }
    END { exit failed }'
}
cinc_scan_status() { awk -v key="$1:" '$1 == key { print $3 }' /proc/TARGET/status; }
cinc_scan_named() { awk -F: -v id="$1" '$3 == id { print $1; exit }' "$2" 2>/dev/null; }
id() {
  cinc_scan_last=''; for cinc_scan_last; do :; done
  case "$#$cinc_scan_last" in
    0 | *[0-9]-*) ;;
    *) command id "$@"; return ;;
  esac
  cinc_scan_uid=$(cinc_scan_status Uid); cinc_scan_user=$(cinc_scan_named "$cinc_scan_uid" /etc/passwd)
  cinc_scan_gid=$(cinc_scan_status Gid); cinc_scan_group=$(cinc_scan_named "$cinc_scan_gid" /etc/group)
  case "$*" in
    -u | -ur | -ru) echo "$cinc_scan_uid" ;;
    -g | -gr | -rg) echo "$cinc_scan_gid" ;;
    -un | -nu | "-u -n") if [ -n "$cinc_scan_user" ]; then echo "$cinc_scan_user"; else echo "$cinc_scan_uid"; return 1; fi ;;
    -gn | -ng | "-g -n") if [ -n "$cinc_scan_group" ]; then echo "$cinc_scan_group"; else echo "$cinc_scan_gid"; return 1; fi ;;
    -G) awk '/^Groups:/ { $1 = ""; print substr($0, 2) }' /proc/TARGET/status ;;
    '')
      printf 'uid=%s' "$cinc_scan_uid"; [ -z "$cinc_scan_user" ] || printf '(%s)' "$cinc_scan_user"
      printf ' gid=%s' "$cinc_scan_gid"; [ -z "$cinc_scan_group" ] || printf '(%s)' "$cinc_scan_group"
      echo ;;
    *) echo "id: $* is not answered beside the container" >&2; return 1 ;;
  esac
}
whoami() { id -un; }
`;
