// SPDX-License-Identifier: Apache-2.0
// The shell's side of stand-ins.ts where processes are shown.

/**
 * Processes of the target alone. A process belongs to the container whose id is in its control group: the first 64
 * hexadecimal digits, behind what is the node's.
 */
export const processes = `
cinc_scan_theirs() {
  /proc/self/fd/97 tool awk -v words="$1" -v target="$cinc_scan_target" '
    function container(pid,   file, line, all) {
      file = "/proc/" pid "/cgroup"; all = ""
      while ((getline line < file) > 0) {
        if (index(line, "kubepods")) line = substr(line, index(line, "kubepods"))
        if (match(line, /[0-9a-f]{64}/)) { close(file); return substr(line, RSTART, 64) }
        all = all line
      }
      close(file); return all
    }
    BEGIN { own = container(target) }
    words == "words" { out = ""; for (i = 1; i <= NF; i++) if (container($i) == own) out = out " " $i; if (out != "") print substr(out, 2); next }
    words == "first" && NR == 1 && $1 !~ /^[0-9]+$/ { head = $0; next }
    words == "first" && match($0, /^ *[0-9]+ ?/) {
      width = RLENGTH
      if (head != "") { line = substr(head, width + 1); if (line != "") print line; head = "" }
      if (container($1) == own) print substr($0, width + 1)
      next
    }
    words == "lines" { if (container($1) == own) print; next }
    NR == 1 { for (i = 1; i <= NF; i++) if ($i == "PID") column = i; print; next }
    container($column) == own'
}
cinc_scan_own_ps() {
  cinc_scan_columns=0; cinc_scan_at=0
  for cinc_scan_word; do
    cinc_scan_at=$((cinc_scan_at + 1))
    case $cinc_scan_word in
      --help | --version | -V) command ps "$@"; return ;;
      --format* | -o* | -[!-]*o) cinc_scan_columns=1 ;;
      -*) ;;
      *o | *o,*) [ $cinc_scan_at != 1 ] || cinc_scan_columns=2 ;;
    esac
  done
  case $cinc_scan_columns in
    0) cinc_scan_all=$(command ps "$@") ;;
    *) cinc_scan_all=$(command ps -o pid= "$@") ;;
  esac
  cinc_scan_status=$?
  [ -n "$cinc_scan_all" ] || return $cinc_scan_status
  case $cinc_scan_columns in
    0)
      case $cinc_scan_all in *PID*) ;; *) cinc_scan_refuse "ps: without a line of titles its lines cannot be told from those of other containers: $*"; return ;; esac
      printf '%s\\n' "$cinc_scan_all" | cinc_scan_theirs ;;
    *) printf '%s\\n' "$cinc_scan_all" | cinc_scan_theirs first ;;
  esac
  return $cinc_scan_status
}
cinc_scan_own_pgrep() {
  cinc_scan_counts=0
  for cinc_scan_word; do
    case $cinc_scan_word in
      -c | --count) cinc_scan_counts=1 ;;
      --delimiter* | -d*) cinc_scan_refuse "pgrep: $cinc_scan_word cannot be told from processes of other containers"; return ;;
    esac
  done
  if [ $cinc_scan_counts = 1 ]; then
    cinc_scan_at=$#
    while [ $cinc_scan_at -gt 0 ]; do
      cinc_scan_word=$1; shift; cinc_scan_at=$((cinc_scan_at - 1))
      case $cinc_scan_word in -c | --count) ;; *) set -- "$@" "$cinc_scan_word" ;; esac
    done
  fi
  cinc_scan_all=$(command pgrep "$@") || { [ $? != 1 ] && return 2; cinc_scan_all=''; }
  [ -z "$cinc_scan_all" ] || cinc_scan_all=$(printf '%s\\n' "$cinc_scan_all" | cinc_scan_theirs lines)
  if [ $cinc_scan_counts = 1 ]; then
    if [ -z "$cinc_scan_all" ]; then echo 0; else printf '%s\\n' "$cinc_scan_all" | /proc/self/fd/97 tool wc -l; fi
  else [ -z "$cinc_scan_all" ] || printf '%s\\n' "$cinc_scan_all"; fi
  [ -n "$cinc_scan_all" ]
}
cinc_scan_own_pidof() {
  case " $* " in *' -s '*) cinc_scan_refuse 'pidof: -s may be a process of another container'; return ;; esac
  cinc_scan_all=$(command pidof "$@" | cinc_scan_theirs words)
  [ -n "$cinc_scan_all" ] && echo "$cinc_scan_all"
}
cinc_scan_pidof() {
  shift
  case \${1:--} in -*) cinc_scan_unknown pidof "$1"; return ;; esac
  cinc_scan_all=$(/proc/self/fd/97 tool pidof "$@" | cinc_scan_theirs words)
  [ -n "$cinc_scan_all" ] && echo "$cinc_scan_all"
}
cinc_scan_ps() {
  case "$*" in
    'ps -eo args' | 'ps -e -o args' | 'ps -Ao args' | 'ps -A -o args') cinc_scan_word=args ;;
    'ps -eo comm' | 'ps -e -o comm' | 'ps -Ao comm' | 'ps -A -o comm') cinc_scan_word=comm ;;
    *) cinc_scan_unknown ps "$*"; return ;;
  esac
  /proc/self/fd/97 tool ps -o pid,$cinc_scan_word | cinc_scan_theirs first
}
`;
