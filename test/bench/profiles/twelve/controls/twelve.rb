# frozen_string_literal: true

control 'passwd-file' do
  impact 0.7
  title 'Only root may write the account file'
  describe file('/etc/passwd') do
    it { should be_file }
    its('owner') { should eq 'root' }
    its('mode') { should cmp '0644' }
  end
end

control 'shadow-file' do
  impact 0.9
  title 'Password hashes are not for everybody'
  describe file('/etc/shadow') do
    it { should_not be_readable.by('others') }
    its('content') { should_not match(/^[^:]+::/) }
  end
end

control 'temporary-folder' do
  impact 0.5
  title 'Nobody removes the files of others from the temporary folder'
  describe file('/tmp') do
    it { should be_directory }
    it { should be_sticky }
  end
end

control 'os-release' do
  impact 0.3
  title 'The release file names a Debian, through its link'
  describe file('/etc/os-release') do
    it { should be_symlink }
    its('content') { should match(/^ID=debian$/) }
  end
end

control 'root-account' do
  impact 1.0
  title 'root is root'
  describe user('root') do
    it { should exist }
    its('uid') { should eq 0 }
    its('home') { should eq '/root' }
  end
end

control 'root-group' do
  impact 0.5
  title 'The group of root has number 0'
  describe group('root') do
    it { should exist }
    its('gid') { should eq 0 }
  end
end

control 'single-root' do
  impact 1.0
  title 'Nobody but root has user id 0'
  describe passwd.uids(0) do
    its('users') { should cmp 'root' }
  end
end

control 'base-packages' do
  impact 0.5
  title 'The base system is installed'
  %w[base-files libc6 dpkg].each do |name|
    describe package(name) do
      it { should be_installed }
    end
  end
end

control 'no-remote-shells' do
  impact 0.9
  title 'No package opens another door'
  %w[openssh-server telnetd rsh-server].each do |name|
    describe package(name) do
      it { should_not be_installed }
    end
  end
end

control 'unique-ids' do
  impact 0.5
  title 'Every user id belongs to one account'
  describe command('cut -d: -f3 /etc/passwd | sort | uniq -d') do
    its('stdout') { should eq '' }
    its('exit_status') { should eq 0 }
  end
end

control 'world-writable' do
  impact 0.9
  title 'No configuration file can be written by everybody'
  describe command('find /etc -xdev -type f -perm -0002') do
    its('stdout') { should eq '' }
  end
end

control 'planned-to-fail' do
  impact 0.3
  title 'A control that fails, since a failure costs more than a pass'
  describe file('/etc/hardened') do
    it { should exist }
  end
end
