# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'system_calls'

module CincScan
  module Jail
    # Views of a machine of a process's own, by namespaces(7): mounts, network, processes, host name. Root makes them as it is;
    # others in a user namespace of their own, where the machine lets them.
    module Namespaces
      MOUNTS = 0x00020000
      GROUPS = 0x02000000
      NAMES = 0x04000000
      MESSAGES = 0x08000000
      USERS = 0x10000000
      PROCESSES = 0x20000000
      NETWORK = 0x40000000
      # Those that the process enters by itself; that of processes is made by the one who starts it.
      OWN = MOUNTS | GROUPS | NAMES | MESSAGES | NETWORK
      # mount(2): recursive, private.
      OWN_MOUNTS = 0x4000 | 0x40000
      # Where the root of a jail is mounted: a folder that every Linux has and no profile lies in.
      PLACE = '/sys'

      # How this process can get them, and if it cannot, why.
      Means = Struct.new(:kind, :problem) do
        def any?
          !kind.nil?
        end
      end

      class << self
        # Tried out by a process that ends with it. Before anything else is loaded, while a process is cheap.
        def find
          return Means.new(nil, 'no Linux whose calls are known') unless SystemCalls.known?

          problems = (Process.euid.zero? ? %i[root user] : %i[user]).map do |kind|
            problem = trial(kind)
            return Means.new(kind) if problem.nil?

            problem
          end
          Means.new(nil, problems.last)
        end

        def enter(kind)
          user, group = [Process.euid, Process.egid]
          SystemCalls.call(:unshare, kind == :user ? OWN | USERS : OWN)
          map(user, group) if kind == :user
          SystemCalls.call(:mount, 'none', '/', 0, OWN_MOUNTS, 0)
          SystemCalls.call(:sethostname, 'cinc-scan', 9)
        end

        private

        # user_namespaces(7): one's own user and group, who stay who they are.
        def map(user, group)
          File.write('/proc/self/setgroups', 'deny')
          File.write('/proc/self/uid_map', "#{user} #{user} 1")
          File.write('/proc/self/gid_map', "#{group} #{group} 1")
        end

        # @return [String, nil] why it cannot be
        def trial(kind)
          said, say = IO.pipe
          child = fork do
            SystemCalls.call(:unshare, PROCESSES) if kind == :root
            enter(kind)
            SystemCalls.call(:mount, 'none', PLACE, 'tmpfs', 0, 'size=4k')
            exit!(0)
          rescue SystemCallError => e
            say.write("namespaces (#{kind}): #{e.message}")
            exit!(1)
          end
          say.close
          problem = said.read
          Process.wait(child)
          problem.empty? && $?.success? ? nil : problem # rubocop:disable Style/SpecialGlobalVars
        ensure
          said&.close
        end
      end
    end
  end
end
