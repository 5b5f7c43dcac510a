# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'container_view'

# What listens in the network namespace of the container, which it shares with its whole pod.
class ContainerNetwork < Inspec.resource(1)
  include ContainerView

  name 'container_network'
  supports platform: 'unix'
  desc 'The ports that are reachable in the pod of the container. Those of its loopback interface do not count.'
  example <<~EXAMPLE
    describe container_network(ports: ['8080/tcp']) do
      its('unexpected') { should have_no_findings }
    end
  EXAMPLE

  Socket = Struct.new(:port, :protocol, :address) do
    def to_s
      "#{port}/#{protocol} on #{address}"
    end
  end

  FILES = { 'tcp' => %w[tcp tcp6], 'udp' => %w[udp udp6] }.freeze
  LISTENING = { 'tcp' => '0A', 'udp' => '07' }.freeze

  # @param ports [Array] numbers or texts such as '53/udp'; a bare number is TCP
  def initialize(options = {})
    super()
    @ports = options.fetch(:ports, []).map { |port| port.to_s.include?('/') ? port.to_s.downcase : "#{port}/tcp" }
  end

  def to_s
    'Network of the container'
  end

  def resource_id
    'network'
  end

  # Empty means that nobody told; then nothing can be judged.
  def unexpected
    not_reviewed('The input allowed_ports is empty: only you know what should listen here.') if @ports.empty?
    sockets.reject { |socket| listed?(socket) }.map(&:to_s)
  end

  def listed
    sockets.select { |socket| listed?(socket) }.map(&:to_s)
  end

  def privileged
    sockets.select { |socket| socket.port < 1024 }.map(&:to_s)
  end

  private

  def listed?(socket)
    @ports.include?("#{socket.port}/#{socket.protocol}")
  end

  def sockets
    once(:sockets) do
      names = FILES.values.flatten
      script = names.map { |name| "cat /proc/net/#{name} 2>/dev/null; part" }
      parts, = ask('cat', script.join("\n"))
      tables = names.zip(parts).to_h
      not_reviewed('The kernel does not list the sockets here.') unless tables['tcp'].to_s.include?('local_address')
      FILES.flat_map { |protocol, files| files.flat_map { |file| listening(protocol, tables[file].to_s) } }.uniq
    end
  end

  def listening(protocol, text)
    text.lines.drop(1).filter_map do |line|
      _, local, remote, state = line.split
      next unless state == LISTENING[protocol] && remote.to_s.end_with?(':0000')

      address, port = local.split(':')
      Socket.new(port.hex, protocol, to_address(address)) unless loopback?(to_address(address))
    end
  end

  # The kernel writes each 32 bits of an address in the byte order of the machine: little-endian on all it runs on here.
  def to_address(hex)
    bytes = hex.scan(/\h{8}/).map { |word| [word].pack('H*').reverse }.join
    IPAddr.new_ntoh(bytes).then { |address| address.ipv6? && address.ipv4_mapped? ? address.native : address }.to_s
  end

  def loopback?(address)
    IPAddr.new(address).loopback?
  end
end
