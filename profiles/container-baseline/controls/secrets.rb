# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# Secrets that lie where others can read them. Reports name files, variables and options, and never a value.

control 'secret-no-private-key' do
  impact 0.9
  title 'There is no private key in the image'
  desc <<~TEXT
    No file that has the name of a key holds one, and there is no key store, but for the paths in the input
    allowed_files.
  TEXT
  desc 'rationale', <<~TEXT
    A key in an image is a key for everybody who can pull it, for as long as a copy exists. It cannot be changed
    without a new image.
  TEXT
  desc 'check', <<~TEXT
    In the container: grep -l 'PRIVATE KEY' in files named *.key, *.pem, id_* and ssh_host_*_key; stores are
    *.p12, *.jks and the like
  TEXT
  desc 'fix', 'Mount keys from a Secret or fetch them from a vault, and replace those that were in an image.'
  tag nist: ['IA-5', 'IA-5 (7)', 'SC-12', 'SC-28']
  tag 'nist-800-190': ['4.1.4']
  tag cis_docker: ['4.10']
  tag cis_kubernetes: ['5.4.1']
  tag nsa_cisa: ['Secrets']
  tag mitre_attack: ['T1552.004']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Good practices for Secrets',
      url: 'https://kubernetes.io/docs/concepts/security/secrets-good-practices/'

  describe container_files(ignored: input('allowed_files')) do
    its('private_keys') { should have_no_findings }
  end
end

control 'secret-no-credential-file' do
  impact 0.9
  title 'There is no file with credentials of a tool'
  desc <<~TEXT
    None of the files in which cloud, registry, package, database and version control clients keep credentials
    is there, but for the paths in the input allowed_files.
  TEXT
  desc 'rationale', <<~TEXT
    They come along when a home directory or a build context is copied, and open far more than the container.
  TEXT
  desc 'check', <<~TEXT
    In the container: look for .aws/credentials, .docker/config.json, .kube/config, .netrc, .npmrc, .git-
    credentials, .pgpass and the like
  TEXT
  desc 'fix', <<~TEXT
    Use build secrets (RUN --mount=type=secret) and a .dockerignore; use workload identities at run time.
    Replace what was in an image.
  TEXT
  tag nist: ['IA-5', 'IA-5 (7)', 'SC-28']
  tag 'nist-800-190': ['4.1.4']
  tag cis_docker: ['4.10']
  tag cis_kubernetes: ['5.4.1']
  tag nsa_cisa: ['Secrets']
  tag mitre_attack: ['T1552.001', 'T1552.007']
  tag docker_practice: ['build secrets', '.dockerignore']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Good practices for Secrets',
      url: 'https://kubernetes.io/docs/concepts/security/secrets-good-practices/'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_files')) do
    its('credentials') { should have_no_findings }
  end
end

control 'secret-no-token-in-file' do
  impact 0.9
  title 'No file holds a token of a known form'
  desc <<~TEXT
    No file up to 1 MiB below the folders in the input secret_directories holds a token of AWS, GitHub, GitLab,
    Slack, npm, Google, Stripe or Vault or a private key.
  TEXT
  desc 'rationale', <<~TEXT
    Tokens of these forms are looked for by machines, in every public image and every broken container, and used
    within minutes.
  TEXT
  desc 'check', 'In the container: grep -rlE for the forms that libraries/container_secrets.rb of this profile lists'
  desc 'fix', 'Take the token back first. Then mount secrets, or use workload identities, and build the image again.'
  tag nist: ['IA-5', 'IA-5 (7)', 'SC-28']
  tag 'nist-800-190': ['4.1.4']
  tag cis_docker: ['4.10']
  tag cis_kubernetes: ['5.4.1']
  tag nsa_cisa: ['Secrets']
  tag mitre_attack: ['T1552.001']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Good practices for Secrets',
      url: 'https://kubernetes.io/docs/concepts/security/secrets-good-practices/'

  describe container_secrets(directories: input('secret_directories'), ignored: input('allowed_files')) do
    its('in_files') { should have_no_findings }
  end
end

control 'secret-not-in-environment' do
  impact 0.7
  title 'No process has secrets in its environment'
  desc <<~TEXT
    No environment variable of a process has the name of a secret with a value of its own, holds a token of a
    known form, or an address with a password, but for those in the input allowed_variables.
  TEXT
  desc 'rationale', <<~TEXT
    The environment is handed to every child, written to crash reports and debug pages, and shown by every
    description of the pod.
  TEXT
  desc 'check', 'In the container: the names in tr \'\\0\' \'\\n\' </proc/1/environ'
  desc 'fix', 'Mount secrets as files, and name the file in a variable that ends with _FILE.'
  tag nist: ['IA-5', 'SC-28', 'AC-3']
  tag 'nist-800-190': ['4.1.4', '4.4.3']
  tag cis_docker: ['4.10']
  tag cis_kubernetes: ['5.4.1']
  tag nsa_cisa: ['Secrets']
  tag mitre_attack: ['T1552.007', 'T1552.001']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Good practices for Secrets',
      url: 'https://kubernetes.io/docs/concepts/security/secrets-good-practices/'

  describe container_secrets(ignored: input('allowed_variables')) do
    its('in_environments') { should have_no_findings }
  end
end

control 'secret-not-in-command-line' do
  impact 0.7
  title 'No process was given a secret as an argument'
  desc <<~TEXT
    No argument of a process is the value of an option such as --password or --token, a token of a known form,
    or an address with a password.
  TEXT
  desc 'rationale', <<~TEXT
    Arguments can be read by every process that sees /proc, in this pod and on the node, and stand in the spec
    of the pod.
  TEXT
  desc 'check', 'In the container: tr \'\\0\' \' \' </proc/PID/cmdline'
  desc 'fix', 'Mount secrets as files and give the program the name of the file.'
  tag nist: ['IA-5', 'SC-28', 'AC-3']
  tag 'nist-800-190': ['4.1.4', '4.4.3']
  tag cis_docker: ['4.10']
  tag cis_kubernetes: ['5.4.1']
  tag nsa_cisa: ['Secrets']
  tag mitre_attack: ['T1552']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Kubernetes: Good practices for Secrets',
      url: 'https://kubernetes.io/docs/concepts/security/secrets-good-practices/'

  describe container_secrets do
    its('in_command_lines') { should have_no_findings }
  end
end
