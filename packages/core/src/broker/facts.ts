// SPDX-License-Identifier: Apache-2.0
// What a target's platform is known by, in one trip.
import { ScanError } from '../errors/index.ts';
import type { CommandAnswer } from '../lens/index.ts';
import { makeScript, type Script, sections } from './script.ts';

// What Train's platform detection asks for (train-core 3.16, lib/train/platforms/detect).
export const releaseFiles = [
  'debian_version os-release lsb-release oracle-release enterprise-release parallels-release system-release',
  'redhat-release SuSE-release arch-release slackware-version gentoo-release exherbo-release alpine-release',
  'coreos/update.conf issue',
].flatMap(names => names.split(' ').map(name => `/etc/${name}`));
const releaseTools = ['/usr/bin/lsb-release', '/usr/bin/raspi-config'];

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
  text=$(cat "$file" 2>/dev/null) || text=$(while IFS= read -r line; do printf '%s\\n' "$line"; done <"$file")
  ${separate}; printf '%s\\n%s\\n' "$file" "$text"
done
for file in ${releaseTools.join(' ')}; do [ -f "$file" ] && { ${separate}; printf '%s\\n' "$file"; }; done; :`,
  );
}

export function parseFacts(answer: CommandAnswer, { separator }: Script): Facts {
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
