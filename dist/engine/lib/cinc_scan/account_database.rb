# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'train/extras'

module CincScan
  # Answers what InSpec's account resources ask of `id`, `getent` and `chage` from the target's account files, for lenses
  # that bring a shell of their own: the target may have none of these programs. The commands are those of inspec-core
  # 5.24 (resources/users.rb and groups.rb), to the letter. Accounts of a directory service are not in these files.
  class AccountDatabase
    FILES = { 'passwd' => '/etc/passwd', 'group' => '/etc/group', 'shadow' => '/etc/shadow' }.freeze

    # What no shell takes for more than a word.
    NAME = /[A-Za-z0-9_][\w.@+-]*\$?/.freeze
    GETENT = %r{(?:/usr/bin/|/bin/)?getent}.freeze

    def initialize(connection)
      @connection = connection
    end

    # @return [Train::Extras::CommandResult, nil] nil for a command that asks no account
    def answer(command)
      case command
      when /\Aid (#{NAME})\z/ then result(id(Regexp.last_match(1)))
      when /\Agetent (passwd) (#{NAME})\z/, /\A#{GETENT} (?:(group)|(shadow) (#{NAME}))\z/
        result(entries(*Regexp.last_match.captures.compact), 2)
      when /\Achage -l (#{NAME})\z/ then result(ageing(Regexp.last_match(1)))
      when 'cut -d: -f1 /etc/passwd | grep -v "^#"'
        result(lines('passwd').map { |name, *| "#{name}\n" }.grep_v(/^#/).join)
      end
    end

    private

    def result(text, absent = 1)
      found = text && !text.empty?
      Train::Extras::CommandResult.new(found ? text : '', '', found ? 0 : absent)
    end

    def lines(database)
      @lines ||= {}
      @lines[database] ||= begin
        text = @connection.read(FILES.fetch(database))
        if text.nil?
          @connection.not_seen("#{FILES.fetch(database)} of this target was not found or cannot be read")
        end
        CincScan.text(text).lines(chomp: true).reject(&:empty?).map { |line| line.split(':', -1) }
      end
    end

    def entries(database, key = nil)
      found = lines(database).select { |name, _, id, *| key.nil? || name == key || (database != 'shadow' && id == key) }
      found = found.first(1) if key
      found.map { |fields| "#{fields.join(':')}\n" }.join
    end

    def id(key)
      name, _, uid, gid, = lines('passwd').find { |each| each[0] == key } || lines('passwd').find { |each| each[2] == key }
      return if name.nil?

      member = lines('group').select { |group| group[2] != gid && group[3].to_s.split(',').include?(name) }
      groups = [labelled(gid), *member.map { |group| "#{group[2]}(#{group[0]})" }]
      "uid=#{uid}(#{name}) gid=#{labelled(gid)} groups=#{groups.join(',')}\n"
    end

    def labelled(gid)
      name, = lines('group').find { |group| group[2] == gid }
      name ? "#{gid}(#{name})" : gid
    end

    def ageing(key)
      name, _, changed, least, most, warn, = lines('shadow').find { |each| each[0] == key }
      return if name.nil?

      <<~TEXT
        Last password change : #{date(changed)}
        Minimum number of days between password change : #{days(least)}
        Maximum number of days between password change : #{days(most)}
        Number of days of warning before password expires : #{days(warn)}
      TEXT
    end

    # As chage prints them.
    def days(field)
      field.to_s.empty? ? '-1' : field
    end

    def date(field)
      case field.to_s
      when '' then 'never'
      when '0' then 'password must be changed'
      else (Time.at(0).utc + (field.to_i * 86_400)).strftime('%b %d, %Y')
      end
    end
  end
end
