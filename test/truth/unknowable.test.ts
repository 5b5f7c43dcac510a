// SPDX-License-Identifier: Apache-2.0
// What could not be looked at neither passes nor fails: paths in closed folders, tools that were killed, and what a
// command has changed since it was looked at.
import { createPod } from '@cinc-scan/testkit';
import { afterAll, afterEach, beforeAll, describe, expect, test } from '@jest/globals';
import { cincScan, readHdf, readScanJson } from '../support/cinc-scan.ts';
import { openTestCluster } from '../support/cluster.ts';
import { folderWith } from '../support/folder.ts';
import { kubectl } from '../support/kubectl.ts';

const cluster = await openTestCluster();
let namespace = '';

beforeAll(async () => {
  namespace = await cluster.namespace();
});
afterEach(() => cluster.expectNothingLeft());
afterAll(() => cluster.close());

/** A pod of Debian that a script has prepared. */
async function makePod(name: string, script: string, container: Record<string, unknown> = {}): Promise<void> {
  await createPod(cluster.api, { name, namespace, containers: { app: 'debian' }, container });
  const args = ['exec', '-n', namespace, name, '-c', 'app', '--', 'sh', '-ec', script];
  expect(await kubectl(cluster, cluster.kubeconfigPath, args)).toMatchObject({ code: 0 });
}

interface Said {
  status: string;
  why: string;
}

/** What each control came to; a check by control. */
async function judge(pod: string, controls: Record<string, string>): Promise<Record<string, Said>> {
  const text = Object.entries(controls).map(([id, body]) => `control('${id}') { ${body} }\n`);
  const cwd = folderWith(cluster, { 'p/inspec.yml': 'name: p\nversion: 1.0.0\n', 'p/controls/a.rb': text.join('') });
  const ran = await cincScan(cluster, ['scan', pod, '-n', namespace, '-p', 'p', '--lens', 'exec'], { cwd });
  expect(readScanJson(ran).targets).toMatchObject([{ outcome: 'audited' }]);
  const all = [...readHdf(ran).values()].flatMap(hdf => hdf.profiles.flatMap(profile => profile.controls));
  return Object.fromEntries(
    all.map(({ id, results }) => {
      const last = results.at(-1);
      const status = last?.exception === undefined ? (last?.status ?? 'none') : 'error';
      return [id, { status, why: last?.skip_message ?? last?.message ?? '' }];
    }),
  );
}

const statuses = (said: Record<string, Said>) =>
  Object.fromEntries(Object.entries(said).map(([id, each]) => [id, each.status]));
const every = (controls: Record<string, string>, status: string) =>
  Object.fromEntries(Object.keys(controls).map(id => [id, status]));

describe('a folder that is closed to the user who looks', () => {
  beforeAll(async () => {
    const user = { securityContext: { runAsUser: 1000, runAsGroup: 1000 } };
    const script = `ln -s /root/x /tmp/into; ln -s /root /tmp/root; ln -s /nowhere /tmp/dangling
      mkdir /tmp/listed; echo evil >/tmp/listed/file; ln -s /tmp/listed/file /tmp/through; chmod 600 /tmp/listed
      echo evil >/tmp/mine; chmod 0 /tmp/mine`;
    await makePod('closed', script, user);
  });

  test('keeps what is below it from passing and from failing', async () => {
    const below = {
      file: "describe(file('/root/x')) { it { should_not exist } }",
      there: "describe(file('/root/x')) { it { should exist } }",
      deep: "describe(file('/root/a/b/c')) { it { should_not exist } }",
      folder: "describe(directory('/root/.ssh')) { it { should_not exist } }",
      kind: "describe(file('/root/x')) { it { should_not be_file } }",
      kinds: "describe(file('/root/x')) { it { should_not be_directory } }",
      content: "describe(file('/root/x')) { its('content') { should_not match(/evil/) } }",
      nothing: "describe(file('/root/x')) { its('content') { should be_nil } }",
      through: "describe(file('/tmp/root/x')) { it { should_not exist } }",
      link: "describe(file('/tmp/into')) { it { should_not exist } }",
      'link-content': "describe(file('/tmp/into')) { its('content') { should_not match(/evil/) } }",
      listed: "describe(file('/tmp/listed/file')) { it { should_not exist } }",
      'listed-link': "describe(file('/tmp/through')) { it { should_not exist } }",
      unreadable: "describe(file('/tmp/mine')) { its('content') { should_not match(/evil/) } }",
      shadow: "describe(file('/etc/shadow')) { its('content') { should_not match(/root/) } }",
      parsed: "describe(ini('/root/x.ini')) { its('a') { should be_nil } }",
      process: "describe(file('/proc/1/root/root/x')) { it { should_not exist } }",
    };
    const said = await judge('closed', below);
    expect(statuses(said)).toEqual(every(below, 'skipped'));
    expect(said['deep']?.why).toBe('this view cannot tell whether there is /root/a/b/c: Permission denied');
  });

  test('changes nothing of what can be known', async () => {
    const known = {
      absent: "describe(file('/etc/nope')) { it { should_not exist } }",
      'absent-below': "describe(file('/etc/passwd/x')) { it { should_not exist } }",
      folder: "describe(directory('/root')) { it { should exist } }",
      link: "describe(file('/tmp/into')) { it { should be_symlink } }",
      dangling: "describe(file('/tmp/dangling')) { it { should_not exist } }",
      mode: "describe(file('/tmp/mine')) { its('mode') { should cmp '0000' } }",
      network: "describe(file('/dev/tcp/127.0.0.1/1')) { it { should_not exist } }",
    };
    expect(statuses(await judge('closed', known))).toEqual(every(known, 'passed'));
  });
});

