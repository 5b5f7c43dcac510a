// SPDX-License-Identifier: Apache-2.0
// Stand-ins for scanners: small programs on the PATH that leave what a scanner left, where they are told to, and end as it did.
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { program, root } from '../support/cinc-scan.ts';

/** What a call leaves; nothing where there is no text. */
export interface Replay {
  text?: string;
  stderr?: string;
  exit?: number;
}

/** By program; of those that look at images by program and name, of kubectl and fossa by program and command. */
export type Replays = Record<string, Replay>;

const scanners = [
  'golangci-lint',
  'fossa',
  'brakeman',
  'trivy',
  'clairctl',
  'kubectl',
  'kubescape',
  'kubesec',
  'clamscan',
];

const script = (folder: string) => `#!/bin/sh
name=\${0##*/}
echo "$name $*" >>'${folder}/calls'
out='' before='' last=''
for word in "$@"; do
  case $before in -o) out=$word ;; esac
  case $word in --output.json.path=*) out=\${word#*=} ;; esac
  before=$word last=$word
done
case $name in
  clairctl) out='' ;; # there it is a format
esac
case $name in
  kubectl | fossa) key=$name-$1 ;;
  trivy | clairctl) key=\${last##*/} key=$name-\${key%%:*} ;;
  *) key=$name ;;
esac
replay='${folder}/replay'/$key
[ ! -f "$replay.stderr" ] || cat "$replay.stderr" >&2
if [ -f "$replay" ] && [ -n "$out" ]; then cat "$replay" >"$out"; elif [ -f "$replay" ]; then cat "$replay"; fi
[ ! -f "$replay.exit" ] || exit "$(cat "$replay.exit")"
`;

// The command as it is, but for our own scan, which needs a cluster.
const command = (folder: string) => `#!/bin/sh
if [ "$1" = scan ]; then
  echo "cinc-scan $*" >>'${folder}/calls'
  for out; do :; done
  mkdir -p "$out"
  [ ! -f '${folder}/replay/cinc-scan' ] || cp '${folder}/replay/cinc-scan' "$out/shop_web-0_app.json"
  [ ! -f '${folder}/replay/cinc-scan.exit' ] || exit "$(cat '${folder}/replay/cinc-scan.exit')"
  exit 0
fi
exec '${program[0]}' '${program[1]}' "$@"
`;

export interface Stage {
  /** The repository, with the examples in it. */
  workspace: string;
  /** With the stand-ins first. */
  path: string;
  /** How scanners were called. */
  calls: () => string[];
}

/** A checkout of the examples, and machines that hold these stand-ins. */
export function openStage(place: string, replays: Replays): Stage {
  const folder = mkdtempSync(join(place, 'stage-'));
  const [bin, workspace] = [join(folder, 'bin'), join(folder, 'work')];
  const write = (path: string, text: string, mode = 0o644) => {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text, { mode });
  };
  for (const name of scanners) write(join(bin, name), script(folder), 0o755);
  write(join(bin, 'cinc-scan'), command(folder), 0o755);
  for (const [key, { text, stderr, exit }] of Object.entries(replays)) {
    if (text !== undefined) write(join(folder, 'replay', key), text);
    if (stderr !== undefined) write(join(folder, 'replay', `${key}.stderr`), stderr);
    if (exit !== undefined) write(join(folder, 'replay', `${key}.exit`), String(exit));
  }
  cpSync(join(root, 'examples/stages'), workspace, { recursive: true });
  write(join(workspace, 'deploy/web.yml'), 'apiVersion: apps/v1\n');
  const calls = join(folder, 'calls');
  return {
    workspace,
    path: `${bin}:${process.env['PATH']}`,
    calls: () => (existsSync(calls) ? readFileSync(calls, 'utf8').trim().split('\n') : []),
  };
}
