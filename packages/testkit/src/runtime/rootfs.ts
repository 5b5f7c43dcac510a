// SPDX-License-Identifier: Apache-2.0
import { chmod, mkdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runTool, ToolFailed } from '../images/command.ts';

/** Gives a container its own writable view of an image below `folder` and returns the path. */
export async function makeRootfs(folder: string, image: string): Promise<string> {
  const [root, upper, work] = [join(folder, 'rootfs'), join(folder, 'upper'), join(folder, 'work')];
  for (const path of [root, upper, work]) {
    await mkdir(path, { recursive: true });
    await chmod(path, 0o755);
  }
  const layers = `lowerdir=${image},upperdir=${upper},workdir=${work}`;
  // "volatile" saves the sync when unmounting; kernels before 5.10 refuse it.
  const mounted = (await tryOverlay(root, `${layers},volatile`)) || (await tryOverlay(root, layers));
  if (!mounted) {
    await runTool('cp', ['-a', '--reflink=auto', `${image}/.`, root]);
  }
  return root;
}

async function tryOverlay(root: string, options: string): Promise<boolean> {
  try {
    await runTool('mount', ['-t', 'overlay', 'overlay', '-o', options, root]);
    return true;
  } catch (error) {
    if (error instanceof ToolFailed) {
      return false;
    }
    throw error;
  }
}

/** Unmounts whatever is mounted below a folder and removes the folder. */
export async function removeTree(folder: string): Promise<void> {
  for (const path of await mountsBelow(folder)) {
    await runTool('umount', ['-l', path]);
  }
  await rm(folder, { recursive: true, force: true });
}

/** Deepest first. */
async function mountsBelow(folder: string): Promise<string[]> {
  const lines = (await readFile('/proc/self/mountinfo', 'utf8')).split('\n');
  const paths = lines.map(line => (line.split(' ')[4] ?? '').replace(/\\(\d{3})/g, unescapeOctal));
  return paths.filter(path => path.startsWith(`${folder}/`)).toReversed();
}

function unescapeOctal(_: string, digits: string): string {
  return String.fromCharCode(Number.parseInt(digits, 8));
}
