// SPDX-License-Identifier: Apache-2.0
// The shell's side of stand-ins.ts, for any POSIX shell: it may be the target's own. File 97 is the helper: it starts a
// tool of ours by its name, and says what is refused by another way than standard error.

/** Refusing, checking options, and running a tool of ours. */
export const standing = `
cinc_scan_refuse() {
  /proc/self/fd/97 refuse "$cinc_scan_mark" "$1"
  echo "$1" >&2
  return 125
}
cinc_scan_unknown() {
  cinc_scan_refuse "$1: the target has no $1 of its own, and the tools that look from beside it do not answer '$2' as it would"
}
cinc_scan_cluster() {
  cinc_scan_left=\${1#-}; cinc_scan_next=0
  while [ -n "$cinc_scan_left" ]; do
    cinc_scan_word=$cinc_scan_left; cinc_scan_left=\${cinc_scan_left#?}; cinc_scan_letter=\${cinc_scan_word%"$cinc_scan_left"}
    case $cinc_scan_plain in *"$cinc_scan_letter"*) continue ;; esac
    case $cinc_scan_valued in *"$cinc_scan_letter"*) ;; *) return 1 ;; esac
    [ -n "$cinc_scan_left" ] || cinc_scan_next=1
    return 0
  done
}
cinc_scan_options() {
  cinc_scan_name=$1; cinc_scan_operands=0; cinc_scan_first=''; cinc_scan_value=''; shift
  cinc_scan_flags "$cinc_scan_name"
  while [ $# -gt 0 ]; do
    case $1 in
      --) shift; [ $# = 0 ] || cinc_scan_first=\${cinc_scan_first:-$1}; cinc_scan_operands=$((cinc_scan_operands + $#)); return 0 ;;
      -[0-9]*) case $cinc_scan_name in head | tail) ;; *) cinc_scan_unknown "$cinc_scan_name" "$1"; return 1 ;; esac ;;
      --* | -?*)
        case $1 in --*) false ;; *) cinc_scan_cluster "$1" ;; esac || { cinc_scan_unknown "$cinc_scan_name" "$1"; return 1; }
        [ $cinc_scan_next = 0 ] || { [ $# = 1 ] || shift; cinc_scan_value=$1; } ;;
      *)
        [ $cinc_scan_operands != 0 ] || cinc_scan_first=$1
        cinc_scan_operands=$((cinc_scan_operands + 1))
        # Their operands are a command of its own.
        case $cinc_scan_name in xargs | timeout) return 0 ;; esac ;;
    esac
    shift
  done
}
# Conversions that a format may have: others mean something else to our tool, or nothing.
cinc_scan_format() {
  cinc_scan_left=$3
  while :; do
    case $cinc_scan_left in *%*) cinc_scan_left=\${cinc_scan_left#*%} ;; *) return 0 ;; esac
    cinc_scan_word=$cinc_scan_left; cinc_scan_left=\${cinc_scan_left#?}; cinc_scan_letter=\${cinc_scan_word%"$cinc_scan_left"}
    case $2 in *"\${cinc_scan_letter:-.}"*) ;; *) cinc_scan_unknown "$1" "%$cinc_scan_letter"; return 1 ;; esac
  done
}
cinc_scan_run() {
  { cinc_scan_said=$(CINC_SCAN_TEXT=$cinc_scan_text /proc/self/fd/97 tool "$@" 2>&1 >&3 3>&-); cinc_scan_status=$?; } 3>&1
  case $cinc_scan_said in
    *'BusyBox v'* | *nrecognized* | *'nvalid option'* | *'nsupported '* | *'applet not found'*) cinc_scan_unknown "$1" "$*"; return ;;
  esac
  [ -z "$cinc_scan_said" ] || printf '%s\\n' "$cinc_scan_said" >&2
  return $cinc_scan_status
}
cinc_scan_stand_in() {
  case $1 in
    find | ps | pidof | mount | df) "cinc_scan_$1" "$@"; return ;;
  esac
  cinc_scan_options "$@" || return 125
  case $1 in
    awk)
      case $cinc_scan_first in *'system('* | *getline* | *'| "'* | *'|"'* | *gensub* | *strftime* | *asort* | *PROCINFO*)
        cinc_scan_unknown awk "$cinc_scan_first"; return ;;
      esac ;;
    stat)
      [ -n "$cinc_scan_value" ] || { cinc_scan_unknown stat 'no format'; return; }
      cinc_scan_format stat aAbBdDfFgGhinostTuUXYZ% "$cinc_scan_value" || return 125 ;;
    date)
      case $cinc_scan_first in '' | +*) cinc_scan_format date YmdHMSsFTjyeaAbBZznt% "$cinc_scan_first" || return 125 ;; *) cinc_scan_unknown date "$cinc_scan_first"; return ;; esac ;;
    sysctl)
      for cinc_scan_word; do case $cinc_scan_word in *=*) cinc_scan_unknown sysctl "$cinc_scan_word"; return ;; esac; done ;;
    wc)
      # Columns of several numbers have widths of their own.
      case $2 in -[lcw]) ;; *) cinc_scan_unknown wc 'several counts'; return ;; esac
      [ $cinc_scan_operands -le 1 ] && [ $(($# - cinc_scan_operands)) = 2 ] || { cinc_scan_unknown wc 'several counts'; return; } ;;
    hostname | nproc | groups) [ $cinc_scan_operands = 0 ] || { cinc_scan_unknown "$1" "$*"; return; } ;;
    id) [ $cinc_scan_operands -le 1 ] || { cinc_scan_unknown "$1" "$*"; return; } ;;
    printenv) [ $cinc_scan_operands = 1 ] || { cinc_scan_unknown printenv "$*"; return; } ;;
    which) shift; cinc_scan_which "$@"; return ;;
    xargs | timeout) cinc_scan_before "$@"; return ;;
  esac
  cinc_scan_run "$@"
}
cinc_scan_which() {
  cinc_scan_status=0
  for cinc_scan_word; do
    case $cinc_scan_word in -*) continue ;; esac
    cinc_scan_path "$cinc_scan_word" || cinc_scan_status=1
  done
  return $cinc_scan_status
}
cinc_scan_path() {
  case $1 in */*) [ -f "$1" ] && [ -x "$1" ] && printf '%s\\n' "$1"; return ;; esac
  cinc_scan_left=$PATH:
  while [ -n "$cinc_scan_left" ]; do
    cinc_scan_word=\${cinc_scan_left%%:*}/$1; cinc_scan_left=\${cinc_scan_left#*:}
    [ -f "$cinc_scan_word" ] && [ -x "$cinc_scan_word" ] && { printf '%s\\n' "$cinc_scan_word"; return; }
  done
  return 1
}
# A command that one of our tools starts meets the same functions in a shell of its own.
cinc_scan_before() {
  cinc_scan_tool=$1; shift
  cinc_scan_count=$#; cinc_scan_start=$((cinc_scan_count - $(cinc_scan_operands_of "$cinc_scan_tool" "$@")))
  [ $cinc_scan_tool = xargs ] || cinc_scan_start=$((cinc_scan_start + 1))
  if [ $cinc_scan_start -ge $cinc_scan_count ]; then cinc_scan_run "$cinc_scan_tool" "$@"; return; fi
  cinc_scan_at=0
  while [ $cinc_scan_at -lt $cinc_scan_count ]; do
    cinc_scan_word=$1; shift
    [ $cinc_scan_at != $cinc_scan_start ] || set -- "$@" $cinc_scan_shell -c "$cinc_scan_within" sh
    set -- "$@" "$cinc_scan_word"
    cinc_scan_at=$((cinc_scan_at + 1))
  done
  cinc_scan_run "$cinc_scan_tool" "$@"
}
cinc_scan_within='cinc_scan_text=$CINC_SCAN_TEXT; unset CINC_SCAN_TEXT; eval "$cinc_scan_text"; "$@"'
cinc_scan_operands_of() {
  cinc_scan_flags "$1"; shift
  while [ $# -gt 0 ]; do
    case $1 in
      --) shift; break ;;
      -?*) cinc_scan_cluster "$1"; [ $cinc_scan_next = 0 ] || shift ;;
      *) break ;;
    esac
    shift
  done
  echo $#
}
cinc_scan_find() {
  shift; cinc_scan_count=$#; cinc_scan_at=0; cinc_scan_expects=''
  while [ $cinc_scan_at -lt $cinc_scan_count ]; do
    cinc_scan_word=$1; shift; cinc_scan_at=$((cinc_scan_at + 1)); cinc_scan_was=$cinc_scan_expects; cinc_scan_expects=''
    case $cinc_scan_was:$cinc_scan_word in
      command:*) set -- "$@" $cinc_scan_shell -c "$cinc_scan_within" sh; cinc_scan_expects=end ;;
      end:';' | end:+) ;;
      end:*) cinc_scan_expects=end ;;
      any:*) ;;
      type:[fdlpscb]) ;;
      perm:*[!-/0-7]* | type:*) cinc_scan_unknown find "-$cinc_scan_was $cinc_scan_word"; return ;;
      perm:*) ;;
      # In other units GNU find rounds up, and ours does not.
      size:*[0-9]c | size:+*[0-9] | size:+*[0-9][kb]) ;;
      size:*) cinc_scan_unknown find "-size $cinc_scan_word"; return ;;
      :-xdev | :-depth | :-print | :-print0 | :-prune | :-quit | :-empty | :-o | :-a | :-not | :-or | :-and | :-L | :-H | :-follow) ;;
      :-name | :-iname | :-path | :-ipath | :-maxdepth | :-mindepth | :-newer | :-inum | :-links | :-samefile | :-user | :-group | :-[amc]time | :-[amc]min) cinc_scan_expects=any ;;
      :-type | :-perm | :-size) cinc_scan_expects=\${cinc_scan_word#-} ;;
      :-exec) cinc_scan_expects=command ;;
      :-*) cinc_scan_unknown find "$cinc_scan_word"; return ;;
    esac
    set -- "$@" "$cinc_scan_word"
  done
  cinc_scan_run find "$@"
}
`;

