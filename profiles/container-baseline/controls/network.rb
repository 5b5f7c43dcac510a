# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# What can be reached in the pod, from the tables of the kernel.

control 'network-only-expected-ports' do
  impact 0.5
  title 'Nothing listens but what is expected'
  desc <<~TEXT
    Every port that can be reached in the pod is in the input allowed_ports. The network is that of the whole
    pod: another of its containers may be the one that listens. Ports of the loopback interface do not count.
  TEXT
  desc 'rationale', 'A port that nobody knows of is guarded by nobody: a debug page, a metrics endpoint, a back door.'
  desc 'check', 'In the container: lines with state 0A in /proc/net/tcp and /proc/net/tcp6, or ss -ltn'
  desc 'fix', <<~TEXT
    Switch off what is not needed, bind it to 127.0.0.1, or name it in the input; allow the rest by a
    NetworkPolicy.
  TEXT
  tag nist: ['CM-7', 'CM-7 (1)', 'SC-7']
  tag 'nist-800-190': ['4.4.2', '4.4.4']
  tag cis_docker: ['5.9']
  tag cis_kubernetes: ['5.3.2']
  tag nsa_cisa: ['Network separation and hardening']
  tag mitre_attack: ['T1046', 'T1133']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'

  describe container_network(ports: input('allowed_ports')) do
    its('unexpected') { should have_no_findings }
  end
end

control 'network-no-privileged-port' do
  impact 0.3
  title 'Nothing listens on a port below 1024'
  desc <<~TEXT
    No port below 1024 can be reached in the pod. The network is that of the whole pod: another of its
    containers may be the one that listens. Ports of the loopback interface do not count.
  TEXT
  desc 'rationale', <<~TEXT
    To listen there takes root or NET_BIND_SERVICE, which a service behind a Service object does not need: that
    one may have any port.
  TEXT
  desc 'check', 'In the container: ports below 0400 (hexadecimal) with state 0A in /proc/net/tcp and tcp6'
  desc 'fix', 'Let the program listen on a port above 1023, and set targetPort of the Service to it.'
  tag nist: ['CM-7', 'AC-6']
  tag 'nist-800-190': ['4.4.2']
  tag cis_docker: ['5.8']
  tag nsa_cisa: ['Network separation and hardening']
  tag mitre_attack: ['T1133']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'

  describe container_network do
    its('privileged') { should have_no_findings }
  end
end

control 'network-no-administration-port' do
  impact 0.7
  title 'Nothing listens on a port for administration'
  desc <<~TEXT
    None of the ports in the input administration_ports can be reached in the pod: SSH, telnet, rsh, RDP, VNC,
    the APIs of container runtimes and of the kubelet. The network is that of the whole pod: another of its
    containers may be the one that listens. Ports of the loopback interface do not count.
  TEXT
  desc 'rationale', <<~TEXT
    Containers are administered through the API of the cluster, which asks who it is and keeps a record.
  TEXT
  desc 'check', 'In the container: state 0A in /proc/net/tcp and tcp6 for these ports'
  desc 'fix', 'Remove the service from the image.'
  tag nist: ['AC-17', 'CM-7', 'SC-7']
  tag 'nist-800-190': ['4.4.2', '4.4.3']
  tag cis_docker: ['5.7', '5.9']
  tag nsa_cisa: ['Network separation and hardening']
  tag mitre_attack: ['T1133', 'T1021']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'

  describe container_network(ports: input('administration_ports')) do
    its('listed') { should have_no_findings }
  end
end

control 'network-no-debugger-port' do
  impact 0.7
  title 'Nothing listens on a port of a debugger'
  desc <<~TEXT
    None of the ports in the input debugger_ports can be reached in the pod: debuggers of Java, Node.js, Python
    and Go, JMX, pprof. The network is that of the whole pod: another of its containers may be the one that
    listens. Ports of the loopback interface do not count.
  TEXT
  desc 'rationale', 'A debugger that listens runs any code for whoever connects, without asking for a name.'
  desc 'check', <<~TEXT
    In the container: state 0A in /proc/net/tcp and tcp6 for these ports; --inspect, jdwp or debugpy in command
    lines
  TEXT
  desc 'fix', 'Start the program without its debugger, or bind that to 127.0.0.1 and use kubectl port-forward.'
  tag nist: ['CM-7', 'AC-3', 'SC-7']
  tag 'nist-800-190': ['4.4.2', '4.4.4']
  tag cis_docker: ['5.9']
  tag nsa_cisa: ['Network separation and hardening']
  tag mitre_attack: ['T1133', 'T1203']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'

  describe container_network(ports: input('debugger_ports')) do
    its('listed') { should have_no_findings }
  end
end
