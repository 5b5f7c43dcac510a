# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# Who the processes are, and what the kernel lets them do: asked of every process, not of the pod's manifest. A
# manifest says what was wanted; an image's user, a setuid program or a runtime may have made something else of it.

control 'identity-not-root' do
  impact 0.7
  title 'No process runs as root'
  desc 'No process of the container has user 0 as its real, effective, saved or file system user.'
  desc 'rationale', <<~TEXT
    User 0 of a container without a user namespace is user 0 of the node: whatever escapes is root there. Root
    in the container may also change everything in it, as far as the file system lets it.
  TEXT
  desc 'check', 'In the container: grep Uid /proc/1/status (and for every other process of the container)'
  desc 'fix', <<~TEXT
    Give the image a user other than root (USER 65532 in its build file), and set runAsNonRoot: true and
    runAsUser in the security context, so that no image can undo it.
  TEXT
  tag nist: ['AC-6', 'AC-6 (2)', 'AC-6 (10)', 'CM-7']
  tag 'nist-800-190': ['4.1.2', '4.4.3']
  tag cis_docker: ['4.1']
  tag cis_kubernetes: ['5.2.7']
  tag nsa_cisa: ['Non-root containers']
  tag mitre_attack: ['T1611', 'T1068']
  tag pod_security: ['restricted']
  tag docker_practice: ['USER']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'

  describe container_processes do
    its('of_root') { should have_no_findings }
  end
end

control 'identity-not-root-group' do
  impact 0.3
  title 'No process is in the group of root'
  desc 'No process of the container has group 0, neither as its own group nor as a supplementary one.'
  desc 'rationale', <<~TEXT
    A user without a group of its own gets group 0, to which many files of an image and of mounted folders
    belong.
  TEXT
  desc 'check', 'In the container: grep -E "^(Gid|Groups)" /proc/1/status'
  desc 'fix', 'Set runAsGroup beside runAsUser, and choose a group that owns nothing else.'
  tag nist: ['AC-6']
  tag 'nist-800-190': ['4.4.3']
  tag cis_docker: ['4.1']
  tag cis_kubernetes: ['5.2.7']
  tag nsa_cisa: ['Non-root containers']
  tag mitre_attack: ['T1611']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'

  describe container_processes do
    its('in_group_of_root') { should have_no_findings }
  end
end

control 'identity-known-account' do
  impact 0.3
  title 'The user of every process is known to the container'
  desc 'Every user that a process runs as has an entry in /etc/passwd of the container.'
  desc 'rationale', <<~TEXT
    A number without a name cannot be told apart in records, and programs that look their user up fail or fall
    back to unsafe defaults, such as / as home.
  TEXT
  desc 'check', 'In the container: compare the Uid lines of /proc/PID/status with the third field of /etc/passwd'
  desc 'fix', 'Add the account when the image is built, or run as a user that the image knows.'
  tag nist: ['IA-4', 'AU-3']
  tag 'nist-800-190': ['4.1.2']
  tag cis_docker: ['4.1']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1036']
  tag docker_practice: ['USER']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_processes do
    its('of_unknown_users') { should have_no_findings }
  end
end

control 'capability-none-in-effect' do
  impact 0.7
  title 'No process holds capabilities beyond those allowed'
  desc <<~TEXT
    The permitted, effective, inheritable and ambient sets of every process hold nothing but what the input
    allowed_capabilities names.
  TEXT
  desc 'rationale', <<~TEXT
    The default set of runtimes lets a process change owners, bypass file permissions, forge packets and make
    device files. Few programs need any of it.
  TEXT
  desc 'check', 'In the container: grep -E "^Cap(Inh|Prm|Eff|Amb)" /proc/1/status; capsh --decode tells the names'
  desc 'fix', 'Set capabilities: {drop: [ALL]} in the security context and add back the single ones that are needed.'
  tag nist: ['AC-6', 'AC-6 (10)', 'CM-7']
  tag 'nist-800-190': ['4.4.3']
  tag cis_docker: ['5.4']
  tag cis_kubernetes: ['5.2.8', '5.2.9', '5.2.10']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1611', 'T1068']
  tag pod_security: ['restricted']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'

  describe container_processes(capabilities: input('allowed_capabilities')) do
    its('capabilities_in_effect') { should have_no_findings }
  end
end

