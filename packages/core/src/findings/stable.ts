// SPDX-License-Identifier: Apache-2.0
// What stays of a name when what changes from build to build and from pod to pod is taken off.

/** An image without its tag and digest: `registry:5000/shop/web:1.2@sha256:…` is `registry:5000/shop/web`. */
export function stableImage(reference: string): string {
  const [name = ''] = reference.split('@', 1);
  const tag = name.indexOf(':', name.lastIndexOf('/') + 1);
  return tag === -1 ? name : name.slice(0, tag);
}

// Kubernetes makes names of letters and digits that spell no words (k8s.io/apimachinery/pkg/util/rand).
const letters = '[bcdfghjklmnpqrstvwxz2456789]';
const podSuffix = new RegExp(`-(?:${letters}{6,10}-)?${letters}{5}$`);

/** The name of a workload from that of one of its pods. */
export const stablePod = (name: string): string => name.replace(podSuffix, '');

/** A target as sources name it, `scheme:name`: only images and pods carry what changes. */
export function stableTarget(target: string): string {
  const scheme = /^([a-z]+):/.exec(target)?.[1];
  const rest = target.slice((scheme?.length ?? -1) + 1);
  if (scheme === 'image') return `image:${stableImage(rest)}`;
  return scheme === 'pod' ? `pod:${stablePod(rest)}` : target;
}

/** A file of an installed package: `lib/foo-1.2.3.jar` and `lib/foo-1.2.4.jar` are one place. */
export function stablePackagePath(path: string): string {
  return path.replace(/\d+(?:\.\d+)+(?:[-+.]?(?:rc|alpha|beta|final|release|snapshot|jre|r)\d*)*/gi, '*');
}
