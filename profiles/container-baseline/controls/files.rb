# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# Rights of the files in the image and of what was written over it. One walk answers all; volumes are left out.

control 'file-no-setuid' do
  impact 0.7
  title 'No program runs with the rights of its owner'
  desc 'No file has the setuid bit, but for those in the input allowed_setuid.'
  desc 'rationale', <<~TEXT
    A fault in a setuid program of root is a way to root for every process of the container. Hardly any program
    in a container needs one.
  TEXT
  desc 'check', 'In the container: find / -xdev -type f -perm -4000'
  desc 'fix', <<~TEXT
    When the image is built: find / -xdev -perm -4000 -exec chmod a-s {} +, or start from an image without such
    programs.
  TEXT
  tag nist: ['AC-6', 'AC-6 (10)', 'CM-7']
  tag 'nist-800-190': ['4.1.2']
  tag cis_docker: ['4.8']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1548.001']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_setuid')) do
    its('setuid') { should have_no_findings }
  end
end

control 'file-no-setgid' do
  impact 0.5
  title 'No program runs with the rights of its group'
  desc 'No file has the setgid bit, but for those in the input allowed_setuid.'
  desc 'rationale', <<~TEXT
    As with setuid: such a program lends out a group, often one that may read password hashes or write mail and
    terminals.
  TEXT
  desc 'check', 'In the container: find / -xdev -type f -perm -2000'
  desc 'fix', 'When the image is built: find / -xdev -perm -2000 -exec chmod a-s {} +'
  tag nist: ['AC-6', 'AC-6 (10)', 'CM-7']
  tag 'nist-800-190': ['4.1.2']
  tag cis_docker: ['4.8']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1548.001']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_setuid')) do
    its('setgid') { should have_no_findings }
  end
end

control 'file-none-world-writable' do
  impact 0.7
  title 'No file can be written by everybody'
  desc 'No file of the root file system may be written by users other than its owner and group.'
  desc 'rationale', <<~TEXT
    A configuration file, script or library that any process may change is a way from one user of the container
    to another, and a place to stay.
  TEXT
  desc 'check', 'In the container: find / -xdev -type f -perm -0002'
  desc 'fix', 'chmod o-w when the image is built; give files that a program has to write to the user it runs as.'
  tag nist: ['AC-3', 'AC-6', 'CM-5']
  tag 'nist-800-190': ['4.1.2']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1574', 'T1222']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_files')) do
    its('world_writable') { should have_no_findings }
  end
end

control 'directory-none-world-writable' do
  impact 0.5
  title 'In folders that everybody may write to, nobody removes the files of others'
  desc 'Every directory of the root file system that everybody may write to has the sticky bit.'
  desc 'rationale', 'Without the bit any user replaces files of any other: sockets, lock files, programs.'
  desc 'check', 'In the container: find / -xdev -type d -perm -0002 ! -perm -1000'
  desc 'fix', 'chmod o-w, or chmod +t for folders such as /tmp.'
  tag nist: ['AC-3', 'SC-4', 'CM-5']
  tag 'nist-800-190': ['4.1.2']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1574', 'T1222']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_files')) do
    its('world_writable_directories') { should have_no_findings }
  end
end

control 'file-none-unowned' do
  impact 0.3
  title 'Every file belongs to a user and a group that the container knows'
  desc 'Owner and group of every file have entries in /etc/passwd and /etc/group.'
  desc 'rationale', <<~TEXT
    Whoever is given the number later owns these files. They are often left from a build machine, with its
    rights.
  TEXT
  desc 'check', 'In the container: find / -xdev \\( -nouser -o -nogroup \\)'
  desc 'fix', 'Copy with --chown in the build file, and add the accounts that own files.'
  tag nist: ['AC-3', 'AC-6', 'CM-8']
  tag 'nist-800-190': ['4.1.2']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1222']
  tag docker_practice: ['COPY']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_files')) do
    its('unowned') { should have_no_findings }
  end
end

control 'file-programs-not-replaceable' do
  impact 0.5
  title 'No process can replace the programs of the container'
  desc <<~TEXT
    The root file system is read-only, or no process runs as root and none may write to a folder in the input
    program_directories.
  TEXT
  desc 'rationale', <<~TEXT
    A process that was broken into and can write to where programs and libraries lie outlives its own end, and
    changes what others run.
  TEXT
  desc 'check', <<~TEXT
    In the container: stat -c "%A %U %G %n" /usr/bin /usr/local/bin, compared with the Uid and Groups lines of
    /proc/PID/status
  TEXT
  desc 'fix', 'Set readOnlyRootFilesystem: true. Leave programs to root in the image and run as another user.'
  tag nist: ['CM-5', 'SI-7', 'AC-6']
  tag 'nist-800-190': ['4.4.3', '4.1.2']
  tag cis_docker: ['5.13']
  tag nsa_cisa: ['Immutable container file systems']
  tag mitre_attack: ['T1554', 'T1574']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'

  describe container_programs(directories: input('program_directories')) do
    its('replaceable') { should have_no_findings }
  end
end
