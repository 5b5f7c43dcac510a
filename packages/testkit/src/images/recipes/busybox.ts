// SPDX-License-Identifier: Apache-2.0
import { busyboxEntries, type Entry, type Recipe, registry, skeleton, sleeper, sleeperEntry } from '../recipe.ts';

const identity: Entry[] = [
  {
    kind: 'file',
    path: '/etc/passwd',
    content: 'root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/home:/bin/false\n',
  },
  { kind: 'file', path: '/etc/group', content: 'root:x:0:\nnobody:x:65534:\n' },
  { kind: 'file', path: '/etc/shadow', content: 'root:*:::::::\nnobody:*:::::::\n', mode: 0o640 },
];

export const busyboxRecipes: Recipe[] = [
  {
    name: `${registry}/busybox:1`,
    uid: 0,
    gid: 0,
    command: sleeper,
    entries: [
      ...skeleton,
      ...busyboxEntries,
      ...identity,
      sleeperEntry,
      {
        kind: 'file',
        path: '/etc/os-release',
        content: 'PRETTY_NAME="BusyBox 1.35"\nNAME="BusyBox"\nID=busybox\nVERSION_ID=1.35\n',
      },
    ],
  },
  {
    name: `${registry}/tools:1`,
    uid: 0,
    gid: 0,
    command: ['/bin/busybox', 'sh'],
    entries: [
      ...skeleton,
      ...busyboxEntries,
      ...identity,
      { kind: 'lens-helper', path: '/cinc-scan/helper' },
      // As in packages/lens-helper/Containerfile: what its user may not read, no neighbour may look into.
      { kind: 'mode', path: '/bin/busybox', mode: 0o711 },
      { kind: 'mode', path: '/cinc-scan/helper', mode: 0o711 },
    ],
  },
];
