// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { type Answer, apiPath, type Cluster, parseAnswer, serverVersion, toRefusal } from '../cluster/index.ts';
import { ScanError } from '../errors/index.ts';
import { injectedCommands, type Target, targetName } from '../plan/index.ts';

export { toolPaths as tools } from '../plan/index.ts';

/** Marks our own processes in a debug container: its value is the container's name. */
export const ownMarker = 'CINC_SCAN_CONTAINER';

const state = z.object({
  running: z.object({}).loose().nullish(),
  waiting: z.object({ reason: z.string().optional(), message: z.string().optional() }).nullish(),
  terminated: z.object({ reason: z.string().optional(), exitCode: z.number().optional() }).nullish(),
});

const ids = z.object({ runAsUser: z.number().nullish(), runAsGroup: z.number().nullish() }).nullish();

const specified = z.object({ name: z.string(), securityContext: ids });
const observed = z.object({
  name: z.string(),
  user: z.object({ linux: z.object({ uid: z.number(), gid: z.number() }).optional() }).optional(),
});

const debugged = z.object({
  spec: z.object({
    securityContext: ids,
    containers: z.array(specified).nullish(),
    // Those that restart always stay beside the others.
    initContainers: z.array(specified).nullish(),
    ephemeralContainers: z
      .array(
        z.object({
          name: z.string(),
          image: z.string().optional(),
          targetContainerName: z.string().optional(),
          command: z.array(z.string()).nullish(),
          securityContext: z.object({ readOnlyRootFilesystem: z.boolean().nullish() }).nullish(),
        }),
      )
      .nullish(),
  }),
  status: z.object({
    ephemeralContainerStatuses: z.array(z.object({ name: z.string(), state: state.default({}) })).nullish(),
    containerStatuses: z.array(observed).nullish(),
    initContainerStatuses: z.array(observed).nullish(),
  }),
});
type Debugged = z.infer<typeof debugged>;

export interface EphemeralRequest {
  image: string;
  runId: string;
  deadline: Date;
  /** How long one that is there already still has to live for us to use it. */
  timeoutMs: number;
  /** Where it is known otherwise than from the pod. */
  user?: UserIds;
}

export interface UserIds {
  uid: number;
  gid: number;
}

export interface DebugContainer {
  name: string;
  /** Whether it runs as a user that was guessed to be the target's. */
  guessed: boolean;
}

async function getPod(scanner: Cluster, { namespace, pod }: Target): Promise<Debugged> {
  const what = `pod ${namespace}/${pod}`;
  return parseAnswer(
    await scanner.call({ method: 'GET', path: apiPath('api/v1/namespaces', namespace, 'pods', pod) }, what),
    debugged,
    what,
  );
}

/** A running debug container beside the target: one of ours that still lives, or a new one. */
export async function ensureDebugContainer(
  scanner: Cluster,
  target: Target,
  request: EphemeralRequest,
): Promise<DebugContainer> {
  const now = await getPod(scanner, target);
  const living = now.spec.ephemeralContainers?.find(
    each =>
      request.user === undefined &&
      each.name.startsWith('cinc-scan-') &&
      each.targetContainerName === target.container &&
      each.image === request.image &&
      each.securityContext?.readOnlyRootFilesystem === true &&
      livesUntil(each.command) >= Math.min(Date.now() + request.timeoutMs, request.deadline.getTime()) &&
      isRunning(now, each.name),
  );
  if (living !== undefined) return { name: living.name, guessed: false };
  const taken = new Set(now.spec.ephemeralContainers?.map(each => each.name));
  // With the target's name, since two targets of one pod may be opened at the same time.
  const first = `cinc-scan-${request.runId.slice(0, 24)}-${target.container.slice(0, 24)}`.replace(/-+$/, '');
  let name = first;
  for (let copy = 2; taken.has(name); copy++) name = `${first}-${copy}`;
  const guessed = await addDebugContainer({ scanner, target, request, name }, now);
  await untilRunning(scanner, target, name);
  return { name, guessed };
}

function livesUntil(command: string[] | null | undefined): number {
  const at = command?.indexOf('--until') ?? -1;
  return at < 0 ? 0 : Number(command?.[at + 1]) * 1000;
}

const firstWithDebug = 25;

/** Before any right is given: a server that has no debug containers would answer as if there were no such pod. */
export async function requireDebugContainers(scanner: Cluster, target: Target): Promise<void> {
  const { text, minor } = await serverVersion(scanner);
  if (!(minor < firstWithDebug)) return;
  throw new ScanError(
    'LENS_UNAVAILABLE',
    `The debug lens for ${targetName(target)} needs Kubernetes 1.${firstWithDebug} or later, and the server is ${text}`,
    {
      remedy:
        'Write a scanner container into the manifest with `cinc-scan sidecar inject`: that lens works with any version.',
    },
  );
}

interface Adding {
  scanner: Cluster;
  target: Target;
  request: EphemeralRequest;
  name: string;
}

/**
 * As strong as the namespace allows: out of the target's reach first, the usual settings where the namespace refuses a
 * capability that is not among the default ones, those of the `restricted` level where it refuses these too.
 */
