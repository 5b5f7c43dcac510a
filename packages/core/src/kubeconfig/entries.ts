// SPDX-License-Identifier: Apache-2.0
// What a kubeconfig may say: https://kubernetes.io/docs/reference/config-api/kubeconfig.v1/
// Only what the chosen context refers to is looked into: a half-written entry elsewhere harms nobody.
import * as z from 'zod';

const optional = <T extends z.ZodType>(shape: T) => shape.nullish().transform(value => value ?? undefined);
const text = optional(z.string()).transform(value => (value === '' ? undefined : value));
const flag = optional(z.boolean());

export const contextEntry = z.object({ cluster: text, user: text, namespace: text });

export const clusterEntry = z.object({
  server: text,
  'tls-server-name': text,
  'insecure-skip-tls-verify': flag,
  'certificate-authority': text,
  'certificate-authority-data': text,
  'proxy-url': text,
  'disable-compression': flag,
  extensions: optional(z.array(z.object({ name: z.string(), extension: z.unknown() }))),
});

const pairs = optional(z.array(z.object({ name: z.string().min(1), value: optional(z.string()) })));

const pluginVersions = ['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1'] as const;

const pluginEntry = z.object({
  apiVersion: z.enum(pluginVersions),
  command: z.string().min(1),
  args: optional(z.array(z.string())),
  env: pairs,
  installHint: text,
  provideClusterInfo: flag,
  interactiveMode: optional(z.enum(['Never', 'IfAvailable', 'Always'])),
});

export const userEntry = z.object({
  'client-certificate': text,
  'client-certificate-data': text,
  'client-key': text,
  'client-key-data': text,
  token: text,
  tokenFile: text,
  as: text,
  'as-uid': text,
  'as-groups': optional(z.array(z.string())),
  'as-user-extra': optional(z.record(z.string(), z.array(z.string()))),
  username: text,
  password: text,
  'auth-provider': optional(z.object({ name: optional(z.string()) })),
  exec: optional(pluginEntry),
});

export type ClusterEntry = z.infer<typeof clusterEntry>;
export type UserEntry = z.infer<typeof userEntry>;
export type PluginEntry = z.infer<typeof pluginEntry>;
