# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'ipaddr'
require 'securerandom'
require 'train'

module CincScan
  # Listening sockets of the target's network, from the kernel's own tables. All containers of a pod share one network.
  class PortTable
    # Listening, for TCP; bound and not connected, for UDP (include/net/tcp_states.h).
    TABLES = { 'tcp' => '0A', 'tcp6' => '0A', 'udp' => '07', 'udp6' => '07' }.freeze

    def initialize(connection)
      @connection = connection
    end

    # @return [Array<Hash>] as InSpec's port resource has them; whose socket it is is found where that may be looked at
    def entries
      found = TABLES.flat_map { |protocol, state| read(protocol, state) }
      owners = found.empty? ? {} : owners_of_sockets
      found.map { |inode, port| port.merge(owners.fetch(inode, 'process' => nil, 'pid' => nil)) }
    end

    private

    def read(protocol, state)
      table = @connection.read("/proc/net/#{protocol}")
      # A kernel without IPv6 has no table of it; without the first one nobody can tell what listens.
      raise Train::Error, '/proc/net/tcp cannot be read, so what listens is not known' if table.nil? && protocol == 'tcp'

      rows = CincScan.text(table.to_s).lines.drop(1).map(&:split).select { |fields| fields[3] == state }
      rows.map do |fields|
        address, port = fields[1].split(':')
        [fields[9], { 'port' => port.hex, 'address' => address_of(address), 'protocol' => protocol }]
      end
    end

    # Words of four bytes, each in the order of the machine.
    def address_of(hex)
      bytes = [hex].pack('H*')
      bytes = bytes.unpack('V*').pack('N*') unless @connection.os.arch.to_s.match?(/s390x|ppc64\z/)
      IPAddr.new_ntoh(bytes).then { |address| address.ipv4_mapped? ? address.native : address }.to_s
    end

    # Links such as "socket:[4711]" among the open files of processes, as far as we may look at those.
    def owners_of_sockets
      return {} unless @connection.full?

      mark = SecureRandom.hex(16)
      stdout, = @connection.run(<<~SHELL)
        for p in /proc/[0-9]*; do printf '#{mark} %s ' "${p#/proc/}"; cat "$p/comm"; ls -l "$p/fd"; done 2>/dev/null; :
      SHELL
      CincScan.text(stdout).split("#{mark} ").drop(1).each_with_object({}) do |text, owners|
        pid, name = text.lines.first.chomp.split(' ', 2)
        text.scan(/-> socket:\[(\d+)\]$/) { |inode,| owners[inode] ||= { 'process' => name, 'pid' => pid.to_i } }
      end
    end
  end
end
