# frozen_string_literal: true

control 'two-passwd' do
  title 'The account file belongs to root'
  describe file('/etc/passwd') do
    its('owner') { should eq 'root' }
  end
end

control 'two-shell' do
  title 'Commands can be run'
  describe command('echo ready') do
    its('stdout.strip') { should eq 'ready' }
  end
end
