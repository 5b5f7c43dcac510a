# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# What of the kernel and of the node the container sees and can change.

control 'kernel-own-processes-only' do
  impact 0.9
  title 'The container sees no processes but those of its pod'
  desc 'Every process in /proc belongs to the pod of the container, by its control group.'
  desc 'rationale', <<~TEXT
    A container with the node's process namespace can read the command lines and, as root, the memory and files
    of everything that runs there, and end it.
  TEXT
  desc 'check', 'In the container: the paths in /proc/PID/cgroup of all processes lead to one pod'
  desc 'fix', 'Take hostPID: true out of the spec of the pod.'
  tag nist: ['SC-39', 'AC-4']
  tag 'nist-800-190': ['4.4.3', '4.5.2']
  tag cis_docker: ['5.16']
  tag cis_kubernetes: ['5.2.3']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1611', 'T1613']
  tag pod_security: ['baseline']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'

  describe container_processes do
    its('of_others') { should have_no_findings }
  end
end

control 'kernel-paths-masked' do
  impact 0.7
  title 'Sensitive kernel files are masked'
  desc <<~TEXT
    What runtimes mask for every container is masked here: /proc/kcore, /proc/keys, /proc/timer_list,
    /sys/firmware and others, as far as the kernel has them.
  TEXT
  desc 'rationale', 'Behind these files are the memory of the node, the keys of its users and its firmware.'
  desc 'check', <<~TEXT
    In the container: every one of these paths that exists is a mount point of its own in /proc/1/mountinfo
  TEXT
  desc 'fix', 'Take privileged: true and procMount: Unmasked out of the security context.'
  tag nist: ['SC-39', 'AC-6', 'SC-4']
  tag 'nist-800-190': ['4.4.3', '4.5.2']
  tag cis_docker: ['5.5']
  tag cis_kubernetes: ['5.2.2']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1611', 'T1082']
  tag pod_security: ['baseline']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'

  describe container_mounts do
    its('unmasked') { should have_no_findings }
  end
end

control 'kernel-settings-read-only' do
  impact 0.7
  title 'Settings of the kernel cannot be changed'
  desc '/proc/sys, /proc/sysrq-trigger, /proc/irq, /proc/bus and /proc/fs are mounted read-only.'
  desc 'rationale', <<~TEXT
    Most settings below /proc/sys are those of the node. With one line in core_pattern or modprobe a program of
    choice runs there as root.
  TEXT
  desc 'check', 'In the container: grep /proc/sys /proc/1/mountinfo shows ro'
  desc 'fix', <<~TEXT
    Take privileged: true out of the security context; set the few settings that belong to a pod by its sysctls.
  TEXT
  tag nist: ['SC-39', 'AC-6', 'CM-5']
  tag 'nist-800-190': ['4.4.3', '4.5.2', '4.5.5']
  tag cis_docker: ['5.5']
  tag cis_kubernetes: ['5.2.2']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1611']
  tag pod_security: ['baseline']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'

  describe container_mounts do
    its('writable_in_proc') { should have_no_findings }
  end
end

control 'kernel-sys-read-only' do
  impact 0.7
  title 'The kernel objects below /sys cannot be changed'
  desc 'Every sysfs of the container is mounted read-only.'
  desc 'rationale', 'By /sys devices, drivers and hot-plug handlers of the node are controlled.'
  desc 'check', 'In the container: grep sysfs /proc/1/mountinfo shows ro'
  desc 'fix', 'Take privileged: true out of the security context, and mount no part of the node\'s /sys.'
  tag nist: ['SC-39', 'AC-6', 'CM-5']
  tag 'nist-800-190': ['4.4.3', '4.5.5']
  tag cis_docker: ['5.5', '5.6']
  tag cis_kubernetes: ['5.2.2', '5.2.12']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1611']
  tag pod_security: ['baseline']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'

  describe container_mounts do
    its('writable_sys') { should have_no_findings }
  end
end

control 'kernel-control-groups-read-only' do
  impact 0.7
  title 'The container cannot change its control groups'
  desc 'Every control group file system of the container is mounted read-only.'
  desc 'rationale', <<~TEXT
    Who writes there lifts its own limits, and with a release agent of version 1 runs a program on the node.
  TEXT
  desc 'check', 'In the container: grep cgroup /proc/1/mountinfo shows ro for each of type cgroup or cgroup2'
  desc 'fix', 'Take privileged: true out of the security context.'
  tag nist: ['SC-39', 'SC-6', 'CM-5']
  tag 'nist-800-190': ['4.4.3']
  tag cis_docker: ['5.5', '5.25']
  tag cis_kubernetes: ['5.2.2']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1611']
  tag pod_security: ['baseline']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'

  describe container_mounts do
    its('writable_control_groups') { should have_no_findings }
  end
end

control 'kernel-no-node-devices' do
  impact 0.9
  title 'No device of the node is in the container'
  desc '/dev holds no device file but the usual ones and those that the input allowed_devices names.'
  desc 'rationale', <<~TEXT
    With a disk of the node a container reads and writes every file on it, past all permissions. Memory and
    kernel log tell more than they should.
  TEXT
  desc 'check', 'In the container: find /dev -type b -o -type c'
  desc 'fix', <<~TEXT
    Take privileged: true and hostPath volumes below /dev out of the spec; offer single devices by a device
    plugin.
  TEXT
  tag nist: ['SC-39', 'AC-6', 'AC-3']
  tag 'nist-800-190': ['4.4.3', '4.5.5']
  tag cis_docker: ['5.18', '5.5']
  tag cis_kubernetes: ['5.2.2']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1611']
  tag pod_security: ['baseline']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'

  describe container_mounts(devices: input('allowed_devices')) do
    its('node_devices') { should have_no_findings }
  end
end

control 'kernel-memory-limited' do
  impact 0.5
  title 'The memory of the container is limited'
  desc 'The control group of the container has a limit of memory.'
  desc 'rationale', <<~TEXT
    Without one a fault or an attack in one container takes the memory of all, and the kernel ends others for
    it.
  TEXT
  desc 'check', 'In the container: cat /sys/fs/cgroup/memory.max, or memory/memory.limit_in_bytes there'
  desc 'fix', 'Set resources.limits.memory for the container.'
  tag nist: ['SC-6', 'SC-5']
  tag 'nist-800-190': ['4.4.3']
  tag cis_docker: ['5.11']
  tag nsa_cisa: ['Resource policies']
  tag mitre_attack: ['T1499', 'T1496']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'

  describe container_limits do
    its('memory') { should have_no_findings }
  end
end