/** What is mounted, from the target's table. \`df\` asks the file system of each path. */
export const mounts = `
cinc_scan_mount() {
  case "$*" in
    mount) /proc/self/fd/97 tool awk '{ print $1 " on " $2 " type " $3 " (" $4 ")" }' /proc/$cinc_scan_target/mounts ;;
    'mount -t '*[!a-z0-9.]*) cinc_scan_unknown mount "$*" ;;
    'mount -t '*) /proc/self/fd/97 tool awk -v type="$3" '$3 == type { print $1 " on " $2 " type " $3 " (" $4 ")" }' /proc/$cinc_scan_target/mounts ;;
    *) cinc_scan_unknown mount "$*" ;;
  esac
}
cinc_scan_df() {
  cinc_scan_options "$@" || return 125
  shift; cinc_scan_type=0
  for cinc_scan_word; do
    shift
    case $cinc_scan_word in
      -*T*) cinc_scan_type=1 ;;
      -*) ;;
      *) set -- "$@" "$cinc_scan_word" ;;
    esac
  done
  # Which of all mounts it would show is a choice of its own.
  [ $# != 0 ] || { cinc_scan_unknown df 'all file systems'; return; }
  for cinc_scan_path; do
    printf '%s %s\\n' "$(/proc/self/fd/97 tool readlink -f -- "$cinc_scan_path")" "$(/proc/self/fd/97 tool stat -f -c '%S %b %f %a' -- "$cinc_scan_path")"
  done | /proc/self/fd/97 tool awk -v type=$cinc_scan_type -v mounts=/proc/$cinc_scan_target/mounts '
    BEGIN {
      while ((getline < mounts) > 0) { n++; device[n] = $1; on[n] = $2; kind[n] = $3 }
      print "Filesystem " (type ? "Type " : "") "1024-blocks Used Available Capacity Mounted on"
    }
    NF < 5 { failed = 1; next }
    { best = 0
      for (i = 1; i <= n; i++)
        if ((on[i] == "/" || $1 == on[i] || index($1, on[i] "/") == 1) && (!best || length(on[i]) >= length(on[best]))) best = i
      total = $3 * $2 / 1024; used = total - $4 * $2 / 1024; left = $5 * $2 / 1024
      share = used + left > 0 ? int(used * 100 / (used + left) + 0.999) : 0
      printf "%s %s%.0f %.0f %.0f %d%% %s\\n", device[best], (type ? kind[best] " " : ""), total, used, left, share, on[best] }
    END { exit failed }'
}
`;

