// SPDX-License-Identifier: Apache-2.0
// A target that shares its processes with the container that looks into it, and does what it can to answer in its place.
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, describe, expect } from '@jest/globals';
import { cincScan, readScanJson, type Transcript } from '../support/cinc-scan.ts';
import { debugTest, openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { kubectl } from '../support/kubectl.ts';
import { controlStatuses, enforced, restricted, scanArgs } from '../support/lens-scan.ts';

const cluster = await openTestCluster();
const testDebug = debugTest(cluster);

afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

interface Wish {
  command?: string[];
  container?: Record<string, unknown>;
  labels?: Record<string, string>;
  spec?: Record<string, unknown>;
}

async function makePod({ command, container = {}, labels = {}, spec = {} }: Wish): Promise<string> {
  const namespace = await cluster.namespace(labels);
  const started = command === undefined ? container : { ...container, command };
  await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'debian' }, container: started, spec });
  return namespace;
}

async function inTarget(namespace: string, script: string): Promise<string> {
  const args = ['exec', '-n', namespace, 'web', '-c', 'app', '--', 'sh', '-c', script];
  const ran = await kubectl(cluster, cluster.kubeconfigPath, args);
  expect(ran.code).toBe(0);
  return ran.stdout;
}

const controls = `
control('evil') { describe(file('/etc/evil.conf')) { its('content') { should_not match(/yes/) } } }
control('door') { describe(file('/etc/backdoor')) { it { should_not exist } } }
control('good') { describe(file('/etc/passwd')) { its('content') { should match(/root/) } } }
`;
const truth = { evil: 'failed', door: 'failed', good: 'passed' };
const plant = 'echo Permit yes >/etc/evil.conf; : >/etc/backdoor';

function scan(namespace: string, ...more: string[]): Promise<Transcript> {
  const cwd = folderWith(cluster, { 'p/inspec.yml': 'name: p\nversion: 1.0.0\n', 'p/controls/a.rb': controls });
  return cincScan(cluster, scanArgs(namespace, 'p', '--lens', 'debug', ...more), { cwd });
}

const firstTarget = (ran: Transcript) => readScanJson(ran).targets[0];

describe('a root target that goes for the tools of the container beside it', () => {
  // Replaces our shell through /proc/PID/root, and takes what our shell is told and says through its open files.
  const attack = `${plant}
    cat >/tmp/attack <<'END'
while :; do
  for process in /proc/[0-9]*; do
    [ -e "$process/root/cinc-scan/helper" ] || continue
    echo seen >>/tmp/log
    cp /bin/true "$process/root/bin/new" 2>/dev/null && mv "$process/root/bin/new" "$process/root/bin/busybox" && echo replaced >>/tmp/log
    cp /bin/true "$process/root/cinc-scan/helper" 2>/dev/null && echo replaced >>/tmp/log
    true >"$process/root/tmp/mark" 2>/dev/null && echo written >>/tmp/log
  done
done
END
    : >/tmp/log; exec sh /tmp/attack`;

  async function attacked(labels: Record<string, string>): Promise<string> {
    return makePod({ command: ['sh', '-c', attack], labels });
  }

  testDebug('does not even see them where the namespace allows a capability that it lacks', async () => {
    const namespace = await attacked({});
    const ran = await scan(namespace, '--require-view', 'guarded');
    expect(controlStatuses(ran)).toEqual(truth);
    expect(firstTarget(ran)).toMatchObject({ observation: { lens: 'debug', view: 'full', witness: 'guarded' } });
    expect(await inTarget(namespace, 'cat /tmp/log')).toBe('');
    expect(ran.code).toBe(3);
  });

  testDebug('cannot change them elsewhere, and the report says that it could reach them', async () => {
    const namespace = await attacked(enforced('baseline'));
    const ran = await scan(namespace, '--require-view', 'full');
    expect(controlStatuses(ran)).toEqual(truth);
    expect(firstTarget(ran)).toMatchObject({ observation: { view: 'full', witness: 'reachable' } });
    expect(ran.stdout).toContain('the target could reach the tools that looked into it, in');
    expect(await inTarget(namespace, 'cat /tmp/log')).not.toMatch(/replaced|written/);
  });

  testDebug('is not judged where a guarded witness is asked for', async () => {
    const namespace = await attacked(enforced('baseline'));
    const ran = await scan(namespace, '--require-view', 'guarded');
    expect(firstTarget(ran)).toMatchObject({
      outcome: 'unreached',
      error: { code: 'VIEW_PARTIAL', message: expect.stringMatching(/^Process \d+ next to .* could reach our tools/) },
    });
    expect(ran.code).toBe(4);
  });
});

