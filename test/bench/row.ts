// SPDX-License-Identifier: Apache-2.0

export type Unit = 's' | 'MB' | 'B' | '';

/** One thing measured, in one run, some times. */
export interface Measure {
  label: string;
  unit: Unit;
  samples: number[];
}

export const ours = 'cinc-scan scan';
export const theirs = 'train-k8s-container-mitre';

export const series = (label: string, unit: Unit, samples: number[]): Measure => ({ label, unit, samples });

export const sum = (values: (number | undefined)[]) => values.reduce<number>((total, value) => total + (value ?? 0), 0);

export interface Row {
  title: string;
  /** Side by side: the first is held against each of the others. */
  measures: Measure[];
  /** What the first measure ought to be; told, never enforced. */
  goal?: Goal;
  /** Parts of one whole: no ratios among them. */
  parts?: true;
  note?: string;
}

/** At most so many times the second measure, or at most so much. */
type Goal = { kind: 'ratio'; atMost: number } | { kind: 'amount'; atMost: number };

export function median(samples: number[]): number {
  const sorted = samples.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const [upper = Number.NaN, lower = upper] = [sorted[middle], sorted[middle - 1]];
  return sorted.length % 2 === 1 ? upper : (lower + upper) / 2;
}

/** The first measure's median over another's. */
export function ratio({ measures }: Row, other = 1): number {
  return median(measures[0]?.samples ?? []) / median(measures[other]?.samples ?? []);
}

function isMet(row: Row): boolean | undefined {
  if (row.goal === undefined) return undefined;
  const value = row.goal.kind === 'ratio' ? ratio(row) : median(row.measures[0]?.samples ?? []);
  return value <= row.goal.atMost;
}

/** A row for people. */
export function renderRow(row: Row): string {
  const lines = row.measures.map((measure, index) => {
    const held = index === 0 || row.parts === true ? '' : `  ratio ${ratio(row, index).toFixed(2)}`;
    return `    ${measure.label.padEnd(44)} ${renderMeasure(measure)}${held}`;
  });
  const note = row.note === undefined ? [] : [`    ${row.note}`];
  return [row.title, ...lines, ...goalLine(row), ...note].join('\n');
}

function goalLine(row: Row): string[] {
  if (row.goal === undefined) return [];
  const unit = row.goal.kind === 'ratio' ? ' as a ratio' : ` ${row.measures[0]?.unit ?? ''}`;
  return [`    goal: at most ${row.goal.atMost}${unit}: ${isMet(row) === true ? 'met' : 'not met'}`];
}

function renderMeasure({ unit, samples }: Measure): string {
  const text = (value: number) => amount(value, unit);
  const spread = samples.length > 1 ? ` (${text(Math.min(...samples))}–${text(Math.max(...samples))})` : '';
  return `${`${text(median(samples))} ${unit}`.padStart(11)}${spread} n=${samples.length}`;
}

function amount(value: number, unit: Unit): string {
  const digits = unit === 's' ? 3 : unit === 'MB' ? 1 : 0;
  return value.toFixed(digits);
}

/** A row for programs. */
export function toJsonRow(row: Row) {
  return {
    title: row.title,
    measures: row.measures.map(measure => ({ ...measure, median: median(measure.samples) })),
    ratios: row.parts === true ? [] : row.measures.slice(1).map((_, index) => ratio(row, index + 1)),
    ...(row.goal !== undefined && { goal: { ...row.goal, met: isMet(row) } }),
    ...(row.note !== undefined && { note: row.note }),
  };
}
