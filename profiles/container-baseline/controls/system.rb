# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# The operating system of the image, its clock and whom it trusts.

control 'system-maintained' do
  impact 0.9
  title 'The operating system of the image gets security updates'
  desc <<~TEXT
    The release in /etc/os-release has not come to its end, by the table in the input end_of_life. One that the
    table does not know is not reviewed.
  TEXT
  desc 'rationale', 'Faults that are found after that day stay open, and scanners do not even list them all.'
  desc 'check', 'In the container: cat /etc/os-release; compare with the dates that the distribution publishes'
  desc 'fix', 'Build the image from a release that is maintained.'
  tag nist: ['SA-22', 'SI-2', 'RA-5']
  tag 'nist-800-190': ['4.1.1']
  tag cis_docker: ['4.2', '4.4']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1190', 'T1068']
  tag docker_practice: ['rebuild your images often']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'

  describe container_system(ends: input('end_of_life')) do
    its('unmaintained') { should have_no_findings }
  end
end

control 'system-time-zone' do
  impact 0.1
  title 'Records are written in one time zone'
  desc '/etc/localtime is absent, which means UTC, or has a rule that the input time_zones accepts.'
  desc 'rationale', <<~TEXT
    Times of several containers and nodes are put side by side when something has happened; an hour that comes
    twice a year makes them useless.
  TEXT
  desc 'check', 'In the container: tail -n 1 /etc/localtime is UTC0'
  desc 'fix', 'Leave /etc/localtime out of the image or link it to Etc/UTC.'
  tag nist: ['AU-8']
  tag 'nist-800-190': ['4.4.3']
  tag nsa_cisa: ['Audit logging']
  tag mitre_attack: ['T1070']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'NSA and CISA: Kubernetes Hardening Guide',
      url: 'https://media.defense.gov/2022/Aug/29/2003066362/-1/-1/0/CTR_KUBERNETES_HARDENING_GUIDANCE_1.2_20220829.PDF'

  describe container_system(zones: input('time_zones')) do
    its('foreign_time_zone') { should have_no_findings }
  end
end

control 'system-no-preload' do
  impact 0.9
  title 'No library is loaded into every program'
  desc '/etc/ld.so.preload is absent or empty.'
  desc 'rationale', <<~TEXT
    A library named there runs inside of every program that starts: it hides processes and files, and reads
    passwords. Root kits for containers do just this.
  TEXT
  desc 'check', 'In the container: cat /etc/ld.so.preload'
  desc 'fix', 'Keep the evidence and replace the pod; if the image has it, find out who built it.'
  tag nist: ['SI-3', 'SI-7', 'CM-7']
  tag 'nist-800-190': ['4.1.3']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1574.006', 'T1014']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_system do
    its('preloaded') { should have_no_findings }
  end
end

control 'trust-bundle-protected' do
  impact 0.5
  title 'There is a bundle of trusted authorities that only root may write'
  desc <<~TEXT
    One of the files in the input ca_bundles exists; those that do belong to root, cannot be written by others,
    and hold certificates that can be read.
  TEXT
  desc 'rationale', <<~TEXT
    Without a bundle programs fail, or are told not to verify. With one that anybody may write, an intruder
    reads all traffic.
  TEXT
  desc 'check', 'In the container: stat -c "%u %a %n" /etc/ssl/certs/ca-certificates.crt'
  desc 'fix', <<~TEXT
    Copy the bundle of a maintained ca-certificates package into the image, owned by root and with mode 644.
  TEXT
  tag nist: ['SC-8', 'SC-12', 'SC-17', 'CM-5']
  tag 'nist-800-190': ['4.1.2']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1553.004', 'T1557']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_certificates(bundles: input('ca_bundles')) do
    its('bundle_faults') { should have_no_findings }
  end
end

control 'trust-authorities-current' do
  impact 0.3
  title 'No trusted authority has expired'
  desc 'No certificate in the bundle of trusted authorities is past its end, by the clock of the machine that audits.'
  desc 'rationale', 'An old bundle also trusts authorities that have been thrown out since, and lacks the new ones.'
  desc 'check', 'In the container, with openssl: the end dates of all certificates in the bundle'
  desc 'fix', 'Build the image again with a current ca-certificates package.'
  tag nist: ['SC-17', 'SI-2']
  tag 'nist-800-190': ['4.1.1', '4.1.2']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1553.004']
  tag docker_practice: ['rebuild your images often']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_certificates(bundles: input('ca_bundles')) do
    its('expired_authorities') { should have_no_findings }
  end
end

control 'trust-certificates-current' do
  impact 0.7
  title 'No certificate in the image is about to expire'
  desc <<~TEXT
    Every certificate in files named *.crt, *.cer and *.pem, those of authorities apart, is valid for as many
    days still as the input certificate_days says.
  TEXT
  desc 'rationale', <<~TEXT
    A certificate that ends takes the service down, or makes somebody switch off verification; one that lies in
    an image cannot be renewed without a new image.
  TEXT
  desc 'check', 'In the container: openssl x509 -checkend 2592000 -noout -in FILE'
  desc 'fix', 'Mount certificates from a Secret that is renewed by itself, and take them out of the image.'
  tag nist: ['SC-12', 'SC-17', 'SC-8']
  tag 'nist-800-190': ['4.1.2']
  tag nsa_cisa: ['Secrets']
  tag mitre_attack: ['T1557']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Good practices for Secrets',
      url: 'https://kubernetes.io/docs/concepts/security/secrets-good-practices/'

  describe container_certificates(days: input('certificate_days'), bundles: input('ca_bundles'),
                                  ignored: input('allowed_files')) do
    its('expired_certificates') { should have_no_findings }
  end
end
