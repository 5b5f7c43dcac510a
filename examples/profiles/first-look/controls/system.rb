# frozen_string_literal: true

control 'system-known-platform' do
  impact 0.3
  title 'The platform is known'
  desc 'What cannot be named cannot be kept up to date.'
  tag nist: ['CM-8']
  tag 'nist-800-190': '4.1.1'
  describe os.family do
    it { should_not be_nil }
  end
end

control 'system-no-sshd' do
  impact 0.7
  title 'No SSH server listens in the container'
  desc 'Containers are reached through the API; a second door needs a second guard.'
  tag nist: ['CM-7', 'AC-17']
  tag 'nist-800-190': '4.1.2'
  describe file('/usr/sbin/sshd') do
    it { should_not exist }
  end
end

control 'system-no-telnet' do
  impact 0.7
  title 'No telnet service is configured'
  desc 'Telnet carries passwords in the clear.'
  tag nist: ['CM-7', 'SC-8']
  tag 'nist-800-190': '4.1.2'
  describe file('/etc/inetd.conf') do
    its('content') { should_not match(/^\s*telnet\s/) }
  end
end
