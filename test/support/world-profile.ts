// SPDX-License-Identifier: Apache-2.0

export interface WorldProfile {
  name: string;
  /** Ends the title of the test. */
  what: string;
  files: Record<string, string>;
}

export const trivial = "control 'c-1' do\n  describe('a') { it { should eq 'a' } }\nend\n";

/** Files by name, with metadata that names the profile. */
export const shaped = (
  ...[name, what, files, { metadata = '' } = {}]: [string, string, Record<string, string>, { metadata?: string }?]
): WorldProfile => ({
  name,
  what,
  files: { 'inspec.yml': `name: ${name}\ntitle: T\nversion: 1.0.0\n${metadata}`, ...files },
});