async function addDebugContainer(adding: Adding, now: Debugged): Promise<boolean> {
  const guarded = await patch(adding, guardedSecurity);
  if (guarded.status === 200) return false;
  if (!isPolicy(guarded)) throw toRefusal(guarded, whatOf(adding));
  const answer = await patch(adding, usualSecurity);
  if (answer.status === 200) return false;
  if (answer.status !== 403 || !answer.text.includes('PodSecurity')) throw toRefusal(answer, whatOf(adding));
  const user = adding.request.user ?? userOf(now, adding.target);
  const second = await patch(adding, restrictedSecurity(user));
  if (second.status !== 200) throw toRefusal(second, whatOf(adding));
  return user === undefined;
}

/** As the kubelet tells it since about 1.31, else as the pod demands it; undefined where only the image knows. */
function userOf({ spec, status }: Debugged, { container }: Target): UserIds | undefined {
  const linux = named(container, status.containerStatuses, status.initContainerStatuses)?.user?.linux;
  const own = named(container, spec.containers, spec.initContainers)?.securityContext;
  const { runAsUser: uid, runAsGroup: gid } = { ...spec.securityContext, ...own };
  return linux ?? (uid == null || gid == null ? undefined : { uid, gid });
}

const named = <T extends { name: string }>(name: string, ...lists: (T[] | null | undefined)[]): T | undefined =>
  lists.flatMap(list => list ?? []).find(each => each.name === name);

const whatOf = ({ target }: Adding) => `debug container in pod ${target.namespace}/${target.pod}`;

/** Pod Security and the webhooks of policy engines answer so; a right that is missing is told in other words. */
const isPolicy = ({ status, text }: Answer): boolean =>
  [400, 403, 422].includes(status) && !/cannot (?:patch|update) resource/.test(text);

// Root with default capabilities enters root targets and, through the helper, non-root ones. CRI-O's defaults lack
// SYS_CHROOT; elsewhere adding it changes nothing. A root target sees our processes, and through /proc/PID/root the tools
// that they run: without a writable root it cannot replace them.
export const usualSecurity = {
  runAsUser: 0,
  runAsGroup: 0,
  runAsNonRoot: false,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { add: ['SYS_CHROOT'] },
};

// One capability that targets lack keeps them from our processes altogether (ptrace(2), "Ptrace access mode checking").
// This one is about timers that wake a sleeping machine: it gives us nothing that we use.
export const guardedSecurity = { ...usualSecurity, capabilities: { add: ['SYS_CHROOT', 'WAKE_ALARM'] } };

export const guessedUser: UserIds = { uid: 65_532, gid: 65_532 };

/** The target's own user and group, or its root directory stays closed; 65532 is what distroless images run as. */
export function restrictedSecurity(user: UserIds = guessedUser) {
  return {
    runAsUser: user.uid,
    runAsGroup: user.gid,
    runAsNonRoot: true,
    allowPrivilegeEscalation: false,
    readOnlyRootFilesystem: true,
    capabilities: { drop: ['ALL'] },
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

function patch({ scanner, target, request, name }: Adding, securityContext: object) {
  const { namespace, pod, container } = target;
  const until = String(Math.ceil(request.deadline.getTime() / 1000));
  const body = {
    spec: {
      ephemeralContainers: [
        {
          name,
          image: request.image,
          // Nobody attaches; the absolute end holds also where the image arrives late and the container starts then.
          command: [...injectedCommands.idle, '--ignore-stdin', '--until', until],
          env: [{ name: ownMarker, value: name }],
          targetContainerName: container,
          securityContext,
        },
      ],
    },
  };
  const path = apiPath('api/v1/namespaces', namespace, 'pods', pod, 'ephemeralcontainers');
  return scanner.send({ method: 'PATCH', path, body, contentType: 'application/strategic-merge-patch+json' });
}

function isRunning({ status }: Debugged, name: string): boolean {
  return status.ephemeralContainerStatuses?.find(each => each.name === name)?.state.running != null;
}

// The kubelet tells of a bad image only after 11 to 13 s (measured on 1.36), so less than 20 s of patience is none.
const startMs = 30_000;
const hopeless =
  /^(ErrImageNeverPull|InvalidImageName|CreateContainerConfigError|CreateContainerError|RunContainerError|ErrImagePull|ImagePullBackOff)$/;

async function untilRunning(scanner: Cluster, target: Target, name: string): Promise<void> {
  const until = Date.now() + startMs;
  for (;;) {
    const now = await getPod(scanner, target);
    if (isRunning(now, name)) return;
    const { reason, message, isFinal } = whyNotRunning(now, name);
    if (isFinal || Date.now() > until)
      throw new ScanError(
        'LENS_UNAVAILABLE',
        `The debug container of ${targetName(target)} does not run: ${reason}${message}`,
      );
    await new Promise(resolve => setTimeout(resolve, 300));
  }
}

function whyNotRunning({ status }: Debugged, name: string): { reason: string; message: string; isFinal: boolean } {
  const found = status.ephemeralContainerStatuses?.find(each => each.name === name)?.state;
  if (found?.terminated != null) return { reason: found.terminated.reason ?? 'ended', message: '', isFinal: true };
  const { reason = 'not started', message } = found?.waiting ?? {};
  return { reason, message: message === undefined ? '' : `, ${message}`, isFinal: hopeless.test(reason) };
}
