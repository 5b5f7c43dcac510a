# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'container_view'
require 'process_table'

# Secrets where others can read them. Names of variables, options and files are told, never a value.
class ContainerSecrets < Inspec.resource(1)
  include ContainerView
  include ProcessTable

  name 'container_secrets'
  supports platform: 'unix'
  desc 'Secrets in the environments and command lines of processes, and tokens in files.'
  example <<~EXAMPLE
    describe container_secrets do
      its('in_environments') { should have_no_findings }
    end
  EXAMPLE

  # Written so that it holds for POSIX extended regular expressions and for Ruby's.
  TOKENS = {
    'an AWS access key' => '(AKIA|ASIA)[0-9A-Z]{16}',
    'a GitHub token' => '(gh[pousr]_[0-9A-Za-z]{36}|github_pat_[0-9A-Za-z_]{60})',
    'a GitLab token' => 'glpat-[0-9A-Za-z_-]{20}',
    'a Slack token' => 'xox[abpors]-[0-9A-Za-z-]{20}',
    'an npm token' => 'npm_[0-9A-Za-z]{36}',
    'a Google API key' => 'AIza[0-9A-Za-z_-]{35}',
    'a Google service account' => '"type": *"service_account"',
    'a Stripe key' => '[rs]k_live_[0-9A-Za-z]{24}',
    'a Vault token' => 'hvs\.[0-9A-Za-z_-]{24}',
    'a private key' => '-----BEGIN ([A-Z0-9]+ )*PRIVATE KEY'
  }.freeze
  URL_WITH_PASSWORD = %r{\b[a-z][a-z0-9+.-]*://[^/\s:@]+:[^/\s@]+@}i
  NAME = /
    pass(word|wd|phrase) | (?<!com|by|sur)pass(_|\z) | secret | credential | api_?key
    | (auth|access|api|bearer|refresh|id|bot)_?token | (_|\A)token\z
    | (access|private|encryption|signing|master)_?key(_id)?\z
  /ix
  NO_VALUE = /_(FILE|PATH|DIR|URL|URI|TTL|LENGTH|HEADER)\z/i
  OPTION = /
    \A--?(\w+-)*(password|passwd|passphrase|secret|token|api-?key|secret-?key|access-?key|credentials?)
    (=(?<value>.+))?\z
  /ix

  def initialize(options = {})
    super()
    @ignored = options.fetch(:ignored, [])
    @directories = options.fetch(:directories, [])
  end

  def to_s
    'Secrets in the container'
  end

  def resource_id
    'secrets'
  end

  def in_environments
    found = environments.flat_map do |process, text|
      reasons = pairs(text).map { |name, value| [name, why(name, value)] }
      reasons.select(&:last).map { |name, reason| "#{label(process)}: variable #{name} #{reason}" }
    end
    closed = processes.reject { |process| environments.key?(process) }
    complete(found, closed.map { |process| "the environment of #{label(process)}" })
  end

  def in_command_lines
    command_lines.flat_map do |process, words|
      words.each_with_index.filter_map do |word, index|
        what = spoken(word, words[index + 1])
        "#{label(process)}: #{what}" if what
      end
    end.uniq
  end

  def in_files
    not_reviewed('The input secret_directories is empty.') if @directories.empty?
    (text,), errors = ask('find grep', search)
    paths = text.split("\n").reject { |path| expected?("#{path}/") }
    unseen = errors.lines.map(&:strip).reject { |line| line.empty? || line.end_with?('No such file or directory') }
    complete(paths, unseen)
  end

  private

  def expected?(path)
    @ignored.any? { |known| path.start_with?("#{known.chomp('/')}/") }
  end

  def search
    places = @directories.map { |path| quote(path) }.join(' ')
    pattern = quote(TOKENS.values.join('|'))
    <<~SHELL
      set --
      for place in #{places}; do [ -d "$place" ] && set -- "$@" "$place"; done
      [ $# -eq 0 ] || find "$@" -xdev -type f ! -size +1023k -exec grep -lE -e #{pattern} -- {} +
    SHELL
  end

  def environments
    once(:environments) { by_process('environ') }
  end

  def command_lines
    once(:command_lines) { by_process('cmdline').transform_values { |text| text.split("\0") } }
  end

  # Those that could be read; a process that has ended meanwhile has neither arguments nor an environment.
  def by_process(file)
    script = processes.map do |process|
      path = "/proc/#{process[:pid]}/#{file}"
      "if cat #{path} 2>/dev/null; then word=read; elif [ -e #{path} ]; then word=closed; else word=gone; fi\n" \
        'part; printf %s $word; part'
    end
    parts, = ask('cat', script.join("\n"))
    processes.zip(parts.each_slice(2)).each_with_object({}) do |(process, (text, word)), all|
      all[process] = text if word != 'closed'
    end
  end

  def pairs(text)
    text.split("\0").filter_map { |pair| pair.split('=', 2) if pair.include?('=') }
  end

  def why(name, value)
    return if @ignored.include?(name)

    kind = token(value)
    return "holds #{kind}" if kind

    'has the name of a secret' if name.match?(NAME) && !name.match?(NO_VALUE) && secret?(value)
  end

  # A path, a number, a switch or a reference is no secret.
  def secret?(value)
    !value.match?(/\A(\s*|\.?\/.*|file:.*|\d+|true|false|yes|no|on|off|none|null|\$[({].*)\z/i)
  end

  def token(value)
    return 'a password in an address' if value.match?(URL_WITH_PASSWORD)

    TOKENS.find { |_, pattern| value.match?(Regexp.new(pattern)) }&.first
  end

  def spoken(word, following)
    kind = token(word)
    return "an argument holds #{kind}" if kind

    option = word.match(OPTION)
    return if option.nil?

    value = option[:value] || following.to_s
    "option #{word[/\A[^=]+/]} is followed by a value" if secret?(value) && !value.start_with?('-')
  end
end
