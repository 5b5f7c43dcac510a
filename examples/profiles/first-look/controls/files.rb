# frozen_string_literal: true

roots = input('world_writable_roots').join(' ')
allowed = input('setuid_allowed')

control 'file-world-writable' do
  impact 0.9
  title 'No configuration file can be written by everybody'
  desc 'A file that everybody may write configures nothing.'
  tag nist: ['AC-3', 'CM-5']
  tag 'nist-800-190': '4.1.2'
  describe command("find #{roots} -xdev -type f -perm -0002 2>/dev/null") do
    its('stdout') { should eq '' }
  end
end

control 'file-setuid' do
  impact 0.7
  title 'Only expected programs run with the rights of their owner'
  desc 'Each setuid program is a way to root for whoever finds a fault in it.'
  tag nist: ['AC-6', 'CM-7']
  tag 'nist-800-190': '4.1.2'
  found = command('find / -xdev -type f -perm -4000 2>/dev/null').stdout.split("\n")
  describe 'Setuid programs that are not expected' do
    subject { found - allowed }
    it { should be_empty }
  end
end

control 'file-temporary-sticky' do
  impact 0.5
  title 'In the common temporary folder nobody removes the files of others'
  desc 'Without the sticky bit anybody may replace any temporary file.'
  tag nist: ['AC-3', 'SC-4']
  tag 'nist-800-190': '4.1.2'
  describe file('/tmp') do
    it { should be_directory }
    it { should be_sticky }
  end
end

control 'file-no-private-keys' do
  impact 1.0
  title 'No private key lies in the home of root'
  desc 'A key in an image is a key for everybody who can pull it.'
  tag nist: ['IA-5', 'SC-12', 'SC-28']
  tag 'nist-800-190': '4.1.4'
  %w[/root/.ssh/id_rsa /root/.ssh/id_ed25519 /root/.ssh/id_ecdsa].each do |key|
    describe file(key) do
      it { should_not exist }
    end
  end
end

control 'file-shadow-closed' do
  impact 0.9
  title 'Password hashes are not for everybody to read'
  desc 'Hashes that can be read can be guessed at leisure.'
  tag nist: ['AC-3', 'IA-5']
  tag 'nist-800-190': '4.1.2'
  describe file('/etc/shadow') do
    it { should_not be_readable.by('others') }
    it { should_not be_writable.by('others') }
  end
end