describe('a tool that did not finish', () => {
  const evil = `printf 'Permit yes\\n' >/etc/evil; printf 'Permit no\\n' >/etc/good
    (head -c 100000 /dev/zero | tr '\\0' '#'; printf '\\nPermit yes\\n') >/etc/evil-big; cp /usr/bin/cat /usr/bin/cat.real`;
  const replace = (tool: string, body: string) =>
    `printf '%s\\n' '#!/bin/sh' '${body}' >/tmp/new; chmod 755 /tmp/new; mv /tmp/new /usr/bin/${tool}`;
  const contents = {
    'evil-content': "describe(file('/etc/evil')) { its('content') { should_not match(/yes/) } }",
    'evil-big-content': "describe(file('/etc/evil-big')) { its('content') { should_not match(/yes/) } }",
    'good-content': "describe(file('/etc/good')) { its('content') { should match(/no/) } }",
    'evil-sum': "describe(file('/etc/evil')) { its('sha256sum') { should_not eq 'x' } }",
    parsed: "describe(parse_config_file('/etc/evil')) { its('Permit') { should be_nil } }",
  };
  const cats: [name: string, body: string][] = [
    ['killed', 'kill -9 $$'],
    ['killed-late', 'cat.real "$@"; kill -9 $$'],
    ['disk', 'shift; head -c 5 "$1"; echo "cat: read error: Input/output error" >&2; exit 1'],
    ['silent', 'exit 1'],
    ['odd', 'cat.real "$@"; exit 3'],
    ['short', 'cat.real "$@" | head -c 5'],
  ];

  test.each(cats)('is an error of every look into a file: cat %s', async (name, body) => {
    await makePod(name, `${evil}; ${replace('cat', body)}`);
    expect(statuses(await judge(name, contents))).toEqual(every(contents, 'error'));
  });

  test('is an error also where it is stat', async () => {
    await makePod('stat', `ln -s /etc/good /tmp/link; ${replace('stat', 'kill -9 $$')}`);
    const looks = {
      mode: "describe(file('/etc/passwd')) { its('mode') { should_not cmp '0777' } }",
      other: "describe(file('/etc/group')) { it { should_not be_directory } }",
      there: "describe(file('/etc/hosts')) { it { should exist } }",
    };
    expect(statuses(await judge('stat', looks))).toEqual(every(looks, 'error'));
  });

  test('is an error where only a link is asked for, and only there', async () => {
    await makePod('readlink', `ln -s /etc/passwd /tmp/link; ${replace('readlink', 'kill -9 $$')}`);
    const asked = {
      to: "describe(file('/tmp/link')) { its('link_path') { should_not eq '/etc/passwd' } }",
      linked: "describe(file('/tmp/link')) { it { should_not be_linked_to '/etc/passwd' } }",
    };
    expect(statuses(await judge('readlink', asked))).toEqual(every(asked, 'error'));
    const content = { content: "describe(file('/tmp/link')) { its('content') { should match(/root/) } }" };
    expect(statuses(await judge('readlink', content))).toEqual({ content: 'passed' });
  });

  test('is an error of a resource that asks it; a profile may ask how its own command ended', async () => {
    const tools = ['dpkg', 'id', 'getent'].map(tool => replace(tool, 'kill -9 $$')).join('; ');
    const sysctl = "printf '%s\\n' '#!/bin/sh' 'kill -11 $$' >/sbin/sysctl; chmod 755 /sbin/sysctl";
    await makePod('resources', `${tools}; ${sysctl}`);
    const asked = {
      package: "describe(package('telnetd')) { it { should_not be_installed } }",
      user: "describe(user('root')) { it { should_not exist } }",
      group: "describe(group('root')) { it { should_not exist } }",
      parameter: "describe(kernel_parameter('kernel.ostype')) { its('value') { should_not eq 'Linux' } }",
      output: "describe(command('dpkg -l')) { its('stdout') { should_not match(/telnet/) } }",
      errors: "describe(command('dpkg -l')) { its('stderr') { should eq '' } }",
      shell: "describe(bash('kill -9 $BASHPID')) { its('stdout') { should eq '' } }",
      only: "only_if { command('id').exit_status == 0 }; describe(1) { it { should eq 1 } }",
    };
    expect(statuses(await judge('resources', asked))).toEqual(every(asked, 'error'));
    const own = {
      killed: "describe(command('dpkg -l')) { its('exit_status') { should eq 137 } }",
      'by-itself':
        "describe(command('exit 255')) { its('exit_status') { should eq 255 }; its('stdout') { should eq '' } }",
    };
    expect(statuses(await judge('resources', own))).toEqual(every(own, 'passed'));
  });

  test('is told from files that have no size to compare', async () => {
    await makePod('kernel', 'ln -s /sys/kernel/mm/transparent_hugepage/enabled /etc/from-kernel; : >/etc/empty');
    const read = {
      proc: "describe(file('/proc/version')) { its('content') { should match(/Linux/) } }",
      sys: "describe(file('/sys/kernel/mm/transparent_hugepage/enabled')) { its('content') { should match(/never/) } }",
      link: "describe(file('/etc/from-kernel')) { its('content') { should match(/never/) } }",
      device: "describe(file('/dev/null')) { its('content') { should eq '' } }",
      empty: "describe(file('/etc/empty')) { its('content') { should eq '' } }",
    };
    expect(statuses(await judge('kernel', read))).toEqual(every(read, 'passed'));
  });
});

