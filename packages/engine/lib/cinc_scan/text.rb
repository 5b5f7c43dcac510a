# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

module CincScan
  # Bytes from a container as text for messages and parsers of ours.
  def self.text(bytes)
    bytes.dup.force_encoding(Encoding::UTF_8).scrub
  end

  # Output of a command as an auditor within the container has it: bytes, and text only where all of them are ASCII
  # (mixlib-shellout 3.4 joins what it reads as bytes).
  def self.output(bytes)
    bytes.dup.force_encoding(bytes.dup.force_encoding(Encoding::BINARY).ascii_only? ? Encoding::UTF_8 : Encoding::BINARY)
  end

  # For the broker: JSON carries no text but UTF-8.
  def self.wire(text)
    text = text.dup.force_encoding(Encoding::UTF_8)
    text.valid_encoding? ? text : { base64: [text].pack('m0') }
  end
end
