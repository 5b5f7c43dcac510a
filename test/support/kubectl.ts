// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { TestCluster } from './cluster.ts';

export interface Ended {
  code: number;
  stdout: string;
  stderr: string;
}

/** kubectl with nothing but a kubeconfig; where it does not say otherwise, namespace and user are the context's. */
// oxlint-disable-next-line max-params -- as it is called: where, who, what, and what else
export async function kubectl(
  { folder }: Pick<TestCluster, 'folder'>,
  kubeconfig: string,
  args: string[],
  more: Record<string, string> = {},
): Promise<Ended> {
  const env = {
    PATH: process.env['PATH'] ?? '',
    HOME: folder,
    KUBECONFIG: kubeconfig,
    KUBECACHEDIR: join(folder, 'kubectl-cache'),
    ...more,
  };
  try {
    const run = promisify(execFile)('kubectl', args, { env });
    run.child.stdin?.end();
    return { code: 0, ...(await run) };
  } catch (error) {
    const { code, stdout, stderr } = error as Ended;
    return { code, stdout, stderr };
  }
}
