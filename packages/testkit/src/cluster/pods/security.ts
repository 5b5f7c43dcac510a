// SPDX-License-Identifier: Apache-2.0
import type { Container, PodSecurityContext, PodSpec } from '../objects/objects.ts';

/** Pod Security Standards: https://kubernetes.io/docs/concepts/security/pod-security-standards/ */
export type Level = 'privileged' | 'baseline' | 'restricted';

const addable = new Set([
  'AUDIT_WRITE',
  'CHOWN',
  'DAC_OVERRIDE',
  'FOWNER',
  'FSETID',
  'KILL',
  'MKNOD',
  'NET_BIND_SERVICE',
  'SETFCAP',
  'SETGID',
  'SETPCAP',
  'SETUID',
  'SYS_CHROOT',
]);

type Check = (spec: PodSpec, containers: Container[]) => string | undefined;

export function podSecurityViolation(spec: PodSpec, level: Level): string | undefined {
  if (level === 'privileged') return undefined;
  const containers = [...spec.containers, ...(spec.ephemeralContainers ?? [])];
  const checks = level === 'baseline' ? baseline : restricted;
  const violations = checks.map(check => check(spec, containers)).filter(text => text !== undefined);
  return violations.length === 0 ? undefined : `violates PodSecurity "${level}:latest": ${violations.join(', ')}`;
}

export function toLevel(text: string | undefined): Level {
  // An unknown level is treated as the strictest, as the admission plugin does.
  if (text === undefined || text === '' || text === 'privileged') return 'privileged';
  return text === 'baseline' ? 'baseline' : 'restricted';
}

const quote = (names: string[]): string => names.map(name => `"${name}"`).join(', ');

function named(containers: Container[]): string {
  return `${containers.length === 1 ? 'container' : 'containers'} ${quote(containers.map(one => one.name))}`;
}

/** One violation that one or more containers share: `title (containers "a", "b" <what>)`. */
function shared(title: string, bad: Container[], what: string): string | undefined {
  return bad.length === 0 ? undefined : `${title} (${named(bad)} ${what})`;
}

const appArmor: Check = (_, containers) =>
  shared(
    'forbidden AppArmor profile',
    containers.filter(one => one.securityContext?.appArmorProfile?.type === 'Unconfined'),
    'must not set AppArmor profile type to "Unconfined"',
  );

function addedBeyond(containers: Container[], allowed: Set<string>): string[] {
  return containers.flatMap(one => {
    const bad = (one.securityContext?.capabilities?.add ?? []).filter(name => !allowed.has(name)).toSorted();
    return bad.length === 0
      ? []
      : [`container "${one.name}" must not include ${quote(bad)} in securityContext.capabilities.add`];
  });
}

const baselineCapabilities: Check = (_, containers) => {
  const bad = addedBeyond(containers, addable);
  return bad.length === 0 ? undefined : `non-default capabilities (${bad.join('; ')})`;
};

const hostNamespaces: Check = spec => {
  const used = [
    ...(spec.hostNetwork === true ? ['hostNetwork=true'] : []),
    ...(spec.hostPID === true ? ['hostPID=true'] : []),
    ...(spec.hostIPC === true ? ['hostIPC=true'] : []),
  ];
  return used.length === 0 ? undefined : `host namespaces (${used.join(', ')})`;
};

const hostPaths: Check = spec => {
  const bad = (spec.volumes ?? []).filter(volume => volume.hostPath !== undefined).map(volume => volume.name);
  return bad.length === 0 ? undefined : `hostPath volumes (${bad.length === 1 ? 'volume' : 'volumes'} ${quote(bad)})`;
};

const privileged: Check = (_, containers) =>
  shared(
    'privileged',
    containers.filter(one => one.securityContext?.privileged === true),
    'must not set securityContext.privileged=true',
  );

const procMount: Check = (_, containers) =>
  shared(
    'procMount',
    containers.filter(one => one.securityContext?.procMount === 'Unmasked'),
    'must not set securityContext.procMount to "Unmasked"',
  );

const unconfined = (containers: Container[]): Container[] =>
  containers.filter(one => one.securityContext?.seccompProfile?.type === 'Unconfined');
const mustNotBeUnconfined = 'must not set securityContext.seccompProfile.type to "Unconfined"';

const baselineSeccomp: Check = (spec, containers) => {
  if (spec.securityContext.seccompProfile?.type === 'Unconfined') return `seccompProfile (pod ${mustNotBeUnconfined})`;
  return shared('seccompProfile', unconfined(containers), mustNotBeUnconfined);
};

const escalation: Check = (_, containers) =>
  shared(
    'allowPrivilegeEscalation != false',
    containers.filter(one => one.securityContext?.allowPrivilegeEscalation !== false),
    'must set securityContext.allowPrivilegeEscalation=false',
  );

const restrictedCapabilities: Check = (_, containers) => {
  const undropped = containers.filter(one => !(one.securityContext?.capabilities?.drop ?? []).includes('ALL'));
  const bad = [
    ...(undropped.length === 0 ? [] : [`${named(undropped)} must set securityContext.capabilities.drop=["ALL"]`]),
    ...addedBeyond(containers, new Set(['NET_BIND_SERVICE'])),
  ];
  return bad.length === 0 ? undefined : `unrestricted capabilities (${bad.join('; ')})`;
};

const restrictedVolumes: Check = spec => {
  const bad = (spec.volumes ?? []).filter(volume => volume.hostPath !== undefined).map(volume => volume.name);
  if (bad.length === 0) return undefined;
  const [noun, verb] = bad.length === 1 ? ['volume', 'uses'] : ['volumes', 'use'];
  return `restricted volume types (${noun} ${quote(bad)} ${verb} restricted volume type "hostPath")`;
};

const nonRoot: Check = (spec, containers) => {
  const pod: PodSecurityContext = spec.securityContext;
  const explicit = containers.filter(one => one.securityContext?.runAsNonRoot === false);
  if (explicit.length > 0)
    return shared('runAsNonRoot != true', explicit, 'must not set securityContext.runAsNonRoot=false');
  const unset = containers.filter(one => (one.securityContext?.runAsNonRoot ?? pod.runAsNonRoot) !== true);
  return unset.length === 0
    ? undefined
    : `runAsNonRoot != true (pod or ${named(unset)} must set securityContext.runAsNonRoot=true)`;
};

const runAsUser: Check = (spec, containers) => {
  const bad = containers.filter(one => one.securityContext?.runAsUser === 0);
  const parts = [...(spec.securityContext.runAsUser === 0 ? ['pod'] : []), ...(bad.length === 0 ? [] : [named(bad)])];
  return parts.length === 0 ? undefined : `runAsUser=0 (${parts.join(' and ')} must not set runAsUser=0)`;
};

const restrictedSeccomp: Check = (spec, containers) => {
  const outright = baselineSeccomp(spec, containers);
  if (outright !== undefined) return outright;
  const bad = containers.filter(
    one => (one.securityContext?.seccompProfile ?? spec.securityContext.seccompProfile) === undefined,
  );
  return bad.length === 0
    ? undefined
    : `seccompProfile (pod or ${named(bad)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")`;
};

const baseline: Check[] = [
  appArmor,
  baselineCapabilities,
  hostNamespaces,
  hostPaths,
  privileged,
  procMount,
  baselineSeccomp,
];

const restricted: Check[] = [
  appArmor,
  hostNamespaces,
  privileged,
  procMount,
  escalation,
  restrictedCapabilities,
  restrictedVolumes,
  nonRoot,
  runAsUser,
  restrictedSeccomp,
];
