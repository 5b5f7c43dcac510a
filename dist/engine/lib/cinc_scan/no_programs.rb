# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require_relative 'no_network'

module CincScan
  # A program or process that code of a profile starts from Ruby would run on the machine that scans, and answer for it. None is
  # started, with and without a jail, and what depended on it is not reviewed (NoNetwork).
  module NoPrograms
    REASON = 'the program or process would be started on the scanning machine, not in the container; ' \
             'command(…) runs in the container'
    OF_KERNEL = %i[` exec fork spawn system].freeze
    OF_PROCESS = %i[daemon exec fork spawn].freeze

    # For the process of a job, once it needs none itself.
    def self.begin
      OF_KERNEL.each { |name| Kernel.module_eval { private define_method(name, NoPrograms.method(:refuse).to_proc) } }
      [[Kernel, OF_KERNEL], [Process, OF_PROCESS], [IO, %i[popen]]].each do |owner, names|
        names.each { |name| owner.define_singleton_method(name) { |*, **, &_| NoPrograms.refuse } }
      end
    end

    def self.refuse(*, **)
      NoNetwork.refuse(REASON)
    end
  end
end
