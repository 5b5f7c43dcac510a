# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# What was left behind by a build or by somebody at a keyboard.

control 'artefact-no-source-control' do
  impact 0.5
  title 'There is no folder of a version control system'
  desc 'There is no .git, .svn, .hg or .bzr.'
  desc 'rationale', <<~TEXT
    It holds every version of every file, secrets that were removed later included, and is served by many web
    servers.
  TEXT
  desc 'check', 'In the container: find / -xdev -name .git'
  desc 'fix', 'Name it in .dockerignore, and copy what is needed instead of the whole folder.'
  tag nist: ['CM-7', 'SC-28']
  tag 'nist-800-190': ['4.1.2', '4.1.4']
  tag cis_docker: ['4.10']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1213.003', 'T1552.001']
  tag docker_practice: ['.dockerignore']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_files')) do
    its('source_control') { should have_no_findings }
  end
end

control 'artefact-no-environment-file' do
  impact 0.7
  title 'There is no .env file'
  desc 'There is no file .env or .env.NAME, examples and templates apart.'
  desc 'rationale', 'Such files hold the settings of a developer, and among them the passwords.'
  desc 'check', 'In the container: find / -xdev -name \'.env*\''
  desc 'fix', 'Name it in .dockerignore; give settings by the spec of the pod and secrets by mounts.'
  tag nist: ['IA-5', 'SC-28']
  tag 'nist-800-190': ['4.1.4']
  tag cis_docker: ['4.10']
  tag nsa_cisa: ['Secrets']
  tag mitre_attack: ['T1552.001']
  tag docker_practice: ['.dockerignore']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'
  ref 'Kubernetes: Good practices for Secrets',
      url: 'https://kubernetes.io/docs/concepts/security/secrets-good-practices/'

  describe container_files(ignored: input('allowed_files')) do
    its('environment_files') { should have_no_findings }
  end
end

control 'artefact-no-build-file' do
  impact 0.3
  title 'There is no file that describes how the image was built'
  desc 'There is no Dockerfile, compose file, pipeline definition or the like.'
  desc 'rationale', <<~TEXT
    It tells an intruder how the container, its network and its pipeline are made, and shows that the whole
    context was copied.
  TEXT
  desc 'check', 'In the container: find / -xdev -name Dockerfile and so on'
  desc 'fix', 'Name them in .dockerignore.'
  tag nist: ['CM-7']
  tag 'nist-800-190': ['4.1.2']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1613', 'T1082']
  tag docker_practice: ['.dockerignore']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_files')) do
    its('build_files') { should have_no_findings }
  end
end

control 'artefact-no-package-cache' do
  impact 0.3
  title 'There is no cache of a package manager'
  desc 'The folders in which package managers keep what they fetched are empty.'
  desc 'rationale', 'It makes the image larger, and lets packages be installed without the network.'
  desc 'check', <<~TEXT
    In the container: ls /var/lib/apt/lists /var/cache/apt/archives /var/cache/apk /var/cache/dnf and so on
  TEXT
  desc 'fix', 'Clear the cache in the same step that installs, or use cache mounts (RUN --mount=type=cache).'
  tag nist: ['CM-7']
  tag 'nist-800-190': ['4.1.2']
  tag cis_docker: ['4.3']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1072']
  tag docker_practice: ['apt-get']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_files')) do
    its('package_caches') { should have_no_findings }
  end
end

control 'artefact-no-history' do
  impact 0.3
  title 'There is no history of a shell or editor'
  desc 'There is no history file of a shell, database client or interpreter, and no swap file of an editor.'
  desc 'rationale', <<~TEXT
    Somebody worked here by hand: when the image was made, or in the running container. Histories hold what was
    typed, passwords included.
  TEXT
  desc 'check', 'In the container: find / -xdev -name \'.*_history\' -o -name \'.*.swp\''
  desc 'fix', 'Build images from files alone. In a running container find out who it was, then replace the pod.'
  tag nist: ['CM-7', 'CM-3', 'IA-5']
  tag 'nist-800-190': ['4.1.2', '4.1.4']
  tag nsa_cisa: ['Building secure container images']
  tag mitre_attack: ['T1552.003']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'Docker: Building best practices', url: 'https://docs.docker.com/build/building/best-practices/'

  describe container_files(ignored: input('allowed_files')) do
    its('histories') { should have_no_findings }
  end
end

control 'artefact-no-core-dump' do
  impact 0.5
  title 'There is no core dump'
  desc 'There is no file core or core.NUMBER with content.'
  desc 'rationale', 'It is the memory of a process as it was, keys and data of users included.'
  desc 'check', 'In the container: find / -xdev -type f -name \'core\' -o -name \'core.[0-9]*\''
  desc 'fix', 'Find out what crashed, then replace the pod. See also process-no-core-dump.'
  tag nist: ['SC-4', 'SC-28']
  tag 'nist-800-190': ['4.4.3']
  tag nsa_cisa: ['Hardening container environments']
  tag mitre_attack: ['T1003.007', 'T1005']
  ref 'NIST SP 800-190', url: 'https://doi.org/10.6028/NIST.SP.800-190'
  ref 'MITRE ATT&CK: Containers', url: 'https://attack.mitre.org/matrices/enterprise/containers/'

  describe container_files(ignored: input('allowed_files')) do
    its('core_dumps') { should have_no_findings }
  end
end
