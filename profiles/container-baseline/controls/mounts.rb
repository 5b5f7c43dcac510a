# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# What the container reaches through its mounts, and what it could change.

control 'mount-root-read-only' do
  impact 0.5
  title 'The root file system is read-only'
  desc 'The mount at / of the container is read-only.'
  desc 'rationale', <<~TEXT
    What cannot be written cannot be replaced: no tool is brought along, no program exchanged, and what runs
    stays what was scanned.
  TEXT
  desc 'check', 'In the container: the line for / in /proc/1/mountinfo has ro'
  desc 'fix', <<~TEXT
    Set readOnlyRootFilesystem: true in the security context, and mount an emptyDir where the program has to
    write.
  TEXT
  tag nist: ['CM-5', 'CM-7', 'SI-7']
  tag 'nist-800-190': ['4.4.3', '4.4.4']
  tag cis_docker: ['5.13']
  tag nsa_cisa: ['Immutable container file systems']
  tag mitre_attack: ['T1105', 'T1525']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Configure a Security Context',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/security-context/'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'

  describe container_mounts do
    its('writable_root') { should have_no_findings }
  end
end

control 'mount-no-host-path' do
  impact 0.5
  title 'Nothing of the node is mounted'
  desc <<~TEXT
    No mount of the container comes from the file systems of the node, but for the paths in the input
    allowed_host_paths. Volumes that the kubelet keeps for the pod do not count.
  TEXT
  desc 'rationale', <<~TEXT
    A path of the node ties the workload to it, is shared with all who mount it, and is past every check of the
    storage classes.
  TEXT
  desc 'check', 'In the container: fields 4 and 5 of /proc/1/mountinfo show where on the disk a mount comes from'
  desc 'fix', 'Replace hostPath volumes by emptyDir, a ConfigMap or a PersistentVolumeClaim.'
  tag nist: ['AC-4', 'AC-6', 'SC-39']
  tag 'nist-800-190': ['4.4.3', '4.5.5']
  tag cis_docker: ['5.6']
  tag cis_kubernetes: ['5.2.12']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1611', 'T1613']
  tag pod_security: ['baseline']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Volumes, hostPath', url: 'https://kubernetes.io/docs/concepts/storage/volumes/#hostpath'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'

  describe container_mounts(paths: input('allowed_host_paths')) do
    its('from_the_node') { should have_no_findings }
  end
end

control 'mount-no-writable-host-path' do
  impact 0.9
  title 'Nothing of the node can be written'
  desc <<~TEXT
    No mount that comes from the file systems of the node is writable, but for the paths in the input
    allowed_host_paths.
  TEXT
  desc 'rationale', 'Who writes where the node reads plants programs, keys and jobs there.'
  desc 'check', 'In the container: such mounts have ro in field 6 of /proc/1/mountinfo'
  desc 'fix', 'Take the hostPath volume out; where it has to be, set readOnly: true for its mount.'
  tag nist: ['AC-6', 'CM-5', 'SC-39']
  tag 'nist-800-190': ['4.4.3', '4.5.5']
  tag cis_docker: ['5.6']
  tag cis_kubernetes: ['5.2.12']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1611']
  tag pod_security: ['baseline']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Volumes, hostPath', url: 'https://kubernetes.io/docs/concepts/storage/volumes/#hostpath'

  describe container_mounts(paths: input('allowed_host_paths')) do
    its('writable_from_the_node') { should have_no_findings }
  end
end

control 'mount-no-system-directory' do
  impact 1.0
  title 'No system directory of the node is mounted'
  desc <<~TEXT
    None of the node's /, /etc, /proc, /sys, /dev, /boot, /usr, /lib, /root, /run and /var, nor a folder of its
    kubelet or container runtime, is mounted.
  TEXT
  desc 'rationale', <<~TEXT
    These hold the keys of the node, the secrets of every pod on it and the programs it starts. To read them is
    often enough.
  TEXT
  desc 'check', <<~TEXT
    In the container: fields 4 and 5 of /proc/1/mountinfo, and file systems of type proc or sysfs outside of
    /proc and /sys
  TEXT
  desc 'fix', <<~TEXT
    Take the hostPath volume out. Agents that have to read such folders get the one file they need, read-only,
    on nodes that are known.
  TEXT
  tag nist: ['AC-6', 'AC-3', 'SC-39']
  tag 'nist-800-190': ['4.4.3', '4.5.5']
  tag cis_docker: ['5.6']
  tag cis_kubernetes: ['5.2.12']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1611', 'T1552.001']
  tag pod_security: ['baseline']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Volumes, hostPath', url: 'https://kubernetes.io/docs/concepts/storage/volumes/#hostpath'

  describe container_mounts(paths: input('allowed_host_paths')) do
    its('of_system_directories') { should have_no_findings }
  end
end

