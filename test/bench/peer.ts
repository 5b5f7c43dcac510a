// SPDX-License-Identifier: Apache-2.0
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, mkdir, mkdtemp, readFile, rename, rm } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import type { BenchCluster } from './bench-cluster.ts';
import type { Command } from './process.ts';

const run = promisify(execFile);
const folder = fileURLToPath(new URL('peer/', import.meta.url));

/** The gems of the other way to do this: `train-k8s-container-mitre`, by `kubectl exec`. */
export interface Peer {
  gems: string;
}

/** Installs what the peer needs, once; or says what is missing. */
export async function findPeer(say: (text: string) => void): Promise<Peer | { missing: string }> {
  const missing = await whyNoKubectl();
  return missing === undefined ? { gems: await ensureGems(say) } : { missing };
}

async function whyNoKubectl(): Promise<string | undefined> {
  const remedy = 'the package kubectl of Debian 13 gives 1.32, and its files run on Debian 12 too (dpkg-deb -x)';
  try {
    const { stdout } = await run('kubectl', ['version', '--client', '--output=json']);
    const minor = Number(/"minor":\s*"(\d+)/.exec(stdout)?.[1]);
    return minor >= 30 ? undefined : `the peer needs kubectl 1.30 or later, found 1.${minor}: ${remedy}`;
  } catch {
    return `the peer needs kubectl 1.30 or later, and there is none: ${remedy}`;
  }
}

async function ensureGems(say: (text: string) => void): Promise<string> {
  const { stdout: ruby } = await run('ruby', ['-e', 'print RUBY_ENGINE, RUBY_VERSION, RUBY_PLATFORM']);
  const lock = await readFile(join(folder, 'Gemfile.lock'));
  const key = createHash('sha256').update(lock).update(ruby).digest('hex').slice(0, 16);
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(process.env['HOME'] ?? homedir(), '.cache'), 'cinc-scan');
  const place = join(cache, `bench-gems-${key}`);
  if (existsSync(place)) return place;
  say('Installing the gems of the peer (about a minute, once)');
  await mkdir(cache, { recursive: true, mode: 0o700 });
  const fresh = await mkdtemp(`${place}.new-`);
  try {
    // In a folder of its own, since Bundler writes beside the Gemfile.
    for (const file of ['Gemfile', 'Gemfile.lock']) await cp(join(folder, file), join(fresh, file));
    const env = { ...process.env, BUNDLE_GEMFILE: join(fresh, 'Gemfile'), BUNDLE_PATH: fresh, BUNDLE_FROZEN: 'true' };
    await run('bundle', ['install', '--quiet', '--jobs', '2'], { env, cwd: fresh, maxBuffer: 16 * 1024 * 1024 });
    await rename(fresh, place);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true });
    throw error;
  }
  return place;
}

/** The peer's look into one pod. Its Ruby gets the flag that makes ours faster, so that only the ways are compared. */
export function peerCommand(
  peer: Peer,
  cluster: BenchCluster,
  { pod, profile }: { pod: string; profile: string },
): Command {
  const target = `k8s-container://${cluster.namespace}/${pod}/app`;
  return {
    argv: ['ruby', '--disable-did_you_mean', '-rbundler/setup', join(folder, 'peer.rb'), target, profile],
    cwd: cluster.folder,
    env: {
      PATH: process.env['PATH'] ?? '',
      HOME: cluster.folder,
      LANG: 'C.UTF-8',
      KUBECONFIG: cluster.kubeconfigPath,
      BUNDLE_GEMFILE: join(peer.gems, 'Gemfile'),
      BUNDLE_PATH: peer.gems,
      BUNDLE_FROZEN: 'true',
      BUNDLE_IGNORE_CONFIG: '1',
    },
  };
}
