// SPDX-License-Identifier: Apache-2.0
// Key by key, in the order of the schema: the same bytes whoever made the object, a run or the reader of a stored one.
import type { Counted, GateOptions, Violation, Warning } from '../../gate/index.ts';
import type { Observation, ProfileRef } from '../../outcome/index.ts';
import type { MissingTarget, PassedOver, Target } from '../../plan/index.ts';
import type { ReportModel, Surface, WrittenReport } from '../model.ts';
import type { AuditedTarget, FinishedScan } from './schema.ts';

export const toTool = ({ name, version }: ReportModel['tool']) => ({ name, version });

export const toRun = ({ id, started, finished, seconds }: ReportModel['run']) => ({ id, started, finished, seconds });

export const toCluster = ({ alias, server, version }: ReportModel['cluster']) => ({
  alias,
  server,
  version: version ?? null,
});

export const toEngine = (engine: ReportModel['engine']): FinishedScan['engine'] =>
  engine === undefined ? null : { name: engine.name, version: engine.version, ruby: engine.ruby };

export const toJail = (jail: ReportModel['jail']): FinishedScan['jail'] =>
  jail === undefined
    ? null
    : { strength: jail.strength, missing: jail.missing, means: jail.means, reasons: jail.reasons };

export const toProfile = ({ name, version, source, sha256, commit, dependencies }: ProfileRef) => ({
  name,
  version: version ?? null,
  source,
  sha256,
  commit: commit ?? null,
  dependencies: (dependencies ?? []).map(each => ({
    name: each.name,
    source: each.source,
    sha256: each.sha256,
    commit: each.commit ?? null,
  })),
});

export function toGrant(grant: ReportModel['grant']): FinishedScan['grant'] {
  if (grant === undefined) return null;
  const { access, objects, expiresAt, revoked } = grant;
  return {
    access,
    objects: objects.map(({ kind, namespace, name }) => ({ kind, namespace, name })),
    expiresAt: expiresAt ?? null,
    revoked: revoked ?? null,
  };
}

export const toPassedOver = ({ namespace, pod, container, reason }: PassedOver) => ({
  namespace,
  pod,
  container,
  reason,
});

export function toPlace(target: Target): AuditedTarget['target'] {
  const { cluster, namespace, pod, podUid, container, containerId, restartCount, image, owner } = target;
  return {
    cluster,
    namespace,
    pod,
    podUid,
    container,
    containerId,
    restartCount,
    image,
    imageDigest: target.imageDigest ?? null,
    node: target.node ?? null,
    owner: { kind: owner.kind, name: owner.name },
    sidecar: target.sidecar ?? null,
  };
}

export const toMissing = ({ cluster, namespace, selector }: MissingTarget) => ({ cluster, namespace, selector });

export function toObservation(seen: Observation): NonNullable<AuditedTarget['observation']> {
  const { lens, view, witness, started, seconds, commands, bytes } = seen;
  const { toolsMissing, notSeen, retries, truncated, virtual, leftBehind } = seen;
  const cost = { started, seconds, commands, bytes };
  return {
    lens,
    view,
    witness,
    ...cost,
    toolsMissing,
    notSeen,
    retries,
    truncated,
    virtual,
    leftBehind: leftBehind ?? null,
  };
}

export const toOptions = ({ profiles, rounding, strict, allowEmpty, unboundedErrors, now }: GateOptions) => ({
  profiles,
  rounding,
  strict,
  allowEmpty,
  unboundedErrors,
  now: now.toISOString(),
});

export const toViolation = ({ key, profile, expected, actual, controls }: Violation) => ({
  key,
  profile,
  expected,
  actual,
  controls,
});

export const toWarning = ({ code, message, controls }: Warning) => ({ code, message, controls });

export const toCounted = ({ id, profile, at, base, status, severity, statusBecause, severityBecause }: Counted) => ({
  id,
  profile,
  at,
  base,
  status,
  severity,
  statusBecause,
  severityBecause,
});

export const toReport = ({ format, path, sha256, bytes, truncated }: WrittenReport) => ({
  format,
  path,
  sha256,
  bytes,
  truncated,
});

export const toSurface = ({ name, ok, message }: Surface) => ({ name, ok, ...(message !== undefined && { message }) });
