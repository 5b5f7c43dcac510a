# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# Services that belong to a machine and not to a container.

control 'service-no-ssh' do
  impact 0.7
  title 'There is no SSH server'
  desc 'No executable of the container has the name of an SSH server.'
  desc 'rationale', <<~TEXT
    Containers are entered through the API, which asks who it is, decides and records. An SSH server is a second
    door with keys of its own.
  TEXT
  desc 'check', 'In the container: find / -xdev -perm -0100 -name sshd, dropbear'
  desc 'fix', 'Remove the package from the image; use kubectl exec or kubectl debug.'
  tag nist: ['AC-17', 'CM-7', 'AC-3']
  tag 'nist-800-190': ['4.1.2', '4.4.3']
  tag cis_docker: ['5.7']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1021.004', 'T1133']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_files(ignored: input('allowed_programs')) do
    its('ssh_servers') { should have_no_findings }
  end
end

control 'service-no-login-server' do
  impact 0.7
  title 'There is no server for logins or files without encryption'
  desc 'No executable of the container has the name of inetd or of a server for telnet, rsh, FTP, TFTP, VNC or RDP.'
  desc 'rationale', <<~TEXT
    They carry passwords in the clear or need none, and were made for machines that somebody sits at.
  TEXT
  desc 'check', 'In the container: find / -xdev -perm -0100 -name telnetd, inetd, vsftpd and so on'
  desc 'fix', 'Remove the packages from the image.'
  tag nist: ['AC-17', 'CM-7', 'SC-8']
  tag 'nist-800-190': ['4.1.2']
  tag cis_docker: ['4.3', '5.7']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1133', 'T1021']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_files(ignored: input('allowed_programs')) do
    its('login_servers') { should have_no_findings }
  end
end

control 'service-no-scheduler' do
  impact 0.5
  title 'There is no scheduler of jobs'
  desc 'No executable of the container has the name of cron, at or another scheduler.'
  desc 'rationale', 'A second service in a container is watched by nobody, and a crontab is where intruders stay.'
  desc 'check', 'In the container: find / -xdev -perm -0100 -name cron, crond, atd and so on'
  desc 'fix', 'Run jobs as CronJob objects of Kubernetes.'
  tag nist: ['CM-7']
  tag 'nist-800-190': ['4.1.2']
  tag cis_docker: ['4.3']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1053.003', 'T1053.007']
  tag docker_practice: ['decouple applications']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_files(ignored: input('allowed_programs')) do
    its('schedulers') { should have_no_findings }
  end
end

control 'service-no-trusted-host' do
  impact 0.7
  title 'No host is trusted without a password'
  desc 'There is no .rhosts, .shosts, hosts.equiv or shosts.equiv.'
  desc 'rationale', 'These let the users of other machines in on their word.'
  desc 'check', 'In the container: find / -xdev -name .rhosts -o -name hosts.equiv'
  desc 'fix', 'Remove the files.'
  tag nist: ['IA-2', 'AC-17']
  tag 'nist-800-190': ['4.1.2']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1021', 'T1078']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_files(ignored: input('allowed_files')) do
    its('trusted_hosts') { should have_no_findings }
  end
end
