// SPDX-License-Identifier: Apache-2.0
import type { Json, JsonObject } from './json.ts';

export type OwnerReference = {
  apiVersion: string;
  kind: string;
  name: string;
  uid: string;
  controller?: boolean;
  blockOwnerDeletion?: boolean;
};

export type Meta = {
  name: string;
  namespace?: string;
  generateName?: string;
  uid: string;
  resourceVersion?: string;
  generation?: number;
  creationTimestamp?: string;
  deletionTimestamp?: string;
  deletionGracePeriodSeconds?: number;
  labels?: Record<string, string>;
  annotations?: Record<string, string>;
  ownerReferences?: OwnerReference[];
  finalizers?: string[];
};

export type KubeObject = {
  kind: string;
  apiVersion: string;
  metadata: Meta;
  [field: string]: Json | undefined;
};

export type PolicyRule = {
  verbs: string[];
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
};

export type RoleObject = KubeObject & { rules?: PolicyRule[] };

export type Subject = { kind: string; name: string; namespace?: string; apiGroup?: string };
export type RoleRef = { apiGroup: string; kind: string; name: string };
export type BindingObject = KubeObject & { roleRef: RoleRef; subjects?: Subject[] };

type Capabilities = { add?: string[]; drop?: string[] };

export type SecurityContext = {
  runAsUser?: number;
  runAsGroup?: number;
  runAsNonRoot?: boolean;
  privileged?: boolean;
  allowPrivilegeEscalation?: boolean;
  readOnlyRootFilesystem?: boolean;
  procMount?: string;
  capabilities?: Capabilities;
  seccompProfile?: { type?: string };
  appArmorProfile?: { type?: string };
};

export type PodSecurityContext = {
  runAsUser?: number;
  runAsGroup?: number;
  runAsNonRoot?: boolean;
  supplementalGroups?: number[];
  fsGroup?: number;
  seccompProfile?: { type?: string };
  appArmorProfile?: { type?: string };
};

export type EnvVar = { name: string; value?: string; valueFrom?: { fieldRef?: { fieldPath: string } } };
type VolumeMount = { name: string; mountPath: string; readOnly?: boolean; subPath?: string };

export type Container = {
  name: string;
  image: string;
  command?: string[];
  args?: string[];
  workingDir?: string;
  env?: EnvVar[];
  volumeMounts?: VolumeMount[];
  imagePullPolicy?: string;
  terminationMessagePath?: string;
  terminationMessagePolicy?: string;
  resources?: { limits?: Record<string, string | number>; requests?: Record<string, string | number> };
  securityContext?: SecurityContext;
  ports?: { containerPort?: number; hostPort?: number }[];
  stdin?: boolean;
  targetContainerName?: string;
};

export type VolumeItem = { key: string; path: string };
export type Volume = {
  name: string;
  emptyDir?: JsonObject;
  configMap?: { name: string; items?: VolumeItem[]; optional?: boolean };
  secret?: { secretName: string; items?: VolumeItem[]; optional?: boolean };
  hostPath?: { path: string };
  projected?: JsonObject;
};

export type PodSpec = {
  containers: Container[];
  ephemeralContainers?: Container[];
  volumes?: Volume[];
  restartPolicy: string;
  terminationGracePeriodSeconds: number;
  serviceAccountName: string;
  automountServiceAccountToken?: boolean;
  nodeName?: string;
  nodeSelector?: Record<string, string>;
  hostPID?: boolean;
  hostNetwork?: boolean;
  hostIPC?: boolean;
  hostUsers?: boolean;
  hostname?: string;
  shareProcessNamespace?: boolean;
  securityContext: PodSecurityContext;
};

export type Pod = KubeObject & { spec: PodSpec; status: JsonObject };

/** The shape was checked by the kind's schema when the object came in. */
export function parsePod(object: KubeObject): Pod {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return object as Pod;
}

export function parseContainers(spec: JsonObject): Container[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- checked by the schema as well
  return (Array.isArray(spec['containers']) ? spec['containers'] : []) as Container[];
}

export function parseRole(object: KubeObject): RoleObject {
  return object;
}

export function parseBinding(object: KubeObject): BindingObject {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- see above
  return object as BindingObject;
}

export function timestamp(now: Date): string {
  return `${now.toISOString().slice(0, 19)}Z`;
}