control 'mount-no-runtime-socket' do
  impact 1.0
  title 'No socket of a container runtime is in the container'
  desc <<~TEXT
    Neither docker.sock, containerd.sock, crio.sock, podman.sock nor a socket of the kubelet is at one of its
    usual places or mounted anywhere.
  TEXT
  desc 'rationale', <<~TEXT
    Who may write to it starts any container with any right on the node: it is root there, without a password.
  TEXT
  desc 'check', 'In the container: [ -S /var/run/docker.sock ] and the like; grep sock /proc/1/mountinfo'
  desc 'fix', <<~TEXT
    Take the mount out. Build images with a tool that needs no daemon; watch containers through the API with a
    role that allows just that.
  TEXT
  tag nist: ['AC-6', 'AC-3', 'SC-39']
  tag 'nist-800-190': ['4.4.3', '4.5.5']
  tag cis_docker: ['5.32']
  tag cis_kubernetes: ['5.2.12']
  tag nsa_cisa: ['Pod security enforcement']
  tag mitre_attack: ['T1610', 'T1611', 'T1613', 'T1552.007']
  tag pod_security: ['baseline']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Pod Security Standards', url: 'https://kubernetes.io/docs/concepts/security/pod-security-standards/'
  ref 'Kubernetes: Volumes, hostPath', url: 'https://kubernetes.io/docs/concepts/storage/volumes/#hostpath'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_mounts do
    its('runtime_sockets') { should have_no_findings }
  end
end

control 'token-not-mounted' do
  impact 0.5
  title 'No token of a service account is mounted'
  desc 'There is no token below /var/run/secrets.'
  desc 'rationale', <<~TEXT
    Most programs never speak to the API. Whoever breaks into one that holds a token does: to look around, and
    as far as its roles go.
  TEXT
  desc 'check', 'In the container: ls /var/run/secrets/kubernetes.io/serviceaccount'
  desc 'fix', <<~TEXT
    Set automountServiceAccountToken: false for the pod or its service account. A program that needs the API
    gets an account of its own, and this control a waiver.
  TEXT
  tag nist: ['AC-6', 'IA-5', 'AC-3']
  tag 'nist-800-190': ['4.3.1', '4.4.3']
  tag cis_kubernetes: ['5.1.5', '5.1.6']
  tag nsa_cisa: ['Protecting Pod service account tokens']
  tag mitre_attack: ['T1528', 'T1552.007', 'T1613']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Configure Service Accounts for Pods',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'

  describe container_mounts do
    its('service_account_tokens') { should have_no_findings }
  end
end

control 'token-closed-to-others' do
  impact 0.3
  title 'Tokens of service accounts are not for every user to read'
  desc 'No token below /var/run/secrets can be read by others than its user and group.'
  desc 'rationale', <<~TEXT
    The kubelet closes a token where it knows whose it is. Where it does not, each process in the container,
    whatever user it was confined to, speaks for the account.
  TEXT
  desc 'check', 'In the container: stat -L -c %a /var/run/secrets/kubernetes.io/serviceaccount/token is 600 or 640'
  desc 'fix', <<~TEXT
    Set runAsUser, the same for all containers of the pod, or fsGroup: the kubelet then closes the file to
    others.
  TEXT
  tag nist: ['AC-3', 'IA-5']
  tag 'nist-800-190': ['4.4.3']
  tag cis_kubernetes: ['5.1.6']
  tag nsa_cisa: ['Protecting Pod service account tokens']
  tag mitre_attack: ['T1528']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Configure Service Accounts for Pods',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/'

  describe container_mounts do
    its('open_tokens') { should have_no_findings }
  end
end

control 'token-expires' do
  impact 0.7
  title 'Every token of a service account has an end'
  desc 'Every token below /var/run/secrets says when it expires. It is read for that alone, and never shown.'
  desc 'rationale', <<~TEXT
    A token without an end, made as a Secret, is good until somebody deletes it. Whoever copies it once speaks
    for the account for years.
  TEXT
  desc 'check', 'In the container: the second part of the token, decoded (base64 -d), has exp'
  desc 'fix', <<~TEXT
    Let the kubelet project a token (automatic since Kubernetes 1.22), and delete Secrets of the type
    kubernetes.io/service-account-token.
  TEXT
  tag nist: ['IA-5', 'AC-2', 'IA-5 (13)']
  tag 'nist-800-190': ['4.3.1', '4.4.3']
  tag cis_kubernetes: ['5.1.6']
  tag nsa_cisa: ['Protecting Pod service account tokens']
  tag mitre_attack: ['T1528', 'T1078']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Configure Service Accounts for Pods',
      url: 'https://kubernetes.io/docs/tasks/configure-pod-container/configure-service-account/'

  describe container_mounts do
    its('endless_tokens') { should have_no_findings }
  end
end
