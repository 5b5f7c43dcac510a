// SPDX-License-Identifier: Apache-2.0
import { controlSeverity, controlStatus, type GatedControl, type Hdf } from '../outcome/index.ts';
import { effectiveOptions, type GateOptions } from './judgement.ts';
import { selectChecked } from './select.ts';

/** A line for each control that counts: its status and severity, and what made it so. */
export function explain(hdf: Hdf, options: GateOptions): string[] {
  const effective = effectiveOptions(options);
  const selection = selectChecked(hdf, effective);
  if (selection.kind === 'refused') return [oneLine(`not judged, ${selection.reason}: ${selection.problem}`)];
  return selection.sets.flatMap(set => set.controls).map(control => explainOne(control, effective));
}

function explainOne({ listed, base, profile, baseProfile }: GatedControl, options: GateOptions): string {
  const status = controlStatus(base, options);
  const severity = controlSeverity(base, options);
  const from = base === listed ? '' : `, as found in ${baseProfile.name}`;
  return oneLine(
    `${profile.name} ${listed.id}: ${status.value} (${status.because}), severity ${severity.value} (${severity.because})${from}`,
  );
}

/** Names come from profiles: a line break or an escape sequence in one must not forge a line. */
function oneLine(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, character => {
    const code = character.codePointAt(0) ?? 0;
    return `\\u{${code.toString(16)}}`;
  });
}
