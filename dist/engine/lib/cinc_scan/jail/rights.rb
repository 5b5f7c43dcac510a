# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'system_calls'

module CincScan
  module Jail
    # What a process may do beyond what everybody may: given up for good.
    module Rights
      # linux/prctl.h, linux/capability.h
      DIE_WITH_PARENT = 1
      DUMPABLE = 4
      DROP_CAPABILITY = 24
      NO_NEW_PRIVILEGES = 38
      AMBIENT = 47
      CLEAR_ALL = 4
      VERSION = 0x20080522

      class << self
        def die_with_parent
          control(DIE_WITH_PARENT, 9)
        end

        # A user and a group that nobody else is.
        def become(user)
          drop_capabilities # while it is allowed
          SystemCalls.call(:setgroups, 0, 0)
          SystemCalls.call(:setresgid, user, user, user)
          SystemCalls.call(:setresuid, user, user, user)
        end

        def drop
          drop_capabilities
          control(AMBIENT, CLEAR_ALL)
          SystemCalls.call(:capset, [VERSION, 0].pack('L<2'), "\0" * 24)
          control(NO_NEW_PRIVILEGES, 1)
          control(DUMPABLE, 0)
          die_with_parent
        end

        private

        # The kernel says which is the last, and who may not drop any has none to give away.
        def drop_capabilities
          (0..63).each { |number| control(DROP_CAPABILITY, number) }
        rescue Errno::EINVAL, Errno::EPERM
          nil
        end

        def control(option, value)
          SystemCalls.call(:prctl, option, value, 0, 0, 0)
        end
      end
    end
  end
end
