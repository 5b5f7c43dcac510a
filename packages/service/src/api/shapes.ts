// SPDX-License-Identifier: Apache-2.0
// What the API answers.
import { jailStrengths } from '@cinc-scan/core';
import * as z from 'zod';
import { apiTypes } from '../domain/api-types.ts';
import { deliveryStates } from '../domain/delivery-states.ts';
import { keyScope } from '../domain/key-scope.ts';
import { checkFinding, workload } from '../domain/question.ts';
import { allRoles, platformRoles, teamRoles } from '../domain/roles.ts';

const moment = z.iso.datetime();
const maybe = <T extends z.ZodType>(type: T) => type.nullable();

export const failure = z.object({ code: z.string(), message: z.string(), remedy: z.string() });

export const scanStates = ['queued', 'running', 'done', 'failed', 'cancelled', 'expired'] as const;

const importedFrom = z.object({
  kind: z.enum(['run', 'results']).describe('run: judged where it was run; results: judged here, from result files'),
  name: z.string(),
  at: moment,
  by: z.string(),
  tool: z.object({ name: z.string(), version: z.string() }),
  cluster: z.string().describe('What the run calls its cluster'),
});

const queuePlace = z.object({
  position: z.int(),
  running: z.int().describe('Scans that run in the cluster now'),
  mostRuns: z.int().describe('Scans that the cluster takes at once'),
});

const estimate = z.object({
  seconds: z.int().describe('Median of the last runs of the same profiles with as many looks, from start to end'),
  runs: z.int().describe('How many runs that is from'),
  looks: z.int().describe('Targets, each counted once for each profile'),
});

export const scan = z
  .object({
    id: z.uuid(),
    state: z
      .enum(scanStates)
      .describe('done has a verdict; failed means that something could not be looked at, and is none'),
    verdict: maybe(z.enum(['pass', 'fail'])),
    reason: maybe(z.string()),
    exitCode: maybe(z.int()).describe('What `cinc-scan scan` would have ended with'),
    error: maybe(failure),
    counts: maybe(z.record(z.string(), z.int())),
    attempt: z.int(),
    position: maybe(z.int()).describe('Scans of the same cluster that are before it in the queue'),
    queue: maybe(queuePlace).describe('Of one scan that waits; null in lists'),
    estimate: maybe(estimate).describe('How long its run takes; null in lists, and where nothing was measured'),
    waitedSeconds: z.int().describe('From the request to the start, or to now'),
    ranSeconds: maybe(z.int()).describe('From the start to the end, or to now'),
    cancelRequested: z.boolean(),
    requestedAt: moment,
    deadlineAt: moment,
    startedAt: maybe(moment),
    finishedAt: maybe(moment),
    runId: maybe(z.string()),
    isolation: maybe(z.enum(jailStrengths)).describe(
      'How far profile code was kept from the machine of the runner: full, partial or none; null where none ran yet',
    ),
    origin: z
      .enum(['service', 'imported'])
      .describe('imported: run by something else and sent in; this service looked at nothing'),
    imported: maybe(importedFrom),
    ask: z.record(z.string(), z.unknown()),
    pins: z.object({
      cluster: z.string(),
      profiles: z.array(z.object({ slug: z.string(), version: z.string(), digest: z.string() })),
      threshold: maybe(z.object({ slug: z.string(), version: z.int(), digest: z.string() })),
    }),
  })
  .register(apiTypes, { id: 'Scan' });

const { selectors, problems, lens, pods, ...workloadShape } = workload.shape;

const target = z
  .object({
    cluster: z.string(),
    ...workloadShape,
    targets: selectors.describe('What a scan of it names'),
    pods: pods.describe('Pods that run'),
    lens: lens.describe('exec takes a shell in the container, which nobody knows before it is opened'),
    problems: problems.describe('What keeps a scan from looking at some of it'),
  })
  .register(apiTypes, { id: 'Target' });

export const targetPage = z
  .object({
    items: z.array(target),
    unasked: z
      .array(z.object({ cluster: z.string(), namespace: maybe(z.string()), error: failure }))
      .describe('Clusters and namespaces of which this page says nothing, and why; namespace null: all of the cluster'),
    next: maybe(z.string()).describe('Value of `after` for the next page'),
  })
  .register(apiTypes, { id: 'TargetPage' });

export const submittedScan = z
  .object({
    id: z.uuid(),
    kind: z
      .enum(['new', 'same', 'waiting'])
      .describe('same: the idempotency key was used before; waiting: the same question was in the queue already'),
    joined: z
      .boolean()
      .describe('Somebody else had asked for this scan before; it is still so when the request is sent again'),
    links: z.object({ self: z.string(), results: z.string(), events: z.string() }),
  })
  .register(apiTypes, { id: 'SubmittedScan' });

