// SPDX-License-Identifier: Apache-2.0
import type { HdfJson } from './cinc-scan.ts';

/** Everything that is said of each control of each profile, but for times, chance, and places on this machine. */
export function told(hdf: HdfJson | undefined) {
  const profiles = hdf?.profiles.map(each => JSON.parse(JSON.stringify(each), steady) as typeof each);
  return profiles?.map(({ name, controls }) => ({
    name,
    controls: controls.map(({ id, impact, results, ...control }) => ({
      id,
      impact,
      title: 'title' in control ? control.title : undefined,
      tags: 'tags' in control ? control.tags : undefined,
      results: results.map(({ status, code_desc: asked, message, skip_message: skipped }) => ({
        status,
        asked,
        message,
        skipped,
      })),
    })),
  }));
}

/** Without the addresses of objects (and all of a control that Ruby shows), random ids, and the folder of the profile. */
function steady(key: string, value: unknown): unknown {
  if (typeof value === 'number' && (key === 'id' || key === 'title')) return String(value); // text in ours, as HDF has it
  if (typeof value !== 'string') return value;
  return value
    .replace(/#<Inspec::Rule:0x[0-9a-f]+ .*/s, 'RULE')
    .replaceAll(/0x[0-9a-f]{8,}/g, 'ADDRESS')
    .replaceAll(/ [0-9a-f]{32}\)/g, ' RANDOM)')
    .replaceAll(/\/\S*?\/([^/\s]+\/controls\/)/g, '$1');
}
