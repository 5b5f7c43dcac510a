// SPDX-License-Identifier: Apache-2.0
import type { HdfWaiver } from '../../outcome/hdf.ts';

/** A control and how each target answers it, one letter a target: passed, failed, error, skipped, not applicable, waived. */
export interface ControlDraft {
  id: string;
  title: string;
  severity: string;
  impact: number;
  nist: string[];
  cci: string[];
  guide: string[];
  answers: string[];
  desc: string;
  check: string;
  fix: string;
  subject: string;
  check_desc: string;
  message: string;
  code: string;
  waiver?: HdfWaiver;
}

type Brief = [id: string, severity: string, title: string, nist: string, guide: string, answers: string];

const briefs: Brief[] = [
  ['CB-01', 'critical', 'No file of the image is writable by everyone and set-uid', 'AC-6 (10)', '4.1.2', 'ppppp'],
  ['CB-02', 'critical', 'No private key is part of the image', 'SC-12', '4.1.4', 'ppfpp'],
  ['CB-03', 'high', 'The process does not run as root', 'AC-6 (2)', '4.4.3', 'psfff'],
  ['CB-04', 'high', 'The password file lists no second user with uid 0', 'AC-6 (5)', '4.1.2', 'ppppp'],
  ['CB-05', 'high', 'The package manager verifies signatures', 'CM-14', '4.1.1', 'pnppp'],
  ['CB-06', 'high', 'No remote shell service is installed', 'CM-7 a', '4.1.2', 'ppppp'],
  ['CB-07', 'high', 'TLS libraries are of a maintained version', 'SI-2 c', '4.1.1', 'pppww'],
  ['CB-08', 'medium', 'The passwd file is not writable by others', 'AC-3 (4)', '4.1.2', 'ppppp'],
  ['CB-09', 'medium', 'The shadow file is readable by root only', 'IA-5 (1) (h)', '4.1.2', 'pnpff'],
  ['CB-10', 'medium', 'The root file system is mounted read-only', 'CM-5 (6)', '4.4.3', 'psfpp'],
  ['CB-11', 'medium', 'No capability beyond the default set is effective', 'AC-6 (9)', '4.4.3', 'psppp'],
  ['CB-12', 'medium', 'A seccomp filter is active', 'SC-39', '4.5.2', 'pspee'],
  ['CB-13', 'medium', 'Core dumps are switched off', 'SI-11 b', '4.4.3', 'ppppp'],
  ['CB-14', 'medium', 'No service listens on a privileged port', 'SC-7 (5)', '4.4.2', 'psppp'],
  ['CB-15', 'medium', 'Time zone data is present and current', 'AU-8 b', '4.1.1', 'wpwpp'],
  ['CB-16', 'low', 'The image names its version and source', 'CM-8', '4.1.5', 'ppppp'],
  ['CB-17', 'low', 'No compiler is installed', 'CM-7 (5)', '4.1.2', 'ppppp'],
  ['CB-18', 'low', 'No cached package lists remain', 'CM-6 b', '4.1.2', 'ppfpp'],
  ['CB-19', 'low', 'Log files are not world readable', 'AU-9', '4.4.3', 'ppppp'],
  ['CB-20', 'none', 'The operating system of the image is recorded', 'CM-8 (1)', '4.1.1', 'ppppp'],
];

const impacts: ReadonlyMap<string, number> = new Map([
  ['critical', 0.9],
  ['high', 0.7],
  ['medium', 0.5],
  ['low', 0.3],
  ['none', 0],
]);

const waivers: ReadonlyMap<string, HdfWaiver> = new Map([
  [
    'CB-07',
    {
      skipped_due_to_waiver: true,
      run: false,
      justification: 'Vendor image, update announced; owner: web team',
      expiration_date: '2027-01-31',
      message: '',
    },
  ],
  [
    'CB-15',
    {
      skipped_due_to_waiver: true,
      run: false,
      justification: 'Time zone is fixed to UTC by policy; owner: platform',
      expiration_date: '2026-06-30',
      message: '',
    },
  ],
]);

export const sampleControls: ControlDraft[] = briefs.map(([id, severity, title, nist, guide, answers]) => {
  const waiver = waivers.get(id);
  return {
    id,
    title,
    severity,
    impact: impacts.get(severity) ?? 0.5,
    nist: [nist, 'Rev_5'],
    cci: [`CCI-${String(Number(id.slice(3)) + 365).padStart(6, '0')}`],
    guide: [guide],
    answers: answers.split(''),
    desc: `${title}. A container that does not keep to this gives whoever breaks into it more than the workload itself needs.`,
    check: 'Look at the owner, the group and the mode of the file inside the running container.',
    fix: 'Change the Dockerfile of the image, build it again and roll the workload out.',
    subject: 'File /etc/shadow',
    check_desc: 'File /etc/shadow mode is expected to cmp <= "0640"',
    message: '\nexpected it to be <= "0640"\n     got: 0644\n\n(compared using `cmp` matcher)\n',
    code: `control '${id}' do\n  impact ${impacts.get(severity) ?? 0.5}\n  title '${title}'\n  describe file('/etc/shadow') do\n    it { should exist }\n    its('mode') { should cmp <= '0640' }\n  end\nend\n`,
    ...(waiver !== undefined && { waiver }),
  };
});
