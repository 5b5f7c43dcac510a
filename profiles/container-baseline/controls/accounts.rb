# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# Accounts of the container: nobody should log in, and nobody should be able to let themselves in.

control 'account-files-protected' do
  impact 0.7
  title 'Only root may write the account files'
  desc <<~TEXT
    /etc/passwd, /etc/group, /etc/shadow, /etc/gshadow and their copies, as far as they exist, belong to root
    and cannot be written by anybody else.
  TEXT
  desc 'rationale', 'Whoever can write /etc/passwd can become anybody, root included.'
  desc 'check', 'In the container: stat -c "%u %a %n" /etc/passwd /etc/group /etc/shadow'
  desc 'fix', <<~TEXT
    chown 0 and chmod go-w when the image is built. Images for clusters that give random users need no writable
    /etc/passwd any more.
  TEXT
  tag nist: ['AC-3', 'AC-6', 'CM-5']
  tag 'nist-800-190': ['4.1.2']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1136.001', 'T1098']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_accounts do
    its('open_files') { should have_no_findings }
  end
end

control 'account-passwords-closed' do
  impact 0.7
  title 'Password hashes are not for everybody to read'
  desc '/etc/shadow, /etc/gshadow and their copies, as far as they exist, cannot be read by others.'
  desc 'rationale', 'Hashes that can be read can be guessed at leisure, elsewhere.'
  desc 'check', 'In the container: stat -c "%a %n" /etc/shadow is 640 or less'
  desc 'fix', 'chmod o-rwx when the image is built, or leave the files out.'
  tag nist: ['IA-5', 'IA-5 (1)', 'AC-3']
  tag 'nist-800-190': ['4.1.2']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1003.008']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_accounts do
    its('open_passwords') { should have_no_findings }
  end
end

control 'account-one-root' do
  impact 0.9
  title 'Nobody but root has user id 0'
  desc 'In /etc/passwd the user id 0 belongs to root alone.'
  desc 'rationale', 'A second account with user id 0 is root under another name: an old way to stay.'
  desc 'check', 'In the container: awk -F: \'$3 == 0\' /etc/passwd'
  desc 'fix', 'Remove the account, and find out where it came from.'
  tag nist: ['AC-2', 'AC-6', 'IA-4']
  tag 'nist-800-190': ['4.1.2', '4.1.3']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1136.001', 'T1078']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_accounts do
    its('more_roots') { should have_no_findings }
  end
end

control 'account-no-empty-password' do
  impact 0.9
  title 'No account can be used without a password'
  desc 'No password field in /etc/passwd and /etc/shadow is empty.'
  desc 'rationale', 'An empty field lets everybody in who can start su or a login.'
  desc 'check', 'In the container: awk -F: \'$2 == ""\' /etc/passwd /etc/shadow'
  desc 'fix', 'Lock the account: passwd -l, or * in the field.'
  tag nist: ['IA-5', 'IA-5 (1)', 'AC-3']
  tag 'nist-800-190': ['4.1.2']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1078']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_accounts do
    its('without_password') { should have_no_findings }
  end
end

control 'account-no-password' do
  impact 0.5
  title 'No account has a password'
  desc 'Every password field in /etc/passwd and /etc/shadow says that the account is locked.'
  desc 'rationale', <<~TEXT
    Nobody logs in to a container. A password in an image is the same in every copy of it, and its hash can be
    read by all who pull it.
  TEXT
  desc 'check', 'In the container: awk -F: \'$2 !~ /^[!*x]/\' /etc/passwd /etc/shadow'
  desc 'fix', 'Lock the account, and change the password wherever else it is used.'
  tag nist: ['IA-5', 'AC-2']
  tag 'nist-800-190': ['4.1.2', '4.1.4']
  tag cis_docker: ['4.10']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1078', 'T1110.002']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_accounts do
    its('with_password') { should have_no_findings }
  end
end

control 'account-unique' do
  impact 0.3
  title 'Every user id and every name belongs to one account'
  desc 'No user id and no name occurs twice in /etc/passwd.'
  desc 'rationale', 'Accounts that share an id cannot be told apart in any record, and own the same files.'
  desc 'check', 'In the container: cut -d: -f3 /etc/passwd | sort | uniq -d'
  desc 'fix', 'Remove or renumber the accounts.'
  tag nist: ['IA-4', 'AU-10', 'AC-2']
  tag 'nist-800-190': ['4.1.2']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1036']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_accounts do
    its('shared') { should have_no_findings }
  end
end

control 'account-no-login-key' do
  impact 0.7
  title 'No key may log in over SSH'
  desc 'There is no authorized_keys with content.'
  desc 'rationale', <<~TEXT
    It is of use only to an SSH server, which a container does not have; somebody means to start one.
  TEXT
  desc 'check', 'In the container: find / -xdev -name authorized_keys'
  desc 'fix', 'Remove the file, and find out whose keys they are.'
  tag nist: ['IA-5', 'AC-17', 'AC-2']
  tag 'nist-800-190': ['4.1.2', '4.1.3']
  tag cis_docker: ['5.7']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1098.004', 'T1021.004']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_files(ignored: input('allowed_files')) do
    its('login_keys') { should have_no_findings }
  end
end

control 'account-no-sudo-without-password' do
  impact 0.7
  title 'Nobody becomes root by sudo without a password'
  desc 'No rule in /etc/sudoers and /etc/sudoers.d has NOPASSWD or switches authentication off.'
  desc 'rationale', <<~TEXT
    Such a rule makes the user of the service root in one step, whatever the spec of the pod says of users.
  TEXT
  desc 'check', 'In the container: grep -rE \'NOPASSWD|!authenticate\' /etc/sudoers /etc/sudoers.d'
  desc 'fix', 'Leave sudo out of the image.'
  tag nist: ['AC-6', 'AC-6 (10)', 'IA-2']
  tag 'nist-800-190': ['4.1.2']
  tag cis_docker: ['4.3']
  tag nsa_cisa: ['Non-root containers']
  tag mitre_attack: ['T1548.003']
  tag docker_practice: ['USER']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_accounts do
    its('sudo_without_password') { should have_no_findings }
  end
end