export const importedScan = z
  .object({
    id: z.uuid(),
    kind: z.enum(['new', 'unchanged']).describe('unchanged: the team has this run already'),
    state: z.enum(scanStates),
    verdict: maybe(z.enum(['pass', 'fail'])),
    links: z.object({ self: z.string(), results: z.string() }),
  })
  .register(apiTypes, { id: 'ImportedScan' });

export const cancelledScan = z
  .object({
    state: z.enum(scanStates),
    others: z.int().describe('Who else waits for the scan, which goes on for them'),
  })
  .register(apiTypes, { id: 'CancelledScan' });

/** Items, and where the next ones are. */
export const page = <T extends z.ZodType>(item: T, id: string) =>
  z
    .object({ items: z.array(item), next: maybe(z.string()).describe('Value of `after` for the next page') })
    .register(apiTypes, { id });

const report = z.object({ file: z.string(), kind: z.string(), digest: z.string(), bytes: z.int() });

export const reportList = z.object({ items: z.array(report) }).register(apiTypes, { id: 'ReportList' });

export const profile = z
  .object({
    name: z.string(),
    version: z.string(),
    digest: z.string(),
    state: z.enum(['pending', 'approved', 'withdrawn']),
    decidedAt: maybe(moment),
    createdAt: moment,
  })
  .register(apiTypes, { id: 'Profile' });

export const threshold = z
  .object({ name: z.string(), version: z.int(), digest: z.string(), createdAt: moment })
  .register(apiTypes, { id: 'Threshold' });

export const clusterCheck = z
  .object({
    checkedAt: moment,
    state: checkFinding.shape.state.describe('The worst of what was found'),
    findings: z.array(z.object(checkFinding.shape)),
  })
  .register(apiTypes, { id: 'ClusterCheck' });

export const delivery = z
  .object({
    id: z.uuid().describe('The header webhook-id: the same at every try'),
    kind: z.string(),
    subject: z.string(),
    to: z.string().describe('Without path and query, which may hold secrets'),
    state: z.enum(deliveryStates).describe('dead: given up; it can be sent again'),
    attempts: z.int(),
    nextAt: maybe(moment),
    lastAnswer: maybe(
      z.object({
        at: moment,
        status: maybe(z.int()).describe('null: nobody answered'),
        problem: maybe(z.string()),
      }),
    ),
    createdAt: moment,
    finishedAt: maybe(moment),
  })
  .register(apiTypes, { id: 'Delivery' });

export const cluster = z
  .object({
    name: z.string(),
    region: maybe(z.string()),
    mostRuns: z.int(),
    namespaces: maybe(z.array(z.string())).describe('null: all of them'),
    lastCheck: maybe(clusterCheck).describe('null: none yet, or not for teams to see'),
  })
  .register(apiTypes, { id: 'Cluster' });

export const team = z
  .object({ name: z.string(), title: z.string(), queueQuota: z.int(), createdAt: moment })
  .register(apiTypes, { id: 'Team' });

export const apiKey = z
  .object({
    id: z.uuid(),
    publicId: z.string(),
    name: z.string(),
    role: z.enum(allRoles),
    scope: maybe(keyScope).describe('null: for all that the team has'),
    expiresAt: moment,
    revokedAt: maybe(moment),
    lastUsedAt: maybe(moment),
    createdAt: moment,
  })
  .register(apiTypes, { id: 'Key' });

export const newKey = z
  .object({ id: z.uuid(), key: z.string().describe('Shown this once'), expiresAt: moment })
  .register(apiTypes, { id: 'NewKey' });

export const me = z
  .object({
    name: z.string(),
    role: maybe(z.enum(allRoles)).describe('null: you have several; the header x-cinc-scan-team says which is meant'),
    team: maybe(z.string()),
    scope: maybe(keyScope),
    teams: z.array(z.object({ name: z.string(), role: z.enum(teamRoles) })),
    platform: maybe(z.enum(platformRoles)),
  })
  .register(apiTypes, { id: 'Me' });

export const auditEntry = z
  .object({
    n: z.int(),
    at: moment,
    team: maybe(z.uuid()),
    principal: maybe(z.uuid()),
    action: z.string(),
    object: z.string(),
    detail: z.record(z.string(), z.unknown()),
    hash: z.string(),
  })
  .register(apiTypes, { id: 'AuditEntry' });
