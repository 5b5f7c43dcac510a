# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'json'
require 'container_view'
require 'process_table'

# What is mounted where in the container, from the mountinfo of its first process (proc(5)).
class ContainerMounts < Inspec.resource(1)
  include ContainerView
  include ProcessTable

  name 'container_mounts'
  supports platform: 'unix'
  desc 'The mounts of the container: what of the node it reaches, and which guards of the runtime are in place.'
  example <<~EXAMPLE
    describe container_mounts do
      its('from_the_node') { should have_no_findings }
    end
  EXAMPLE

  Mount = Struct.new(:source, :point, :options, :type)

  # The runtime and the kubelet lay these over the image.
  OF_THE_RUNTIME = %w[/ /etc/hosts /etc/hostname /etc/resolv.conf /dev/termination-log].freeze
  # Where the kubelet keeps the volumes of a pod, whatever its root directory is.
  VOLUME = %r{(\A|/)pods/[\h-]{36}/(volumes|volume-subpaths|volumeDevices|containers|etc-hosts)(/|\z)}
  # Where runtimes keep what they make for one container.
  OF_A_CONTAINER = %r{/(containers|overlay-containers|sandboxes)/\h{64}(/|\z)}
  OF_THE_KERNEL = %w[
    autofs binfmt_misc bpf cgroup cgroup2 configfs debugfs devpts efivarfs fusectl hugetlbfs mqueue nsfs pstore
    securityfs tracefs
  ].freeze
  OF_THE_NETWORK = %w[9p afs ceph cifs glusterfs lustre nfs nfs4 smb3].freeze
  OF_THE_NODE = %w[
    /bin /boot /dev /etc /home /lib /lib64 /proc /root /run /sbin /sys /usr /var /var/log /var/run /var/lib
    /var/lib/cni /var/lib/containerd /var/lib/containers /var/lib/docker /var/lib/etcd /var/lib/kubelet
    /var/lib/rancher
  ].freeze

  SOCKETS = %w[
    containerd.sock cri-dockerd.sock crio.sock docker.sock dockershim.sock kubelet.sock podman.sock
  ].freeze
  SOCKET_PLACES = %w[
    /run /var/run /run/containerd /run/crio /run/podman /run/k3s/containerd /run/k0s /run/docker
    /var/lib/kubelet/device-plugins /var/lib/kubelet/pod-resources /var/run/containerd /var/run/crio /var/run/podman
    /host/run /host/var/run /host/run/containerd /host/run/crio
  ].freeze

  TOKENS = %w[
    /var/run/secrets/*/token /var/run/secrets/*/serviceaccount/token /run/secrets/*/token
    /run/secrets/*/serviceaccount/token
  ].freeze

  # What runtimes mask and make read-only for every container that is not privileged.
  MASKED = %w[
    /proc/acpi /proc/asound /proc/kcore /proc/keys /proc/latency_stats /proc/sched_debug /proc/scsi /proc/timer_list
    /proc/timer_stats /sys/firmware
  ].freeze
  READ_ONLY = %w[/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger].freeze

  DEVICES = %w[
    /dev/console /dev/full /dev/null /dev/ptmx /dev/random /dev/tty /dev/urandom /dev/zero
  ].freeze

  def initialize(options = {})
    super()
    @paths = options.fetch(:paths, [])
    @devices = options.fetch(:devices, [])
  end

  def to_s
    'Mounts of the container'
  end

  def resource_id
    'mounts'
  end

  def writable_root
    root = mounts.reverse.find { |mount| mount.point == '/' }
    read_only?(root) ? [] : ['/ may be written']
  end

  def from_the_node
    foreign.map { |mount| show(mount) }
  end

  def writable_from_the_node
    foreign.reject { |mount| read_only?(mount) }.map { |mount| show(mount) }
  end

  def of_system_directories
    foreign.select { |mount| system?(mount) }.map { |mount| show(mount) }
  end

  def runtime_sockets
    mounted = mounts.select { |mount| socket_name?(mount.point) || socket_name?(mount.source) }.map(&:point)
    (mounted + survey_of_paths[:sockets]).uniq
  end

  def unmasked
    survey_of_paths[:masked].reject { |path| mounted_over?(path) }.map { |path| "#{path} shows what the node has" }
  end

  def writable_in_proc
    survey_of_paths[:read_only].reject { |path| read_only_at?(path) }.map { |path| "#{path} may be written" }
  end

  def writable_sys
    found = mounts.select { |mount| mount.type == 'sysfs' && !read_only?(mount) }
    found.map { |mount| "#{mount.point} may be written" }
  end

  def writable_control_groups
    found = mounts.select { |mount| mount.type.start_with?('cgroup') && !read_only?(mount) }
    found.map { |mount| "#{mount.point} may be written" }
  end

  def node_devices
    allowed = DEVICES + @devices
    survey_of_paths[:devices].reject { |path| allowed.include?(path) || path.match?(%r{\A/dev/pts/}) }
  end

  def service_account_tokens
    survey_of_paths[:tokens].map { |token| token[:path] }
  end

  def open_tokens
    survey_of_paths[:tokens].select { |token| token[:mode] & 0o004 != 0 }
                            .map { |token| format('%<path>s (%<mode>04o)', token) }
  end

  # A token without an end is one that was made as a Secret, as for every account before Kubernetes 1.24.
  def endless_tokens
    survey_of_paths[:tokens].map { |token| token[:path] }.select { |path| claims(path)['exp'].nil? }
  end

  private

  def claims(path)
    part = read(path).to_s.split('.')[1].to_s.tr('-_', '+/').unpack1('m')
    claims = JSON.parse(part.force_encoding(Encoding::UTF_8).scrub)
    claims.is_a?(Hash) ? claims : not_reviewed("#{path} is not a token that can be read.")
  rescue JSON::ParserError
    not_reviewed("#{path} is not a token that can be read.")
  end

  def mounts
    once(:mounts) do
      (text,), = ask('cat', "cat /proc/#{first_process[:pid]}/mountinfo")
      found = text.lines.filter_map { |line| to_mount(line.chomp) }
      not_reviewed('The mounts of the first process cannot be read.') if found.none? { |mount| mount.point == '/' }
      found
    end
  end

  def to_mount(line)
    own, of_type = line.split(' - ', 2).map(&:split)
    return if of_type.nil?

    options = own[5].split(',') + of_type[2].to_s.split(',').select { |option| option == 'ro' }
    Mount.new(decode(own[3]), decode(own[4]), options, of_type[0])
  end

  # The kernel writes blanks and the like as three octal digits.
  def decode(text)
    text.gsub(/\\(\d{3})/) { Regexp.last_match(1).oct.chr }.force_encoding(Encoding::UTF_8).scrub
  end

  def show(mount)
    from = mount.source == '/' ? "#{mount.type} of the node" : "#{mount.source} of the node"
    "#{mount.point} is #{from}#{', writable' unless read_only?(mount)}"
  end

  def read_only?(mount)
    mount.options.include?('ro')
  end

  def foreign
    once(:foreign_mounts) { mounts.select { |mount| of_node?(mount) } }.reject { |mount| allowed?(mount) }
  end

  def allowed?(mount)
    @paths.any? { |path| mount.source == path || mount.source.start_with?("#{path.chomp('/')}/") }
  end

  def of_node?(mount)
    return false if OF_THE_RUNTIME.include?(mount.point) || (OF_THE_KERNEL + OF_THE_NETWORK).include?(mount.type)
    return false if mount.source.match?(VOLUME) || mount.source.match?(OF_A_CONTAINER)

    case mount.type
    when 'proc' then !mount.point.match?(%r{\A/proc(/|\z)})
    when 'sysfs' then !mount.point.match?(%r{\A/sys(/|\z)})
    when 'devtmpfs' then true
    # A whole one is made for the container, apart from its masks; a part of one belongs to the node's /run or /tmp.
    when 'tmpfs' then mount.source != '/' && !mount.point.match?(%r{\A/(proc|sys)/})
    else mount.source != '/' || whole_system?(mount.point)
    end
  end

  # A disk mounted as a whole is a persistent volume, unless it has an operating system on it.
  def whole_system?(point)
    at = quote(point)
    (answer,), = ask('', "[ -d #{at}/etc ] && [ -d #{at}/proc ] && [ -d #{at}/usr ] && printf yes")
    answer == 'yes'
  end

  def system?(mount)
    return true if %w[proc sysfs devtmpfs].include?(mount.type) || mount.source == '/'

    own = %w[/boot /dev /etc /lib /proc /root /sys /usr /var/lib/etcd /var/lib/kubelet]
    OF_THE_NODE.include?(mount.source) || own.any? { |path| mount.source.start_with?("#{path}/") }
  end

  def socket_name?(path)
    SOCKETS.include?(File.basename(path))
  end

  def mounted_over?(path)
    mounts.any? { |mount| mount.point == path }
  end

  def read_only_at?(path)
    nearest = mounts.select { |mount| path == mount.point || path.start_with?("#{mount.point.chomp('/')}/") }
    read_only?(nearest.max_by { |mount| mount.point.size })
  end

  def survey_of_paths
    once(:paths) do
      parts, errors = ask('find stat', <<~SHELL)
        for path in #{sockets.join(' ')}; do [ -S "$path" ] && printf '%s\\n' "$path"; done
        part
        for path in #{(MASKED + READ_ONLY).join(' ')}; do [ -e "$path" ] && printf '%s\\n' "$path"; done
        part
        find /dev \\( -type b -o -type c \\) 2>&1
        part
        for path in #{TOKENS.join(' ')}; do [ -e "$path" ] && stat -L -c '%a %n' "$path"; done
      SHELL
      not_reviewed("Not all of /dev and /var/run/secrets can be looked at: #{errors.lines.first}") unless errors.empty?
      to_paths(*parts)
    end
  end

  def sockets
    SOCKET_PLACES.product(SOCKETS).map { |place, name| "#{place}/#{name}" }
  end

  def to_paths(sockets, guarded, devices, tokens)
    closed = devices.lines.grep_v(%r{\A/dev/})
    not_reviewed("Not all of /dev can be looked at: #{closed.first}") unless closed.empty?
    there = guarded.split
    { sockets: sockets.split, masked: there & MASKED, read_only: there & READ_ONLY, devices: devices.split,
      tokens: tokens.lines.map { |line| to_token(line.chomp) }.uniq { |token| token[:path].delete_prefix('/var') } }
  end

  def to_token(line)
    mode, path = line.split(' ', 2)
    { mode: mode.oct, path: path }
  end
end
