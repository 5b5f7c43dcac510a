// SPDX-License-Identifier: Apache-2.0
// The same questions where the target's root directory can be read but not entered: the helper of the tools image opens
// each path below that directory (openat2 with RESOLVE_IN_ROOT), so that a symbolic link never leads out of the target.
import { type ProcessRef, quote, tools } from '../lens/index.ts';
import { releaseFiles } from './facts.ts';
import { makeScript, type Script } from './script.ts';

const file = ({ pid, startTime }: ProcessRef, options = '') =>
  `${tools.helper} file --pid ${pid} --starttime ${startTime} ${options}`;

export function filesOnlyFacts(target: ProcessRef): Script {
  return makeScript(
    separate => `
uname -s; ${separate}; uname -m; ${separate}; uname -r
for file in ${releaseFiles.join(' ')}; do
  content=$(${file(target, '--limit 65536')} -- cat "$file" 2>/dev/null) || continue
  ${separate}; printf '%s\\n%s\\n' "$file" "$content"
done; :`,
  );
}

export function filesOnlyLook(target: ProcessRef, path: string): Script {
  const { separator } = makeScript(() => '');
  return { separator, command: `${file(target, `--separator ${quote(separator)}`)} -- look ${quote(path)}` };
}

export function filesOnlyRead(target: ProcessRef, path: string): string {
  return `${file(target)} -- cat ${quote(path)}`;
}