/** Where the target has no shell, so that each name is answered by what the target has, or by what stands in for it. */
export const withoutShell = `
command() {
  case $1 in
    -v | -V) shift; cinc_scan_known "$@" ;;
    -*) cinc_scan_unknown command "$1" ;;
    *) "$@" ;;
  esac
}
cinc_scan_known() {
  case $cinc_scan_missing in *" $1 "*) echo "$1"; return ;; esac
  case $cinc_scan_builtin in *" $1 "*) echo "$1"; return ;; esac
  cinc_scan_path "$1" || return 127
}
type() {
  cinc_scan_status=0
  for cinc_scan_name; do
    case $cinc_scan_builtin in *" $cinc_scan_name "*) echo "$cinc_scan_name is a shell builtin"; continue ;; esac
    if cinc_scan_all=$(cinc_scan_path "$cinc_scan_name"); then echo "$cinc_scan_name is $cinc_scan_all"
    else echo "$cinc_scan_name: not found"; cinc_scan_status=127; fi
  done
  return $cinc_scan_status
}
env() { [ $# = 0 ] || { cinc_scan_unknown env "$*"; return; }; /proc/self/fd/97 tool env; }
sh() {
  [ "$1" = -c ] && [ $# -gt 1 ] || { cinc_scan_unknown sh "$*"; return; }
  shift; cinc_scan_word=$1; shift
  ( [ $# = 0 ] || shift; eval "$cinc_scan_word" )
}
cinc_scan_start() {
  "$@"; cinc_scan_status=$?
  case $cinc_scan_status in 126 | 127) cinc_scan_refuse "$1: the target's own cannot be run from beside it"; return ;; esac
  return $cinc_scan_status
}
cinc_scan_absent() { echo "sh: $1: not found" >&2; return 127; }
`;
