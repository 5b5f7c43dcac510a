// SPDX-License-Identifier: Apache-2.0
import type { Schema } from '../objects/schema.ts';

const strings: Schema = { list: 'string' };
const typed: Schema = { fields: { type: 'string', localhostProfile: 'refuse' } };
const quantities: Schema = { map: 'any' };

const securityContext: Schema = {
  fields: {
    runAsUser: 'number',
    runAsGroup: 'number',
    runAsNonRoot: 'boolean',
    privileged: 'boolean',
    allowPrivilegeEscalation: 'boolean',
    readOnlyRootFilesystem: 'boolean',
    procMount: 'string',
    capabilities: { fields: { add: strings, drop: strings } },
    seccompProfile: typed,
    appArmorProfile: typed,
    seLinuxOptions: 'refuse',
    windowsOptions: 'refuse',
  },
};

const podSecurityContext: Schema = {
  fields: {
    runAsUser: 'number',
    runAsGroup: 'number',
    runAsNonRoot: 'boolean',
    supplementalGroups: { list: 'number' },
    fsGroup: 'number',
    seccompProfile: typed,
    appArmorProfile: typed,
    fsGroupChangePolicy: 'string',
    seLinuxOptions: 'refuse',
    supplementalGroupsPolicy: 'refuse',
    sysctls: 'refuse',
    windowsOptions: 'refuse',
  },
};

const env: Schema = {
  list: {
    fields: {
      name: 'string',
      value: 'string',
      valueFrom: {
        fields: {
          fieldRef: { fields: { apiVersion: 'string', fieldPath: 'string' } },
          configMapKeyRef: 'refuse',
          secretKeyRef: 'refuse',
          resourceFieldRef: 'refuse',
          fileKeyRef: 'refuse',
        },
      },
    },
  },
};

const volumeMounts: Schema = {
  list: {
    fields: {
      name: 'string',
      mountPath: 'string',
      readOnly: 'boolean',
      subPath: 'string',
      subPathExpr: 'refuse',
      mountPropagation: 'refuse',
      recursiveReadOnly: 'refuse',
    },
  },
};

const container: Schema = {
  fields: {
    name: 'string',
    image: 'string',
    command: strings,
    args: strings,
    workingDir: 'string',
    env,
    envFrom: 'refuse',
    volumeMounts,
    volumeDevices: 'refuse',
    imagePullPolicy: 'string',
    resources: { fields: { limits: quantities, requests: quantities, claims: 'refuse' } },
    securityContext,
    ports: {
      list: {
        fields: { name: 'string', containerPort: 'number', hostPort: 'refuse', protocol: 'string', hostIP: 'refuse' },
      },
    },
    stdin: 'boolean',
    stdinOnce: 'refuse',
    tty: 'refuse',
    targetContainerName: 'string',
    terminationMessagePath: 'string',
    terminationMessagePolicy: 'string',
    livenessProbe: 'refuse',
    readinessProbe: 'refuse',
    startupProbe: 'refuse',
    lifecycle: 'refuse',
    restartPolicy: 'refuse',
    restartPolicyRules: 'refuse',
    resizePolicy: 'refuse',
  },
};

const items: Schema = { list: { fields: { key: 'string', path: 'string', mode: 'number' } } };

const volumes: Schema = {
  list: {
    fields: {
      name: 'string',
      emptyDir: { fields: { medium: 'string', sizeLimit: 'any' } },
      configMap: { fields: { name: 'string', items, optional: 'boolean', defaultMode: 'number' } },
      secret: { fields: { secretName: 'string', items, optional: 'boolean', defaultMode: 'number' } },
      hostPath: { fields: { path: 'string', type: 'string' } },
      projected: 'any',
      persistentVolumeClaim: 'refuse',
      downwardAPI: 'refuse',
      csi: 'refuse',
      nfs: 'refuse',
      ephemeral: 'refuse',
      image: 'refuse',
    },
  },
};

export const podSpec: Schema = {
  fields: {
    containers: { list: container },
    initContainers: 'refuse',
    ephemeralContainers: { list: container },
    volumes,
    restartPolicy: 'string',
    terminationGracePeriodSeconds: 'number',
    activeDeadlineSeconds: 'refuse',
    dnsPolicy: 'string',
    dnsConfig: 'refuse',
    nodeSelector: { map: 'string' },
    serviceAccountName: 'string',
    serviceAccount: 'string',
    automountServiceAccountToken: 'boolean',
    nodeName: 'string',
    hostNetwork: 'refuse',
    hostPID: 'boolean',
    hostIPC: 'refuse',
    hostUsers: 'boolean',
    hostname: 'string',
    subdomain: 'refuse',
    hostAliases: 'refuse',
    shareProcessNamespace: 'boolean',
    securityContext: podSecurityContext,
    imagePullSecrets: { list: { fields: { name: 'string' } } },
    affinity: 'refuse',
    schedulerName: 'string',
    tolerations: { list: 'any' },
    priority: 'number',
    priorityClassName: 'refuse',
    enableServiceLinks: 'boolean',
    preemptionPolicy: 'string',
    runtimeClassName: 'refuse',
    readinessGates: 'refuse',
    overhead: 'refuse',
    topologySpreadConstraints: 'refuse',
    setHostnameAsFQDN: 'refuse',
    os: 'refuse',
    schedulingGates: 'refuse',
    resourceClaims: 'refuse',
    resources: 'refuse',
  },
};
