// SPDX-License-Identifier: Apache-2.0
import { byPart, type Framework, type FrameworkId, frameworks } from './frameworks.ts';
import { shortLine } from './text.ts';
import { plural } from './words.ts';

/** A control as far as coverage goes. Hostile text. */
interface CoveringControl {
  id: string;
  tags: Record<string, unknown>;
}

/** One part of a framework and the controls that are tagged with it. */
interface CoveredPart {
  part: string;
  name: string;
  controls: string[];
}

export interface FrameworkCoverage {
  framework: FrameworkId;
  title: string;
  /** Parts covered, and of how many where that is known. */
  covered: number;
  of: number | null;
  parts: CoveredPart[];
  /** Where the framework's parts are known. */
  missing: { part: string; name: string }[];
}

/** Which parts of which frameworks the controls of a profile are about, by their tags. */
export function coverageOf(controls: CoveringControl[]): FrameworkCoverage[] {
  return Object.values(frameworks).map(framework => cover(framework, controls));
}

function cover(framework: Framework, controls: CoveringControl[]): FrameworkCoverage {
  const found = new Map<string, string[]>();
  for (const control of controls)
    for (const part of framework.partsOf(control)) found.set(part, [...(found.get(part) ?? []), control.id]);
  const parts = [...found].toSorted(([a], [b]) => byPart(a, b));
  const missing = (framework.all ?? []).filter(part => !found.has(part));
  return {
    framework: framework.id,
    title: framework.heading,
    covered: parts.length,
    of: framework.all === undefined ? null : framework.all.filter(part => found.has(part)).length + missing.length,
    parts: parts.map(([part, ids]) => ({ part, name: framework.nameOf(part), controls: ids })),
    missing: missing.map(part => ({ part, name: framework.nameOf(part) })),
  };
}

const widest = 58;

/** Coverage for people. */
export function renderCoverage(coverage: FrameworkCoverage[]): string {
  return coverage.map(renderFramework).join('\n');
}

function renderFramework({ title, covered, of, parts, missing }: FrameworkCoverage): string {
  if (covered === 0) return `${title}: no control is tagged with any\n`;
  const head = of === null ? plural(covered, 'part') : `${of - missing.length} of ${of}`;
  const lines = parts.map(
    ({ part, name, controls }) =>
      `  ${`${part} ${shortLine(name, 100)}`.trim().padEnd(widest)} ${plural(controls.length, 'control')}`,
  );
  const left = missing.map(({ part, name }) => `  ${`${part} ${name}`.padEnd(widest)} –`);
  return `${[`${title}: ${head}`, ...lines, ...(left.length > 0 ? ['  not covered:', ...left] : [])].join('\n')}\n`;
}
