// SPDX-License-Identifier: Apache-2.0
import { type Entry, type PlantedDefect, type Recipe, registry, skeleton, sleeper, sleeperEntry } from '../recipe.ts';
import { dummyPrivateKey } from './dummy-key.ts';

const passwd = [
  'root:x:0:0:root:/root:/sbin/nologin',
  'nobody:x:65534:65534:nobody:/nonexistent:/sbin/nologin',
  'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin',
  '',
].join('\n');

const osRelease = [
  'PRETTY_NAME="Distroless"',
  'NAME="Debian GNU/Linux"',
  'ID="debian"',
  'VERSION_ID="12"',
  'VERSION="Debian GNU/Linux 12 (bookworm)"',
  'VERSION_CODENAME=bookworm',
  '',
].join('\n');

// The UTC entry of the time zone database (TZif, RFC 8536): the same block for version 1 and 2, then the rule "UTC0".
const block = 'VFppZjIAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAQAAAAQAAAAAAABVVEMA';
const utc = Buffer.from(`${block}${block}ClVUQzAK`, 'base64');

function packageEntry(name: string, version: string, architecture: string): Entry {
  return {
    kind: 'file',
    path: `/var/lib/dpkg/status.d/${name}`,
    content: [
      `Package: ${name}`,
      `Version: ${version}`,
      `Architecture: ${architecture}`,
      'Maintainer: nobody <nobody@cinc-scan.test>',
      `Description: ${name} as found in a distroless image`,
      '',
    ].join('\n'),
  };
}

const common: Entry[] = [
  ...skeleton,
  sleeperEntry,
  { kind: 'file', path: '/etc/passwd', content: passwd },
  {
    kind: 'file',
    path: '/etc/group',
    content: 'root:x:0:\nnobody:x:65534:\ntty:x:5:\nstaff:x:50:\nnonroot:x:65532:\n',
  },
  { kind: 'file', path: '/etc/nsswitch.conf', content: 'hosts: files dns\n' },
  { kind: 'directory', path: '/usr/lib' },
  { kind: 'file', path: '/usr/lib/os-release', content: osRelease },
  { kind: 'link', path: '/etc/os-release', to: '../usr/lib/os-release' },
  // An absolute link leads astray whoever reads it through /proc/PID/root without entering it.
  { kind: 'link', path: '/etc/abs-release', to: '/usr/lib/os-release' },
  { kind: 'file', path: '/etc/root-only', content: 'secret\n', mode: 0o600 },
  { kind: 'directory', path: '/etc/ssl/certs' },
  {
    kind: 'host-file',
    path: '/etc/ssl/certs/ca-certificates.crt',
    from: '/etc/ssl/certs/ca-certificates.crt',
    debianPackage: 'ca-certificates',
    mode: 0o644,
  },
  { kind: 'directory', path: '/usr/share/zoneinfo/Etc' },
  { kind: 'file', path: '/usr/share/zoneinfo/Etc/UTC', content: utc },
  { kind: 'link', path: '/usr/share/zoneinfo/UTC', to: 'Etc/UTC' },
  { kind: 'link', path: '/etc/localtime', to: '/usr/share/zoneinfo/Etc/UTC' },
  { kind: 'directory', path: '/home/nonroot', mode: 0o700, uid: 65532, gid: 65532 },
  { kind: 'directory', path: '/var/lib/dpkg/status.d' },
  packageEntry('base-files', '12.4+deb12u11', 'amd64'),
  packageEntry('ca-certificates', '20230311+deb12u1', 'all'),
  packageEntry('netbase', '6.4', 'all'),
  packageEntry('tzdata', '2025b-0+deb12u1', 'all'),
];

const image = `${registry}/distroless-defects:1`;

export const distrolessDefects: PlantedDefect[] = [
  {
    id: 'world-writable-file',
    image,
    path: '/etc/cinc-defect',
    what: 'a configuration file that everyone may write',
    entries: [{ kind: 'file', path: '/etc/cinc-defect', content: 'anyone=may-write\n', mode: 0o666 }],
  },
  {
    id: 'writable-passwd',
    image,
    path: '/etc/passwd',
    what: 'the account file has a second account with uid 0 and is writable by everyone',
    entries: [
      { kind: 'append', path: '/etc/passwd', content: 'toor:x:0:0::/root:/sbin/nologin\n' },
      { kind: 'mode', path: '/etc/passwd', mode: 0o666 },
    ],
  },
  {
    id: 'private-key',
    image,
    path: '/app/tls.key',
    what: 'a private key that everyone may read',
    entries: [
      { kind: 'directory', path: '/app' },
      { kind: 'file', path: '/app/tls.key', content: dummyPrivateKey, mode: 0o644 },
    ],
  },
  {
    id: 'setuid-program',
    image,
    path: '/usr/bin/setuid-program',
    what: 'a program with the setuid bit of root',
    entries: [{ kind: 'copy', path: '/usr/bin/setuid-program', from: '/usr/bin/catatonit', mode: 0o4755 }],
  },
];

function distroless(name: string, id: number, extra: Entry[]): Recipe {
  return { name: `${registry}/${name}:1`, uid: id, gid: id, command: sleeper, entries: [...common, ...extra] };
}

// Packages that only rpm could tell of, and no rpm.
const rpmBased: Recipe = {
  name: `${registry}/distroless-rpm:1`,
  uid: 0,
  gid: 0,
  command: sleeper,
  entries: [
    ...skeleton,
    sleeperEntry,
    { kind: 'file', path: '/etc/passwd', content: passwd },
    { kind: 'file', path: '/etc/redhat-release', content: 'Red Hat Enterprise Linux release 9.4 (Plow)\n' },
    {
      kind: 'file',
      path: '/etc/os-release',
      content: 'NAME="Red Hat Enterprise Linux"\nID="rhel"\nVERSION_ID="9.4"\n',
    },
    { kind: 'directory', path: '/var/lib/rpm' },
    { kind: 'file', path: '/var/lib/rpm/rpmdb.sqlite', content: 'SQLite format 3\0' },
  ],
};

export const distrolessRecipes: Recipe[] = [
  rpmBased,
  distroless('distroless', 0, []),
  distroless('distroless-nonroot', 65532, []),
  distroless(
    'distroless-defects',
    0,
    distrolessDefects.flatMap(defect => defect.entries),
  ),
];
