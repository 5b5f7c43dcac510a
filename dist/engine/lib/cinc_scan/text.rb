# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

module CincScan
  # Bytes from a container as text. An invalid sequence left in would end the whole run: RSpec raises while it
  # describes such a string.
  def self.text(bytes)
    bytes.dup.force_encoding(Encoding::UTF_8).scrub
  end
end