control 'capability-within-bounds' do
  impact 0.5
  title 'No process can come to capabilities beyond those allowed'
  desc <<~TEXT
    The bounding set of every process, of which a setuid program or one with file capabilities may take, holds
    nothing but what the input allowed_capabilities names.
  TEXT
  desc 'rationale', <<~TEXT
    A process that is not root holds no capabilities, and yet gets all of its bounding set by starting one wrong
    program.
  TEXT
  desc 'check', 'In the container: grep CapBnd /proc/1/status; 0000000000000000 after drop: [ALL]'
  desc 'fix', 'Set capabilities: {drop: [ALL]} in the security context, also for containers that do not run as root.'
  tag nist: ['AC-6', 'CM-7']
  tag 'nist-800-190': ['4.4.3']
  tag cis_docker: ['5.4']
  tag cis_kubernetes: ['5.2.8', '5.2.10']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1611', 'T1548.001']
  tag pod_security: ['restricted']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'

  describe container_processes(capabilities: input('allowed_capabilities')) do
    its('capabilities_within_reach') { should have_no_findings }
  end
end

control 'capability-none-over-the-node' do
  impact 1.0
  title 'No process can come to a capability that reaches the node'
  desc <<~TEXT
    Neither permitted nor bounding set of a process holds one of SYS_ADMIN, SYS_MODULE, SYS_PTRACE, SYS_RAWIO,
    SYS_TIME, SYS_BOOT, SYSLOG, NET_ADMIN, BPF, PERFMON, DAC_READ_SEARCH, MAC_ADMIN and MAC_OVERRIDE, unless the
    input allowed_capabilities names it.
  TEXT
  desc 'rationale', <<~TEXT
    Each of these is a known way out of a container, or power over what all containers of the node share:
    modules, mounts, clocks, other processes, raw devices.
  TEXT
  desc 'check', 'In the container: grep -E "^Cap(Prm|Bnd)" /proc/1/status; capsh --decode tells the names'
  desc 'fix', <<~TEXT
    Take privileged: true and these names out of the security context. A workload that cannot do without belongs
    on nodes of its own.
  TEXT
  tag nist: ['AC-6', 'AC-6 (10)', 'SC-39', 'CM-7']
  tag 'nist-800-190': ['4.4.3']
  tag cis_docker: ['5.4', '5.5']
  tag cis_kubernetes: ['5.2.2', '5.2.9']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1611']
  tag pod_security: ['baseline']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_processes(capabilities: input('allowed_capabilities')) do
    its('capabilities_over_the_node') { should have_no_findings }
  end
end

control 'privilege-no-new' do
  impact 0.7
  title 'No process can gain privileges by starting a program'
  desc 'The kernel reports no_new_privs for every process of the container.'
  desc 'rationale', <<~TEXT
    With it, setuid programs and file capabilities have no effect: the shortest way from a fault in a program to
    root is closed.
  TEXT
  desc 'check', 'In the container: grep NoNewPrivs /proc/1/status is 1'
  desc 'fix', 'Set allowPrivilegeEscalation: false in the security context of the container.'
  tag nist: ['AC-6', 'AC-6 (10)', 'SC-39']
  tag 'nist-800-190': ['4.4.3']
  tag cis_docker: ['5.26']
  tag cis_kubernetes: ['5.2.6']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1548.001', 'T1068']
  tag pod_security: ['restricted']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'

  describe container_processes do
    its('free_to_gain_privileges') { should have_no_findings }
  end
end

control 'privilege-system-calls-filtered' do
  impact 0.7
  title 'The system calls of every process are filtered'
  desc 'The kernel reports a seccomp filter for every process of the container.'
  desc 'rationale', <<~TEXT
    All containers share one kernel. A filter keeps them from the few hundred system calls they never need, in
    which most faults of kernels were found.
  TEXT
  desc 'check', 'In the container: grep ^Seccomp: /proc/1/status is 2'
  desc 'fix', <<~TEXT
    Set seccompProfile: {type: RuntimeDefault} in the security context of the pod, or a profile of your own.
  TEXT
  tag nist: ['SC-39', 'CM-7', 'SI-16']
  tag 'nist-800-190': ['4.4.3', '4.5.2']
  tag cis_docker: ['5.22']
  tag cis_kubernetes: ['5.7.2']
  tag nsa_cisa: ['Hardening container environments']
  tag mitre_attack: ['T1611', 'T1068']
  tag pod_security: ['restricted']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Restrict syscalls with seccomp', url: 'https://kubernetes.io/docs/tutorials/security/seccomp/'

  describe container_processes do
    its('without_system_call_filter') { should have_no_findings }
  end
end