describe('a target that has too few rights to reach the tools', () => {
  const few = { securityContext: { capabilities: { drop: ['ALL'] } } };
  testDebug('leaves them guarded on level baseline too', async () => {
    const namespace = await makePod({ container: few, labels: enforced('baseline') });
    const ran = await scan(namespace, '--require-view', 'guarded');
    expect(firstTarget(ran)).toMatchObject({ outcome: 'audited', observation: { witness: 'guarded' } });
  });

  testDebug('leaves them guarded on level restricted, where it is the same user: nobody may read them', async () => {
    const namespace = await makePod({ container: restricted, labels: enforced('restricted') });
    const ran = await scan(namespace);
    expect(firstTarget(ran)).toMatchObject({ observation: { view: 'files-only', witness: 'guarded' } });
  });
});

describe('who answers by the exec lens', () => {
  testDebug('is the target, and no guarded witness', async () => {
    const namespace = await makePod({});
    const plain = await scan(namespace, '--lens', 'exec');
    expect(firstTarget(plain)).toMatchObject({ observation: { lens: 'exec', witness: 'target' } });
    const asked = await scan(namespace, '--lens', 'exec', '--require-view', 'guarded');
    expect(firstTarget(asked)).toMatchObject({ error: { code: 'VIEW_PARTIAL' } });
    const auto = await scan(namespace, '--lens', 'auto', '--require-view', 'guarded');
    expect(firstTarget(auto)).toMatchObject({ observation: { lens: 'debug', witness: 'guarded' } });
  });
});

describe('a first process that gave up its root directory', () => {
  const jail = (folder: string) =>
    `${plant}; mkdir -p ${folder}/dev; : >${folder}/dev/null
     exec perl -e 'chroot("${folder}") or die; chdir("/"); sleep 1000000'`;
  const folders: [name: string, folder: string, spec: object][] = [
    ['a folder', '/var/jail', {}],
    ['a folder far below', '/srv/a/b/c/d/jail', {}],
    ['a volume of the pod', '/volume', { volumes: [{ name: 'jail', emptyDir: {} }] }],
    ['a volume in memory', '/volume', { volumes: [{ name: 'jail', emptyDir: { medium: 'Memory' } }] }],
  ];
  for (const [name, folder, spec] of folders)
    testDebug(`shows its container all the same: ${name}`, async () => {
      const mounts = 'volumes' in spec ? { volumeMounts: [{ name: 'jail', mountPath: '/volume' }] } : {};
      const namespace = await makePod({ command: ['sh', '-c', jail(folder)], container: mounts, spec: { ...spec } });
      expect(controlStatuses(await scan(namespace))).toEqual(truth);
    });

  testDebug('is no witness of the mounts', async () => {
    const namespace = await makePod({ command: ['sh', '-c', jail('/var/jail')] });
    const mounts = `control('mount') { describe(mount('/proc')) { it { should_not be_mounted } } }
control('command') { describe(command('mount')) { its('exit_status') { should eq 0 } } }\n`;
    const cwd = folderWith(cluster, { 'p/inspec.yml': 'name: p\nversion: 1.0.0\n', 'p/controls/a.rb': mounts });
    const ran = await cincScan(cluster, scanArgs(namespace, 'p', '--lens', 'debug'), { cwd });
    expect(controlStatuses(ran)).toEqual({ mount: 'failed', command: 'failed' });
  });

  testDebug('is refused where it made itself a world of its own', async () => {
    const script = `${plant}; exec unshare --user --map-root-user --mount sh -c 'mount -t tmpfs none /etc; exec sleep 1000000'`;
    const namespace = await makePod({ command: ['sh', '-c', script] });
    const ran = await scan(namespace);
    expect(firstTarget(ran)).toMatchObject({ outcome: 'unreached', error: { code: 'LENS_UNAVAILABLE' } });
    expect(ran.code).toBe(4);
  });
});
