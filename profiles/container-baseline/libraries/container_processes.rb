# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'container_view'
require 'file_walk'
require 'process_table'

# The processes of the container, as the kernel tells of them.
class ContainerProcesses < Inspec.resource(1)
  include ContainerView
  include ProcessTable

  name 'container_processes'
  supports platform: 'unix'
  desc 'The processes of the container: who they are, what they may do, and what they were started with.'
  example <<~EXAMPLE
    describe container_processes do
      its('of_root') { should have_no_findings }
    end
  EXAMPLE

  # Kernel 6.x, include/uapi/linux/capability.h, by number.
  CAPABILITIES = %w[
    CHOWN DAC_OVERRIDE DAC_READ_SEARCH FOWNER FSETID KILL SETGID SETUID SETPCAP LINUX_IMMUTABLE NET_BIND_SERVICE
    NET_BROADCAST NET_ADMIN NET_RAW IPC_LOCK IPC_OWNER SYS_MODULE SYS_RAWIO SYS_CHROOT SYS_PTRACE SYS_PACCT SYS_ADMIN
    SYS_BOOT SYS_NICE SYS_RESOURCE SYS_TIME SYS_TTY_CONFIG MKNOD LEASE AUDIT_WRITE AUDIT_CONTROL SETFCAP MAC_OVERRIDE
    MAC_ADMIN SYSLOG WAKE_ALARM BLOCK_SUSPEND AUDIT_READ PERFMON BPF CHECKPOINT_RESTORE
  ].freeze

  # With one of these a process reaches what is outside of its container.
  OVER_THE_NODE = %w[
    BPF DAC_READ_SEARCH MAC_ADMIN MAC_OVERRIDE NET_ADMIN PERFMON SYS_ADMIN SYS_BOOT SYS_MODULE SYS_PTRACE SYS_RAWIO
    SYS_TIME SYSLOG
  ].freeze

  def initialize(options = {})
    super()
    @capabilities = options.fetch(:capabilities, []).map { |name| name.to_s.upcase.delete_prefix('CAP_') }
    @names = options.fetch(:processes, []).map(&:to_s)
  end

  def to_s
    'Processes of the container'
  end

  def resource_id
    'processes'
  end

  def of_root
    found { |process| 'user 0' if ids(process, 'Uid').include?(0) }
  end

  def in_group_of_root
    found { |process| 'group 0' if groups(process).include?(0) }
  end

  def of_unknown_users
    known = read('/etc/passwd').to_s.lines.map { |line| line.split(':')[2].to_i }
    found { |process| (ids(process, 'Uid').uniq - known).map { |id| "user #{id}" }.join(', ') }
  end

  def capabilities_in_effect
    found { |process| capability_names(process, 'CapPrm', 'CapEff', 'CapInh', 'CapAmb').join(', ') }
  end

  def capabilities_within_reach
    found { |process| capability_names(process, 'CapBnd').join(', ') }
  end

  def capabilities_over_the_node
    found { |process| (capability_names(process, 'CapBnd', 'CapPrm') & OVER_THE_NODE).join(', ') }
  end

  def free_to_gain_privileges
    found { |process| 'no_new_privs is not set' unless field(process, 'NoNewPrivs') == '1' }
  end

  def without_system_call_filter
    words = { '0' => 'no filter', '1' => 'strict mode' }
    found { |process| words.fetch(field(process, 'Seccomp'), 'unknown mode') unless field(process, 'Seccomp') == '2' }
  end

  def with_open_umask
    found do |process|
      mask = field(process, 'Umask')
      "umask #{mask}" unless mask.oct & 0o022 == 0o022
    end
  end

  # The kernel shows each process of the PID namespace; those of another pod or of the node must not be among them.
  def of_others
    pod = first_process[:cgroup].to_s[%r{\A(.*)/[^/]*\h{64}}, 1]
    return outsiders_by_depth if pod.nil? || pod.end_with?(':', '/..')

    table.reject { |process| process[:cgroup].to_s.start_with?("#{pod}/") }.map { |process| label(process) }
  end

  # Empty means that nobody told; then nothing can be judged.
  def unexpected
    not_reviewed('The input allowed_processes is empty: only you know what belongs in this container.') if @names.empty?
    processes.reject { |process| @names.include?(process[:name]) }.map { |process| label(process) }
  end

  # Shells and tools that somebody or something has started.
  def tools
    known = FileWalk::PROGRAMS.values.flatten
    processes.select { |process| known.include?(process[:name]) && !@names.include?(process[:name]) }
             .map { |process| label(process) }
  end

  private

  def found
    processes.filter_map do |process|
      what = yield process
      "#{label(process)}: #{what}" unless what.nil? || what.empty?
    end
  end

  # With a control group namespace of its own a container sees neighbours of its pod as `/../name`, and all others
  # farther off.
  def outsiders_by_depth
    table.select { |process| process[:cgroup].to_s.match?(%r{:/(\.\./){2}}) || process[:cgroup].to_s.empty? }
         .map { |process| label(process) }
  end

  def capability_names(process, *sets)
    bits = sets.map { |set| field(process, set).hex }.reduce(:|)
    names = CAPABILITIES.each_index.select { |bit| bits[bit] == 1 }.map { |bit| CAPABILITIES[bit] }
    unknown = (CAPABILITIES.size...64).select { |bit| bits[bit] == 1 }.map { |bit| "number #{bit}" }
    names + unknown - @capabilities
  end

  def ids(process, set)
    field(process, set).split.map(&:to_i)
  end

  def groups(process)
    ids(process, 'Gid') + ids(process, 'Groups')
  end
end
