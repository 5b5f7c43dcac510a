// SPDX-License-Identifier: Apache-2.0
import type { Audited } from '../outcome/outcome.ts';
import type { ReportModel } from './model.ts';
import { safeJsonText } from './text.ts';

/** The engine's own bytes: nothing reordered, nothing corrected. */
export function renderHdf(outcome: Audited): string {
  return outcome.hdfText;
}

/** What is known of the run beside the results; read back when a result file is converted later. */
export interface Passthrough {
  schemaVersion: 1;
  target: Omit<Audited['target'], 'labels' | 'annotations'>;
  profile: Audited['profile'];
  lens: string;
  view: string;
  run: { id: string; started: string };
  grants: string[];
  tool: { name: string; version: string };
  engine: { name: string; version: string } | undefined;
}

/** A copy with the facts of the scan under `passthrough.cincScan`; every other byte stays as it was. */
export function renderAnnotatedHdf(model: ReportModel, outcome: Audited): string {
  const facts = toPassthrough(model, outcome);
  const document = parseDocument(outcome.hdfText);
  if ('passthrough' in document)
    return JSON.stringify({ ...document, passthrough: { ...parseObject(document['passthrough']), cincScan: facts } });
  const end = outcome.hdfText.lastIndexOf('}');
  const addition = `,"passthrough":${safeJsonText(JSON.stringify({ cincScan: facts }))}`;
  return `${outcome.hdfText.slice(0, end)}${addition}${outcome.hdfText.slice(end)}`;
}

function toPassthrough(
  { run, grant, tool, engine }: ReportModel,
  { target, profile, observation }: Audited,
): Passthrough {
  const { labels: _labels, annotations: _annotations, ...identity } = target;
  return {
    schemaVersion: 1,
    target: identity,
    profile,
    lens: observation.lens,
    view: observation.view,
    run: { id: run.id, started: run.started },
    grants: (grant?.objects ?? []).map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`),
    tool: { name: tool.name, version: tool.version },
    engine: engine === undefined ? undefined : { name: engine.name, version: engine.version },
  };
}

/** The reader of outcomes has accepted the text as an object already. */
function parseDocument(text: string): Record<string, unknown> {
  return parseObject(JSON.parse(text.startsWith('\uFEFF') ? text.slice(1) : text));
}

function parseObject(value: unknown): Record<string, unknown> {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- narrowed as far as the language can
  return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : {};
}
