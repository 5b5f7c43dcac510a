// SPDX-License-Identifier: Apache-2.0

/** A profile that may mislead whoever reads its results. */
export interface Trick {
  name: string;
  /** Files of the profile besides inspec.yml. */
  files: Record<string, string>;
  /** Lines of inspec.yml besides name and version. */
  metadata?: string;
  /** Under which gates 0 is an answer: the law judges whether it was deserved. */
  zero: 'under any gate' | 'under a lenient gate' | 'never';
}

export const control = (id: string, body: string, impact = '1.0'): string =>
  `control '${id}' do\n  impact ${impact}\n  ${body}\nend\n`;
export const right = 'describe(1) { it { should eq 1 } }';
export const wrong = 'describe(1) { it { should eq 2 } }';
export const good = control('good', right);
export const bad = control('bad', wrong);
