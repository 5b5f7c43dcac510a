// SPDX-License-Identifier: Apache-2.0
import type { Audited } from '../outcome/index.ts';
import { safeJsonText } from './log-commands.ts';
import type { ReportModel } from './model.ts';

/** The engine's own bytes: nothing reordered, nothing corrected. */
export function renderHdf(outcome: Audited): string {
  return outcome.hdfText;
}

/** What is known of the run beside the results; read back when a result file is converted later. */
interface Passthrough {
  schemaVersion: 1;
  target: Omit<Audited['target'], 'labels' | 'annotations'>;
  profile: Audited['profile'];
  lens: string;
  view: string;
  witness: string;
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
  return {
    schemaVersion: 1,
    target: toIdentity(target),
    profile: toRef(profile),
    lens: observation.lens,
    view: observation.view,
    witness: observation.witness,
    run: { id: run.id, started: run.started },
    grants: (grant?.objects ?? []).map(({ kind, namespace, name }) => `${kind} ${namespace}/${name}`),
    tool: { name: tool.name, version: tool.version },
    engine: engine === undefined ? undefined : { name: engine.name, version: engine.version },
  };
}

// Key by key: the same bytes whoever made the object, a plan or the reader of a stored run.
function toIdentity(target: Audited['target']): Passthrough['target'] {
  const { cluster, namespace, pod, podUid, container, containerId, restartCount } = target;
  const { image, imageDigest, node, owner, sidecar } = target;
  const place = { cluster, namespace, pod, podUid, container, containerId, restartCount, image, imageDigest, node };
  return { ...place, owner: { kind: owner.kind, name: owner.name }, sidecar };
}

function toRef({ name, version, source, sha256, commit, dependencies = [] }: Audited['profile']): Audited['profile'] {
  const known = { name, version, source, sha256, commit };
  if (dependencies.length === 0) return known;
  return {
    ...known,
    dependencies: dependencies.map(each => ({
      name: each.name,
      source: each.source,
      sha256: each.sha256,
      commit: each.commit,
    })),
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
