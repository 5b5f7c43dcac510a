# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'resolv'
require 'socket'

module CincScan
  # Code of a profile, and of a few resources (`ssl`), opens connections from Ruby. They would start at the machine that
  # scans: its loopback, its network and its names would answer for the container. So none is opened, and what depended on
  # it is not reviewed, whatever the code makes of the exception.
  module NoNetwork
    REASON = 'the connection or the lookup of a name would start at the scanning machine, not in the container; ' \
             'a command would run in the container'

    class << self
      # Who marks a check as not reviewed; without one there is only the exception.
      attr_accessor :connection
      # How often something was tried that this machine would have answered, and why it was refused the last time.
      attr_reader :tries, :reason

      # For the process of a job, once it has its own connection.
      def begin
        @tries = 0
        [TCPSocket, TCPServer, UDPSocket, UNIXSocket, UNIXServer, Socket].each { |kind| kind.prepend(Unopened) }
        LOOKUPS.each { |kind, names| kind.singleton_class.prepend(refusing(names)) }
        Resolv.prepend(refusing(%i[each_address each_name]))
      end

      def refuse(reason = REASON)
        @tries += 1
        @reason = reason
        connection ? connection.not_seen(reason) : raise(IOError, reason)
      end

      def refusing(names)
        Module.new { names.each { |name| define_method(name) { |*, **| NoNetwork.refuse } } }
      end
    end

    LOOKUPS = {
      Addrinfo => %i[getaddrinfo tcp udp ip], Socket => %i[getaddrinfo gethostbyname gethostbyaddr getnameinfo],
      IPSocket => %i[getaddress], TCPSocket => %i[gethostbyname]
    }.freeze
    private_constant :LOOKUPS

    module Unopened
      def initialize(*)
        NoNetwork.refuse
      end
    end
  end
end
