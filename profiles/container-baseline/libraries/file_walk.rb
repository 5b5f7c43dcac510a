# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# One walk over the root file system for all questions about files: it lists what any control could want to know of.
# Only `find` and `stat` with options that GNU, BusyBox and toybox share. Other file systems are left out: what the
# runtime mounts is for the controls about mounts, and a volume may be of any size.
module FileWalk
  Entry = Struct.new(:device, :raw_mode, :uid, :gid, :size, :path) do
    def mode
      raw_mode & 0o7777
    end

    def file?
      raw_mode & 0o170000 == 0o100000
    end

    def directory?
      raw_mode & 0o170000 == 0o040000
    end

    def link?
      raw_mode & 0o170000 == 0o120000
    end

    def content?
      file? && size.positive?
    end

    def name
      File.basename(path)
    end

    def shown_mode
      format('(%04o)', mode)
    end
  end

  KEY_NAMES = %w[
    *.key *.pem *.p12 *.pfx *.jks *.keystore *.kdbx *.ppk id_rsa id_dsa id_ecdsa id_ed25519 ssh_host_*_key
  ].freeze
  CREDENTIALS = %w[
    */.aws/credentials */.azure/accessTokens.json */.config/gcloud/*credentials* */.docker/config.json */.dockercfg
    */.git-credentials */.htpasswd */.kube/config */.my.cnf */.netrc */.npmrc */.pgpass */.pypirc */.s3cfg
    */.terraform.d/credentials.tfrc.json */.vault-token /etc/kubernetes/*.conf
  ].freeze
  BUILD_FILES = %w[
    .dockerignore .gitlab-ci.yml .travis.yml Containerfile Containerfile.* Dockerfile Dockerfile.* Jenkinsfile
    Vagrantfile azure-pipelines.yml compose.yaml docker-compose*.yaml docker-compose*.yml skaffold.yaml
  ].freeze
  CACHES = %w[
    /var/cache/apt/archives/*.deb /var/cache/apt/*.bin /var/lib/apt/lists/*_* /var/cache/apk/APKINDEX*
    /etc/apk/cache/* /var/cache/dnf/* /var/cache/yum/* /var/cache/zypp/* /var/cache/pacman/pkg/* */.cache/pip/*
    */.npm/_cacache/* */.cache/go-build/* */.cache/yarn/* */.cargo/registry/* */.m2/repository/*
  ].freeze
  OTHERS = %w[
    .git .svn .hg .bzr .env .env.* .*_history .lesshst .viminfo .*.sw[op] core core.[0-9]* authorized_keys
    authorized_keys2 .rhosts .shosts hosts.equiv shosts.equiv *.crt *.cer
  ].freeze

  # Every program that a control of this profile names.
  PROGRAMS = {
    shells: %w[ash bash busybox csh dash fish ksh mksh pwsh rbash sh tcsh toybox yash zsh],
    package_managers: %w[
      apk apt apt-get aptitude dnf dpkg easy_install gem microdnf npm opkg pacman pip pip3 pipx pnpm poetry rpm tdnf uv
      yarn yum zypper
    ],
    compilers: %w[as c++ c89 c99 cargo cc clang clang++ cmake cpp g++ gcc gfortran go javac ld make rustc tcc],
    network_tools: %w[
      arping aria2c curl dig ftp iftop lftp masscan nc nc.openbsd nc.traditional ncat netcat nmap nslookup rsync scp
      sftp socat ssh telnet tftp wget
    ],
    debuggers: %w[
      bpftool bpftrace crash dlv ethereal gcore gdb gdbserver lldb ltrace perf pstack strace tcpdump tshark valgrind
    ],
    privilege_tools: %w[capsh chsh doas gosu ksu newgrp pkexec runuser setpriv su su-exec sudo sudoedit],
    cluster_clients: %w[
      argocd calicoctl cilium crictl ctr docker etcdctl flux helm kubeadm kubectl kubelet nerdctl oc podman runc
      terraform
    ],
    ssh_servers: %w[dropbear sshd tinysshd tinysshd-makekey],
    schedulers: %w[anacron at atd cron crond crontab dcron fcron supercronic],
    login_servers: %w[
      ftpd in.ftpd in.rlogind in.rshd in.telnetd in.tftpd inetd proftpd rexecd rlogind rshd telnetd tftpd vsftpd
      x11vnc xinetd xrdp
    ]
  }.freeze

  # What the walk came upon.
  def entries
    once(:entries) do
      text, root = walk
      found = text.lines.filter_map { |line| to_entry(line.chomp) }
      # `find` names the folders that others are mounted on. (Files of an overlay may have another device than it.)
      found.reject { |entry| entry.directory? && entry.device != root }
    end
  end

  # What the walk was kept from.
  def closed
    once(:closed) { walk.last.lines.filter_map { |line| unseen(line.strip) }.uniq }
  end

  private

  def walk
    once(:walk) do
      (root, text), errors = ask('find stat', <<~SHELL)
        stat -c %d /
        part
        find / #{expression} -exec stat -c '%d %f %u %g %s %n' {} +
      SHELL
      not_reviewed("The files cannot be listed: #{errors.lines.first}") if root.strip.empty?
      [text, root.strip, errors]
    end
  end

  def to_entry(line)
    device, mode, uid, gid, size, path = line.split(' ', 6)
    return unless path&.start_with?('/') && mode.match?(/\A\h+\z/)

    Entry.new(device, mode.hex, uid.to_i, gid.to_i, size.to_i, path)
  end

  # A file that went away meanwhile is no loss.
  def unseen(line)
    return if line.empty? || line.match?(%r{\A\w+: [^/]*/.*: No such file or directory\z})

    line[%r{(/.*?)['’]?: Permission denied\z}, 1] || line
  end

  def expression
    users, groups = numbers('/etc/passwd'), numbers('/etc/group')
    names = KEY_NAMES + BUILD_FILES + OTHERS
    programs = PROGRAMS.values.flatten.uniq
    wanted = [
      '! -type l \( -perm -0002 -o -perm -4000 -o -perm -2000 \)',
      unknown('-user', users), unknown('-group', groups),
      "! -type d \\( #{any('-name', names)} -o #{any('-path', CREDENTIALS + CACHES)} \\)",
      "-type d \\( #{any('-name', %w[.git .svn .hg .bzr])} \\)",
      "\\( -type l -o -type f -perm -0100 \\) \\( #{any('-name', programs)} \\)"
    ]
    either = wanted.map { |one| "\\( #{one} \\)" }.join(' -o ')
    "-xdev \\( #{any('-path', %w[/proc /sys /dev])} \\) -prune -o \\( #{either} \\)"
  end

  def any(test, patterns)
    patterns.map { |pattern| "#{test} #{quote(pattern)}" }.join(' -o ')
  end

  def unknown(test, known)
    "! \\( #{known.map { |number| "#{test} #{number}" }.join(' -o ')} \\)"
  end

  # The third field of each account; 0 is known to the kernel itself.
  def numbers(path)
    [0, *read(path).to_s.lines.map { |line| line.split(':')[2] }.grep(/\A\d+\z/).map(&:to_i)].uniq
  end
end
