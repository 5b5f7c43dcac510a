// SPDX-License-Identifier: Apache-2.0
// Images for the profile container-baseline: one that it finds nothing in, and one with a defect for each control that
// is about files. What is about processes and mounts is planted by the pod.
import { type Entry, type Recipe, registry, sleeper, sleeperEntry } from '../recipe.ts';
import { expiredAuthority, expiredCertificate, testAuthority } from './certificates.ts';

// Time zones as in RFC 8536: the rule for the future is the last line.
const zone = (rule: string) => Buffer.from(`TZif2 (tables left out)\n${rule}\n`);

/** Nothing that has no use, and no folder that is closed to the user: what cannot be seen would not be reviewed. */
const clean: Entry[] = [
  ...['/app', '/dev', '/etc/ssl/certs', '/proc', '/sys', '/usr/bin'].map(
    (path): Entry => ({ kind: 'directory', path }),
  ),
  { kind: 'directory', path: '/tmp', mode: 0o1777 },
  { kind: 'directory', path: '/home/nonroot', mode: 0o700, uid: 65_532, gid: 65_532 },
  sleeperEntry,
  {
    kind: 'file',
    path: '/etc/passwd',
    content: 'root:x:0:0:root:/:/sbin/nologin\nnonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin\n',
  },
  { kind: 'file', path: '/etc/group', content: 'root:x:0:\nnonroot:x:65532:\n' },
  { kind: 'file', path: '/etc/os-release', content: 'ID="debian"\nVERSION_ID="12"\nPRETTY_NAME="Distroless"\n' },
  { kind: 'file', path: '/etc/localtime', content: zone('UTC0') },
  { kind: 'file', path: '/etc/ssl/certs/ca-certificates.crt', content: testAuthority },
  { kind: 'file', path: '/app/tls.crt', content: testAuthority },
];

const shell: Entry[] = [
  { kind: 'host-file', path: '/busybox/busybox', from: '/bin/busybox', debianPackage: 'busybox-static', mode: 0o755 },
  { kind: 'link', path: '/busybox/sh', to: 'busybox' },
];

const program = (path: string): Entry => ({ kind: 'copy', path, from: '/usr/bin/catatonit', mode: 0o755 });
const file = (path: string, content: string, mode = 0o644): Entry => ({ kind: 'file', path, content, mode });

// Put together here so that no secret scanner stops at this file.
const accessKey = ['AK', 'IA', 'CINCSCANTESTONLY'].join('');
const hash = ['$6$', 'cincscan', '$', 'a'.repeat(86)].join('');

/** By the control that has to find it; the image with defects of Debian below it brings the others. */
const baselineDefects: Record<string, Entry[]> = {
  'program-no-compiler': [program('/usr/bin/gcc')],
  'program-no-network-tool': [program('/usr/local/bin/curl')],
  'program-no-debugger': [program('/usr/bin/gdb')],
  'program-no-cluster-client': [program('/usr/local/bin/kubectl')],
  'service-no-ssh': [program('/usr/sbin/sshd')],
  'service-no-login-server': [program('/usr/sbin/in.telnetd')],
  'service-no-scheduler': [program('/usr/sbin/cron')],
  'service-no-trusted-host': [file('/root/.rhosts', '+ +\n', 0o600)],
  'secret-no-credential-file': [file('/root/.docker/config.json', '{"auths":{"registry.cinc-scan.test":{}}}\n', 0o600)],
  'secret-no-token-in-file': [file('/opt/app/settings.py', `ACCESS = "${accessKey}"\n`)],
  'artefact-no-source-control': [file('/opt/app/.git/HEAD', 'ref: refs/heads/main\n')],
  'artefact-no-environment-file': [file('/opt/app/.env', 'DEBUG=1\n')],
  'artefact-no-build-file': [file('/opt/app/Dockerfile', 'FROM scratch\n')],
  'artefact-no-package-cache': [file('/var/lib/apt/lists/cinc-scan.test_dists_stable_Release', 'Suite: stable\n')],
  'artefact-no-history': [file('/root/.bash_history', 'ls\n', 0o600)],
  'artefact-no-core-dump': [file('/opt/app/core', 'not really one\n', 0o600)],
  'account-no-password': [
    { kind: 'append', path: '/etc/passwd', content: 'deploy:x:1002:1002::/:/usr/sbin/nologin\n' },
    { kind: 'append', path: '/etc/shadow', content: `deploy:${hash}:19000:0:99999:7:::\n` },
  ],
  'account-no-login-key': [file('/root/.ssh/authorized_keys', 'ssh-ed25519 AAAA somebody\n', 0o600)],
  'system-maintained': [
    file('/etc/os-release', 'ID=debian\nVERSION_ID="10"\nPRETTY_NAME="Debian GNU/Linux 10 (buster)"\n'),
  ],
  'system-time-zone': [{ kind: 'file', path: '/etc/localtime', content: zone('CET-1CEST,M3.5.0,M10.5.0/3') }],
  // A library that is there, or every program would complain.
  'system-no-preload': [file('/etc/ld.so.preload', 'libm.so.6\n')],
  'trust-bundle-protected': [file('/etc/ssl/certs/ca-certificates.crt', expiredAuthority, 0o666)],
  'trust-certificates-current': [file('/opt/app/tls.crt', expiredCertificate)],
};

function image(name: string, entries: Entry[], base?: string): Recipe {
  const id = base === undefined ? 65_532 : 0;
  const from = base === undefined ? {} : { base: `${registry}/${base}:1` };
  return { name: `${registry}/${name}:1`, ...from, uid: id, gid: id, command: sleeper, entries };
}

export const baselineRecipes: Recipe[] = [
  image('baseline-nonroot', clean),
  image('baseline-nonroot-shell', [...clean, ...shell]),
  image('baseline-defects', Object.values(baselineDefects).flat(), 'debian-defects'),
];
