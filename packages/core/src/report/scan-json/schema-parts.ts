// SPDX-License-Identifier: Apache-2.0
// What scan.json is made of: each part once, in the order in which they need each other.
import * as z from 'zod';
import { jailProperties } from '../../engine/index.ts';
import { catalogue } from '../../errors/index.ts';
import { reasons, warningCodes } from '../../gate/index.ts';
import { views, witnesses } from '../../lens/index.ts';
import { severities, statuses } from '../../outcome/index.ts';
import { jailStrengths, lensNames } from '../../request/index.ts';

export const text = z.string();
export const texts = z.array(text);
export const known = text.nullable();
export const count = z.int().min(0);
export const seconds = z.number().min(0);
export const moment = z.iso.datetime({ offset: true });
export const sha256 = z.string().regex(/^[0-9a-f]{64}$/);

export const tool = z.strictObject({ name: z.literal('cinc-scan'), version: text });
export const cluster = z.strictObject({ alias: text, server: text, version: known });
export const engine = z.strictObject({ name: text, version: text, ruby: text });
export const jail = z
  .strictObject({
    strength: z
      .enum(jailStrengths)
      .describe('full: nothing is missing. partial: names or limits are. none: what would make it a jail is missing.'),
    missing: z.array(z.enum(jailProperties)).describe('What profile code was not kept from, or had no limit of.'),
    means: texts.describe('By what it was kept from the rest.'),
    reasons: texts.describe('Why something is missing.'),
  })
  .describe('How far profile code was kept from the machine that scanned: the weakest of all its processes.')
  .meta({ id: 'jail' });
// It stands in links and names of files.
export const runId = z.string().regex(/^[a-z0-9][-a-z0-9]{0,39}$/);
export const request = z.looseObject({}).describe('The inputs by name, without secrets.');

const dependency = z.strictObject({ name: text, source: text, sha256: text, commit: known });
export const profile = z
  .strictObject({
    name: text,
    version: known,
    source: text,
    sha256: text,
    commit: known.describe('Of a git source: what its branch or tag was when it was fetched.'),
    dependencies: z.array(dependency).describe('What it depends on, directly and through others.'),
  })
  .meta({ id: 'profile' });

const bucket = z
  .object({ total: count, ...Object.fromEntries(severities.map(name => [name, count])) })
  .catchall(count)
  .describe('Controls in all, and by severity as the gate counts it: a tag in another case is a bucket of its own.')
  .meta({ id: 'bucket' });
export const counts = z
  .strictObject({ passed: bucket, failed: bucket, skipped: bucket, no_impact: bucket, error: bucket })
  .meta({ id: 'counts' });
export const compliance = z
  .strictObject({
    rounded: z.int().min(0).max(100),
    passed: count,
    total: count,
    percent: z.number().min(0).max(100).nullable().describe('Truncated to two decimals; null where no control counts.'),
  })
  .meta({ id: 'compliance' });

export const warning = z
  .strictObject({ code: z.enum(warningCodes), message: text, controls: texts })
  .meta({ id: 'warning' });
export const violated = { key: text, profile: text, expected: text, actual: text, controls: texts };
const violation = z.strictObject(violated).meta({ id: 'violation' });
export const bounds = z
  .record(text, z.union([z.number().min(0), z.array(text).min(1)]))
  .describe('By their flat path, such as failed.high.max.')
  .meta({ id: 'bounds' });
export const reason = z.enum(parseNames(reasons)).meta({ id: 'reason' });
export const errorCode = z.enum(parseNames(catalogue)).describe('A code of docs/errors.md.').meta({ id: 'errorCode' });

export const place = z
  .strictObject({
    cluster: text,
    namespace: text,
    pod: text,
    podUid: text,
    container: text,
    containerId: text,
    restartCount: count,
    image: text,
    imageDigest: known,
    node: known,
    owner: z.strictObject({ kind: text, name: text }),
    sidecar: known.describe('The scanner container that was injected into the pod.'),
  })
  .meta({ id: 'place' });
export const missing = z
  .strictObject({ cluster: text, namespace: text, selector: text })
  .describe('What was asked for and could not be found.')
  .meta({ id: 'missing' });

export const observation = z
  .strictObject({
    lens: z.enum(lensNames),
    view: z.enum(views).describe('files-only: commands and processes of the target could not be seen.'),
    witness: z
      .enum(witnesses)
      .describe(
        'Who answered. target: its own programs. guarded: tools of ours, which the kernel keeps out of its reach. reachable: tools of ours, which a process of the target could read, write or change.',
      ),
    started: text,
    seconds,
    commands: count,
    bytes: count,
    toolsMissing: texts,
    notSeen: count.describe('Questions that this view could not answer: their controls are not reviewed.'),
    retries: count,
    truncated: count,
    virtual: texts,
    leftBehind: known,
  })
  .meta({ id: 'observation' });

const counted = z
  .strictObject({
    id: text,
    profile: text,
    at: count.describe('The number of the control in the result file: from 0, through all its profiles.'),
    base: count.describe('The number of the control whose status and severity count: the deepest of its overlays.'),
    status: z.enum(statuses),
    severity: text.describe('As written: a tag in another case is not the severity of a bucket.'),
    statusBecause: text,
    severityBecause: text,
  })
  .describe('What one control counted as.')
  .meta({ id: 'counted' });

export const judgement = z
  .strictObject({
    exit: z.literal([0, 2, 3]),
    reason,
    problem: known.describe('Why nothing was judged.'),
    options: z.strictObject({
      profiles: z.enum(['first', 'all']),
      rounding: z.enum(['saf', 'none']),
      strict: z.boolean(),
      allowEmpty: z.boolean(),
      unboundedErrors: z.enum(['fail', 'warn', 'compared']),
      now: moment,
    }),
    bounds,
    violations: z.array(violation),
    warnings: z.array(warning),
    controls: z.array(counted),
  })
  .describe('What the gate said of one target, under which bounds and options, and what it counted.')
  .meta({ id: 'judgement' });

export const comparison = z
  .strictObject({
    exit: z.literal([0, 2, 3]),
    reason,
    problem: known,
    new: texts,
    known: texts,
    fixed: texts,
    lost: texts,
    unchanged: texts,
    warnings: z.array(warning),
  })
  .describe('What changed against the baseline.')
  .meta({ id: 'comparison' });

export const waiver = z
  .strictObject({
    control: text,
    identity: text,
    pod: text,
    profile: text,
    state: z.enum(['active', 'expired', 'unapplied']),
    reason: text,
    owner: known,
    expires: known,
  })
  .meta({ id: 'waiver' });

const grantObject = z.strictObject({
  kind: z.enum(['ServiceAccount', 'Role', 'RoleBinding']),
  namespace: text,
  name: text,
});
export const grant = z
  .strictObject({
    access: z.enum(['grant', 'existing']),
    objects: z.array(grantObject),
    expiresAt: known,
    revoked: z.boolean().nullable(),
  })
  .meta({ id: 'grant' });

function parseNames<K extends string>(record: Record<K, unknown>): K[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- keys of a constant
  return Object.keys(record) as K[];
}
