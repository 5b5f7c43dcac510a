# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# What runs, and what it was started from.

control 'process-only-expected' do
  impact 0.5
  title 'Nothing runs but what is expected'
  desc 'The name of every process of the container is in the input allowed_processes.'
  desc 'rationale', <<~TEXT
    A container runs one program whose name is known. Whatever else there is was started by somebody.
  TEXT
  desc 'check', 'In the container: cat /proc/PID/comm for every process of it'
  desc 'fix', <<~TEXT
    Find out what started it. Name it in the input if it belongs there; otherwise replace the pod and keep the
    evidence.
  TEXT
  tag nist: ['CM-7', 'CM-7 (5)', 'SI-4']
  tag 'nist-800-190': ['4.4.4', '4.1.3']
  tag nsa_cisa: ['Hardening container environments']
  tag mitre_attack: ['T1059', 'T1496']
  tag docker_practice: ['decouple applications']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_processes(processes: input('allowed_processes')) do
    its('unexpected') { should have_no_findings }
  end
end

control 'process-no-tool' do
  impact 0.5
  title 'No shell or tool is running'
  desc <<~TEXT
    No process of the container has the name of a shell, package manager, compiler, network tool, debugger or
    client of the cluster, unless the input allowed_processes has it. The shell of this audit does not count.
  TEXT
  desc 'rationale', 'A service that was started does not start these. Somebody is at work, by hand or by a script.'
  desc 'check', 'In the container: cat /proc/PID/comm for every process of it'
  desc 'fix', <<~TEXT
    Find out who it is. Start the program of the container by exec in start scripts, so that no shell stays
    behind.
  TEXT
  tag nist: ['CM-7', 'SI-4', 'AU-6']
  tag 'nist-800-190': ['4.4.4', '4.1.3']
  tag nsa_cisa: ['Hardening container environments']
  tag mitre_attack: ['T1059.004', 'T1609']
  tag docker_practice: ['ENTRYPOINT']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_processes(processes: input('allowed_processes')) do
    its('tools') { should have_no_findings }
  end
end

control 'process-program-in-place' do
  impact 0.9
  title 'Every process runs a program of the image'
  desc <<~TEXT
    The program file of every process is still there, and lies neither in a folder for temporary files nor in
    memory alone.
  TEXT
  desc 'rationale', <<~TEXT
    To run from /tmp or /dev/shm, and to delete the file once it runs, is how miners and back doors hide from
    scans of files.
  TEXT
  desc 'check', 'In the container: readlink /proc/PID/exe for every process of it'
  desc 'fix', <<~TEXT
    Keep the evidence (cat /proc/PID/exe is the program), replace the pod, and close the way in. Mount temporary
    folders so that nothing runs from them.
  TEXT
  tag nist: ['SI-3', 'SI-7', 'CM-7 (5)']
  tag 'nist-800-190': ['4.1.3', '4.4.4']
  tag nsa_cisa: ['Immutable container file systems']
  tag mitre_attack: ['T1036', 'T1620', 'T1496']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_programs do
    its('out_of_place') { should have_no_findings }
  end
end

control 'process-umask' do
  impact 0.3
  title 'New files cannot be written by others'
  desc 'The umask of every process keeps group and others from writing (022 or stricter), as the kernel reports it.'
  desc 'rationale', <<~TEXT
    With an open umask every file that a service makes is open to the other users of the container and of its
    volumes.
  TEXT
  desc 'check', 'In the container: grep Umask /proc/1/status'
  desc 'fix', 'Set umask 022 or 027 in the start script, or in the program.'
  tag nist: ['AC-3', 'AC-6', 'CM-6']
  tag 'nist-800-190': ['4.4.3']
  tag nsa_cisa: ['Hardening container environments']
  tag mitre_attack: ['T1222']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'

  describe container_processes do
    its('with_open_umask') { should have_no_findings }
  end
end

control 'process-no-core-dump' do
  impact 0.3
  title 'A crash leaves no memory in the container'
  desc 'The kernel hands core dumps to a program of the node, or the first process may write none.'
  desc 'rationale', <<~TEXT
    A core dump is the memory of the process, secrets included, in a file that anybody of the same user can
    read; many of them fill the disk of the node.
  TEXT
  desc 'check', <<~TEXT
    In the container: /proc/sys/kernel/core_pattern begins with |, or 'Max core file size' in /proc/1/limits is
    0
  TEXT
  desc 'fix', <<~TEXT
    ulimit -c 0 in the start script, a default limit of the container runtime, or core_pattern of the node.
  TEXT
  tag nist: ['SC-4', 'SC-28', 'SC-6']
  tag 'nist-800-190': ['4.4.3']
  tag cis_docker: ['5.19']
  tag nsa_cisa: ['Hardening container environments']
  tag mitre_attack: ['T1003.007', 'T1005']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'

  describe container_limits do
    its('core_dumps') { should have_no_findings }
  end
end
