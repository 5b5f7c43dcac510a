// SPDX-License-Identifier: Apache-2.0
import type { ReportModel } from './model.ts';
import { cut, shortLine } from './text.ts';
import { allViolations, toViews } from './views.ts';
import { listed, verdictSentence } from './words.ts';

const mostReasons = 20;

/** Why a run ends as it does: what was not judged, bounds that are not met, and the verdict last. */
export function renderWhy(model: ReportModel): string[] {
  const views = toViews(model);
  const troubles = views.flatMap(({ name, trouble }) =>
    trouble === undefined ? [] : [`${name}: ${trouble.code}: ${shortLine(trouble.message, 500)}`],
  );
  const unmet = allViolations(views).map(({ view, violation: { key, expected, actual, controls } }) => {
    const ids = controls.length > 0 ? ` (${listed(controls, 5)})` : '';
    return cut(`${view.name}: ${key}: expected ${expected}, got ${actual}${ids}`, 1000);
  });
  const all = [...troubles, ...unmet];
  const more = all.length > mostReasons ? [`… and ${all.length - mostReasons} more`] : [];
  return [...all.slice(0, mostReasons), ...more, `cinc-scan: ${verdictSentence(model.verdict)}`];
}
