// SPDX-License-Identifier: Apache-2.0
// The scan service of this checkout, as pods run it: for tests of Jobs on a real cluster, and no product. What it is built of
// lies on this machine already: Node.js and the packages that npm installed, Ruby's gems as the engine keeps them.
import { basename, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { cacheFolder, findEngine } from '@cinc-scan/core';
import { runTool } from '../command.ts';
import { type Entry, type Recipe, registry } from '../recipe.ts';

const root = fileURLToPath(new URL('../../../../../', import.meta.url));

const serviceImage = `${registry}/cinc-scan-service:1`;
const baseImage = `${registry}/node-and-ruby:1`;

export const isOfService = (name: string): boolean => name === serviceImage || name === baseImage;

const home = '/opt/cinc-scan';
const cache = `${home}/cache`;
/** Of nobody: what runs in a pod has no account of its own. */
const nobody = 65_532;

const launcher = `#!/bin/sh
export CINC_SCAN_CACHE=${cache}
exec /usr/local/bin/node --disable-warning=ExperimentalWarning ${home}/bin/cinc-scan-service.js "$@"
`;

/** Takes what `npm run build:service` made. */
export async function serviceRecipes(): Promise<Recipe[]> {
  const user = { uid: nobody, gid: nobody, command: ['cinc-scan-service', '--help'] };
  const debian: Entry = { kind: 'debian', suite: 'bookworm', include: ['ruby', 'libstdc++6', 'ca-certificates'] };
  const gems = await gemFolder();
  const base: Entry[] = [
    debian,
    { kind: 'host-file', path: '/usr/local/bin/node', from: process.execPath, debianPackage: 'nodejs', mode: 0o755 },
    { kind: 'host-directory', path: join(cache, basename(gems)), from: gems },
  ];
  const service: Entry[] = [
    ...(await packages()),
    ...['bin', 'dist'].map(name => folder(join(root, 'packages/service', name), name)),
    folder(join(root, 'packages/engine'), 'engine'),
    file(join(root, 'packages/service/package.json'), 'package.json'),
    { kind: 'file', path: '/usr/local/bin/cinc-scan-service', content: launcher, mode: 0o755 },
  ];
  return [
    { name: baseImage, ...user, entries: base, keepsOne: true },
    { name: serviceImage, base: baseImage, ...user, entries: service, keepsOne: true },
  ];
}

const folder = (from: string, name: string): Entry => ({ kind: 'host-directory', path: join(home, name), from });

const file = (from: string, name: string): Entry => ({
  kind: 'host-file',
  path: join(home, name),
  from,
  debianPackage: 'npm',
});

/** The gems of the lockfile: Debian's Ruby in the image is that of this machine. */
async function gemFolder(): Promise<string> {
  const { env } = await findEngine({
    choice: 'gems',
    directory: join(root, 'packages/engine'),
    cacheDirectory: cacheFolder(process.env),
    path: process.env['PATH'] ?? '',
    installEnvironment: process.env,
  });
  return join(env['GEM_HOME'] ?? '', '../..');
}

/** What npm would install with the service. */
async function packages(): Promise<Entry[]> {
  const args = ['ls', '-w', 'packages/service', '--omit=dev', '--all', '--parseable', '--prefix', root];
  const lines = (await runTool('npm', args)).trim().split('\n');
  const paths = lines.filter(line => line.includes('/node_modules/') && !line.includes('/node_modules/@cinc-scan/'));
  const whole = paths.filter(path => !paths.some(other => path.startsWith(`${other}/`)));
  return whole.map(path => folder(path, relative(root, path).replace(/^packages\/service\//, '')));
}