describe('a command of the profile', () => {
  test('makes void what was looked at ahead and not asked for yet', async () => {
    await makePod(
      'changes',
      'echo good >/tmp/content; echo x >/tmp/removed; : >/tmp/mode; ln -s /etc/passwd /tmp/link',
    );
    const command = (text: string) => `describe(command('${text}')) { its('exit_status') { should eq 0 } }`;
    const asked = {
      first: "describe(file('/tmp/other')) { it { should_not exist } }",
      made: `${command('touch /tmp/made')}; describe(file('/tmp/made')) { it { should exist } }`,
      removed: `${command('rm /tmp/removed')}; describe(file('/tmp/removed')) { it { should_not exist } }`,
      mode: `describe(file('/tmp/mode')) { it { should exist } }; ${command('chmod 777 /tmp/mode')}
        describe(file('/tmp/mode')) { its('mode') { should cmp '0777' } }`,
      content: `describe(file('/tmp/content')) { it { should exist } }; ${command('echo evil >/tmp/content')}
        describe(file('/tmp/content')) { its('content') { should match(/evil/) } }`,
      link: `describe(file('/tmp/link')) { it { should exist } }; ${command('ln -sfn /etc/group /tmp/link')}
        describe(file('/tmp/link')) { its('link_path') { should eq '/etc/group' } }`,
      late: `describe(command('sh -c "touch /tmp/late; kill -9 \\$\\$"')) { its('exit_status') { should eq 137 } }
        describe(file('/tmp/late')) { it { should exist } }`,
    };
    expect(statuses(await judge('changes', asked))).toEqual(every(asked, 'passed'));
  });
});
