# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# Programs that a running service has no use for and an intruder has. Found by name anywhere in the root file system;
# what is meant to be there goes into the input allowed_programs.

control 'program-no-shell' do
  impact 0.5
  title 'There is no shell'
  desc 'No executable of the container has the name of a shell or of a box of tools that brings one.'
  desc 'rationale', <<~TEXT
    Most ways to use a fault in a service end with starting a shell. Without one an intruder has to bring
    everything, to a place where it can be run.
  TEXT
  desc 'check', <<~TEXT
    In the container, by a lens that brings its own tools: find / -xdev -perm -0100 -name sh, bash, busybox and
    so on
  TEXT
  desc 'fix', <<~TEXT
    Build in stages, and copy into the last one only what the program needs: a static image or a distroless one.
  TEXT
  tag nist: ['CM-7', 'CM-7 (1)']
  tag 'nist-800-190': ['4.1.2']
  tag cis_docker: ['4.3']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1059.004', 'T1609']
  tag docker_practice: ['multi-stage builds']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_files(ignored: input('allowed_programs')) do
    its('shells') { should have_no_findings }
  end
end

control 'program-no-package-manager' do
  impact 0.5
  title 'There is no package manager'
  desc 'No executable of the container has the name of a package manager of a system or of a language.'
  desc 'rationale', <<~TEXT
    It brings the tools that were left out, signed and from an address that firewalls know; and what it changes
    is in no image that was scanned.
  TEXT
  desc 'check', 'In the container: find / -xdev -perm -0100 -name apt, apk, dnf, rpm, pip, npm and so on'
  desc 'fix', <<~TEXT
    Build in stages, and copy into the last one only what the program needs: a static image or a distroless one.
    Remove the package manager in the last step where that is not possible.
  TEXT
  tag nist: ['CM-7', 'CM-11', 'SI-7']
  tag 'nist-800-190': ['4.1.2']
  tag cis_docker: ['4.3']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1105', 'T1072']
  tag docker_practice: ['multi-stage builds']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_programs')) do
    its('package_managers') { should have_no_findings }
  end
end

control 'program-no-compiler' do
  impact 0.5
  title 'There is no compiler'
  desc 'No executable of the container has the name of a compiler, linker or build tool.'
  desc 'rationale', <<~TEXT
    With a compiler an exploit for the kernel of this very node is made on the spot, past every scan for known
    programs.
  TEXT
  desc 'check', 'In the container: find / -xdev -perm -0100 -name gcc, cc, ld, go, make and so on'
  desc 'fix', <<~TEXT
    Build in stages, and copy into the last one only what the program needs: a static image or a distroless one.
  TEXT
  tag nist: ['CM-7']
  tag 'nist-800-190': ['4.1.2']
  tag cis_docker: ['4.3']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1027.004', 'T1612']
  tag docker_practice: ['multi-stage builds']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_programs')) do
    its('compilers') { should have_no_findings }
  end
end

control 'program-no-network-tool' do
  impact 0.5
  title 'There is no tool to fetch from or look around in the network'
  desc 'No executable of the container has the name of a client for downloads, remote shells, port scans or tunnels.'
  desc 'rationale', 'These bring further tools, find the next target and carry data out.'
  desc 'check', 'In the container: find / -xdev -perm -0100 -name curl, wget, nc, ssh, nmap and so on'
  desc 'fix', <<~TEXT
    Build in stages, and copy into the last one only what the program needs: a static image or a distroless one.
    Use the program itself or httpGet for health checks.
  TEXT
  tag nist: ['CM-7', 'AC-4', 'SC-7']
  tag 'nist-800-190': ['4.1.2', '4.4.2']
  tag cis_docker: ['4.3']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1105', 'T1046', 'T1048']
  tag docker_practice: ['multi-stage builds']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_programs')) do
    its('network_tools') { should have_no_findings }
  end
end

control 'program-no-debugger' do
  impact 0.3
  title 'There is no debugger or tracer'
  desc 'No executable of the container has the name of a debugger, tracer or packet recorder.'
  desc 'rationale', 'They read passwords and keys out of memory and traffic of other processes of the same user.'
  desc 'check', 'In the container: find / -xdev -perm -0100 -name gdb, strace, tcpdump and so on'
  desc 'fix', 'Leave them out of the image; use kubectl debug with an image that has them while they are needed.'
  tag nist: ['CM-7', 'SC-4']
  tag 'nist-800-190': ['4.1.2']
  tag cis_docker: ['4.3']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1003.007', 'T1040']
  tag docker_practice: ['multi-stage builds']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_programs')) do
    its('debuggers') { should have_no_findings }
  end
end

control 'program-no-privilege-tool' do
  impact 0.5
  title 'There is no tool to become another user'
  desc <<~TEXT
    No executable of the container has the name of a program that changes user or capabilities, such as su and
    sudo.
  TEXT
  desc 'rationale', <<~TEXT
    A container runs as one user from the start. A program to become another serves those who should not.
  TEXT
  desc 'check', 'In the container: find / -xdev -perm -0100 -name su, sudo, doas and so on'
  desc 'fix', <<~TEXT
    Start as the right user (runAsUser) instead of changing to it in a start script, and leave these programs
    out of the image.
  TEXT
  tag nist: ['CM-7', 'AC-6']
  tag 'nist-800-190': ['4.1.2']
  tag cis_docker: ['4.3', '4.8']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1548.003', 'T1548.001']
  tag docker_practice: ['USER']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_programs')) do
    its('privilege_tools') { should have_no_findings }
  end
end

control 'program-no-cluster-client' do
  impact 0.7
  title 'There is no client for the cluster or a container runtime'
  desc <<~TEXT
    No executable of the container has the name of a client or part of Kubernetes, a container runtime or a
    deployment tool.
  TEXT
  desc 'rationale', <<~TEXT
    With a token that is mounted anyway, such a client turns one broken container into many: pods made, secrets
    listed, commands run elsewhere.
  TEXT
  desc 'check', 'In the container: find / -xdev -perm -0100 -name kubectl, docker, crictl, helm and so on'
  desc 'fix', 'Leave them out of the image of a service. Deployment jobs run from images and accounts of their own.'
  tag nist: ['CM-7', 'AC-6']
  tag 'nist-800-190': ['4.1.2', '4.3.1']
  tag cis_docker: ['4.3']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1609', 'T1610', 'T1613']
  tag docker_practice: ['multi-stage builds']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_files(ignored: input('allowed_programs')) do
    its('cluster_clients') { should have_no_findings }
  end
end
