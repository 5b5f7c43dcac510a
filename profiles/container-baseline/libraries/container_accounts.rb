# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'container_view'

# The accounts that the files of the container know. But for the rules of sudo it needs no command: it works wherever
# files can be read.
class ContainerAccounts < Inspec.resource(1)
  include ContainerView

  name 'container_accounts'
  supports platform: 'unix'
  desc 'The account files of the container: who owns them, and what they let in.'
  example <<~EXAMPLE
    describe container_accounts do
      its('without_password') { should have_no_findings }
    end
  EXAMPLE

  FILES = %w[/etc/passwd /etc/group /etc/passwd- /etc/group-].freeze
  CLOSED = %w[/etc/shadow /etc/gshadow /etc/shadow- /etc/gshadow-].freeze

  Account = Struct.new(:name, :password, :uid, :rest)

  def to_s
    'Accounts of the container'
  end

  def resource_id
    'accounts'
  end

  def open_files
    (FILES + CLOSED).flat_map { |path| faults(path, 0o022) }
  end

  def open_passwords
    CLOSED.flat_map { |path| faults(path, 0o007) }
  end

  def more_roots
    accounts.select { |account| account.uid == '0' && account.name != 'root' }.map(&:name)
  end

  def without_password
    (accounts.select { |account| account.password == '' } + shadows.select { |account| account.password == '' })
      .map(&:name).uniq
  end

  # Anything that is no mark for "locked": a hash that somebody could guess.
  def with_password
    open = (accounts + shadows).reject { |account| account.password.to_s.match?(/\A(x|[!*].*|)\z/) }
    open.map(&:name).uniq
  end

  def shared
    doubles(accounts, :uid, 'user') + doubles(accounts, :name, 'name')
  end

  def sudo_without_password
    text = read('/etc/sudoers').to_s
    rules = text.lines.map { |line| ['/etc/sudoers', line] } + parts_of_sudoers
    rules.select { |_, line| line.match?(/^[^#]*(NOPASSWD|!authenticate)/) }.map(&:first).uniq
  end

  private

  def accounts
    once(:accounts) { rows('/etc/passwd') }
  end

  def shadows
    once(:shadows) { rows('/etc/shadow') }
  end

  def rows(path)
    read(path).to_s.lines.map(&:chomp).reject { |line| line.empty? || line.start_with?('#', '+', '-') }
              .map { |line| Account.new(*line.split(':', 4).map(&:to_s)) }
  end

  def faults(path, closed)
    file = look(path)
    return [] if file.nil?

    [("#{path} belongs to user #{file.uid}" unless file.uid.zero?),
     (format('%<path>s has mode %<mode>04o', path: path, mode: file.mode) if file.mode & closed != 0)].compact
  end

  def doubles(all, key, word)
    all.group_by(&key).select { |_, group| group.size > 1 }
       .map { |value, group| "#{word} #{value}: #{group.map(&:name).join(', ')}" }
  end

  def parts_of_sudoers
    parts, errors = ask('cat', <<~'SHELL')
      [ ! -d /etc/sudoers.d ] || [ -r /etc/sudoers.d ] || echo closed >&2
      for file in /etc/sudoers.d/*; do [ -f "$file" ] && { printf '%s\n' "$file"; cat "$file"; part; }; done
    SHELL
    not_reviewed('The rules of sudo may not be read by the user that looks.') unless errors.empty?
    parts.flat_map { |part| part.lines.map(&:chomp).then { |path, *lines| lines.map { |line| [path, line] } } }
  end
end
