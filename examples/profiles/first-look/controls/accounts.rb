# frozen_string_literal: true

control 'account-passwd-file' do
  impact 0.7
  title 'The account file belongs to root and only root may write it'
  desc 'Whoever can write /etc/passwd can become anybody.'
  tag nist: ['AC-6', 'CM-5']
  tag 'nist-800-190': '4.1.2'
  describe file('/etc/passwd') do
    it { should exist }
    its('owner') { should eq 'root' }
    its('mode') { should cmp '0644' }
  end
end

control 'account-group-file' do
  impact 0.5
  title 'The group file belongs to root and only root may write it'
  desc 'Whoever can write /etc/group can join any group.'
  tag nist: ['AC-6', 'CM-5']
  tag 'nist-800-190': '4.1.2'
  describe file('/etc/group') do
    it { should exist }
    its('uid') { should eq 0 }
    it { should_not be_writable.by('others') }
  end
end

control 'account-single-root' do
  impact 1.0
  title 'Nobody but root has user id 0'
  desc 'A second account with user id 0 is root under another name.'
  tag nist: ['AC-2', 'AC-6']
  tag 'nist-800-190': '4.1.2'
  describe passwd.uids(0) do
    its('users') { should cmp 'root' }
  end
end

control 'account-no-empty-password' do
  impact 1.0
  title 'No account has an empty password'
  desc 'An empty second field of the shadow file lets anybody in.'
  tag nist: ['IA-5', 'AC-3']
  tag 'nist-800-190': '4.1.2'
  # A message shows the subject of its check: names of accounts, never lines with password hashes.
  fields = file('/etc/shadow').content.to_s.lines.map { |line| line.chomp.split(':', 3) }
  describe 'Accounts with an empty password' do
    subject { fields.select { |_, password| password == '' }.map(&:first) }
    it { should be_empty }
  end
end

control 'account-unique-ids' do
  impact 0.5
  title 'Every user id belongs to one account'
  desc 'Accounts that share an id cannot be told apart in any log.'
  tag nist: ['IA-4', 'AU-10']
  tag 'nist-800-190': '4.1.2'
  describe command('cut -d: -f3 /etc/passwd | sort | uniq -d') do
    its('stdout') { should eq '' }
  end
end

control 'account-known-user' do
  impact 0.3
  title 'The user that processes run as is known'
  desc 'A process of an unknown user id has no name in any record.'
  tag nist: ['IA-4']
  tag 'nist-800-190': '4.1.2'
  describe command('id -un') do
    its('exit_status') { should eq 0 }
    its('stdout') { should match(/^[a-z_]/) }
  end
end
