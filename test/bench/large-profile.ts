// SPDX-License-Identifier: Apache-2.0
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

const controls = 300;
const perFile = 25;

/** Writes a profile of 300 controls, 600 describe blocks and 1200 checks, spread over files as baselines are. */
export async function writeLargeProfile(folder: string): Promise<string> {
  await mkdir(join(folder, 'controls'), { recursive: true });
  await writeFile(join(folder, 'inspec.yml'), 'name: large\ntitle: Three hundred controls\nversion: 1.0.0\n');
  for (let first = 1; first <= controls; first += perFile) {
    const texts = Array.from({ length: perFile }, (_, index) => controlText(first + index));
    await writeFile(join(folder, 'controls', `from-${String(first).padStart(3, '0')}.rb`), texts.join('\n'));
  }
  return folder;
}

const paths = [
  'passwd',
  'group',
  'shadow',
  'gshadow',
  'hostname',
  'issue',
  'debian_version',
  'fstab',
  'profile',
  'nsswitch.conf',
];

// Every path is asked for by its own spelling, so that no cache of file resources makes it cheaper than it is.
const pathOf = (number: number) =>
  `/etc/${'./'.repeat(Math.floor(number / paths.length))}${paths[number % paths.length]}`;

function controlText(number: number): string {
  const name = `large-${String(number).padStart(3, '0')}`;
  return `control '${name}' do
  impact ${((number % 10) + 1) / 10}
  title 'Control number ${number}'
  desc 'One of many.'
  tag nist: ['CM-6']
  describe file('${pathOf(number)}') do
    it { should exist }
    its('owner') { should eq 'root' }
  end
  describe command('echo ${name}') do
    its('stdout.strip') { should eq '${name}' }
    its('exit_status') { should eq 0 }
  end
end
`;
}
