// SPDX-License-Identifier: Apache-2.0
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { ContainerSecurity } from './runtime.ts';

export interface User {
  uid: number;
  gid: number;
  additionalGids: number[];
}

interface Ids {
  uid: number;
  gid: number;
}

type Wishes = Pick<ContainerSecurity, 'uid' | 'gid' | 'supplementalGroups'>;

/**
 * Who a container's processes are: what the pod says over what the image says. A uid without a gid takes the group
 * of that account in the image's passwd file, or 0; the account's groups come from the image's group file.
 */
export async function decideUser(root: string, image: Ids, wishes: Wishes): Promise<User> {
  const uid = wishes.uid ?? image.uid;
  const account = (await readTable(root, 'etc/passwd')).find(fields => fields[2] === String(uid));
  const fallback = wishes.uid === undefined ? image.gid : Number(account?.[3] ?? 0);
  const gid = wishes.gid ?? fallback;
  const member = await groupsOf(root, account?.[0]);
  return { uid, gid, additionalGids: [...new Set([gid, ...member, ...wishes.supplementalGroups])] };
}

async function groupsOf(root: string, name: string | undefined): Promise<number[]> {
  if (name === undefined) {
    return [];
  }
  const groups = await readTable(root, 'etc/group');
  return groups.filter(fields => fields[3]?.split(',').includes(name)).map(fields => Number(fields[2]));
}

async function readTable(root: string, path: string): Promise<string[][]> {
  const text = await readFile(join(root, path), 'utf8').catch(() => '');
  return text.split('\n').map(line => line.split(':'));
}
