// SPDX-License-Identifier: Apache-2.0
// The place of a scanner that is itself part of the pod: no cluster is asked and no identity made.
import { isScanError } from '../../errors/index.ts';
import { containerIdInPod, openInPod } from '../../lens/index.ts';
import type { MissingTarget, Owner, Plan, Target } from '../../plan/index.ts';
import type { ReportModel } from '../../report/index.ts';
import type { Left, Site, WayIn } from '../site.ts';

/** The pod we are in, as the downward API tells it. */
export interface OwnPod {
  namespace: string;
  name: string;
  uid: string;
  node: string | undefined;
  owner: Owner;
  /** Those to look into. */
  containers: string[];
}

/** In reports, in the place of a cluster. */
const cluster = { alias: 'in-pod', server: 'in-pod', version: undefined };

export class OwnPodSite implements Site {
  readonly connection = undefined;
  readonly warnings = [];
  readonly notRevoked = undefined;
  readonly lens = 'sidecar';
  private readonly pod: OwnPod;

  constructor(pod: OwnPod) {
    this.pod = pod;
  }

  asked(): MissingTarget[] {
    const { namespace, name, containers } = this.pod;
    return containers.map(container => ({ cluster: cluster.alias, namespace, selector: `${name}/${container}` }));
  }

  async plan(): Promise<Plan> {
    const targets = await Promise.all(this.pod.containers.map(name => this.target(name)));
    return { targets, unplanned: [], passedOver: [] };
  }

  refused(): Promise<Left[]> {
    return Promise.resolve([]);
  }

  enter(): Promise<WayIn> {
    const replace = () => Promise.resolve(undefined);
    return Promise.resolve({ open: openInPod, replace, leave: () => Promise.resolve() });
  }

  describe(): Promise<Pick<ReportModel, 'cluster' | 'grant'>> {
    return Promise.resolve({ cluster, grant: undefined });
  }

  [Symbol.dispose](): void {
    // Nothing was opened.
  }

  private async target(container: string): Promise<Target> {
    const { namespace, name, uid, node, owner } = this.pod;
    const target: Target = {
      cluster: cluster.alias,
      namespace,
      pod: name,
      podUid: uid,
      container,
      containerId: '',
      restartCount: 0,
      image: 'unknown',
      imageDigest: undefined,
      node,
      owner,
      labels: {},
      annotations: {},
    };
    return { ...target, containerId: await knownId(target) };
  }
}

/** A container that is not found is told when it is opened, as what became of it. */
async function knownId(target: Target): Promise<string> {
  try {
    return await containerIdInPod(target);
  } catch (error) {
    if (isScanError(error)) return '';
    throw error;
  }
}
