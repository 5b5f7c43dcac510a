# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'securerandom'
require 'train/extras'

module CincScan
  # Answers what InSpec's `processes` asks of procps, from /proc: for targets without `ps`, and for lenses beside the
  # target, whose own processes and those of other containers are not the target's. One container is told from another
  # by the id in the control group of its processes. The commands are those of inspec-core 5.24 (resources/processes.rb).
  class ProcessTable
    QUESTION = 'ps wwaxo label,pid,pcpu,pmem,vsz,rss,tty,stat,start,time,user:32,command'
    HELP = 'ps --help'
    HEADER = 'LABEL PID %CPU %MEM VSZ RSS TT STAT STARTED TIME USER COMMAND'
    FILES = %w[stat status cgroup attr/current cmdline].freeze
    TICKS = 100 # a second; what Linux shows to programs on every platform of today

    def initialize(connection)
      @connection = connection
    end

    # @return [Train::Extras::CommandResult, nil] nil for a command that does not come from `processes`
    def answer(command)
      case command
      when HELP then Train::Extras::CommandResult.new('', '', 0)
      when QUESTION then Train::Extras::CommandResult.new(table, '', 0)
      end
    end

    private

    # The files of every process in one trip. What separates them is new each time: a process can write anything there.
    def table
      mark = SecureRandom.hex(16)
      stdout, = @connection.run(script(mark))
      system, own, *each = stdout.split("#{mark}:process\n").map { |text| text.split("#{mark}\n", -1) }
      @boot = system[0][/^btime (\d+)/, 1].to_i
      @uptime = system[1].to_f
      @memory = system[2][/^MemTotal:\s+(\d+)/, 1].to_i
      lines = each.select { |files| files.length == FILES.length && container(files[2]) == container(own[0]) }
      ["#{HEADER}\n", *lines.filter_map { |files| line(*files.map { |text| CincScan.text(text) }) }].join
    end

    # `self` is the target where the lens is beside it. Elsewhere it is a program of this session, whose shell and
    # children are left out.
    def script(mark)
      <<~SHELL
        cat /proc/stat; echo #{mark}; cat /proc/uptime; echo #{mark}; cat /proc/meminfo; echo #{mark}:process
        cat /proc/self/cgroup
        for p in /proc/[0-9]*; do
          [ "$p" = "/proc/$$" ] && continue
          read -r line <"$p/stat" || continue; line=${line##*) }; line=${line#* }; [ "${line%% *}" = $$ ] && continue
          printf '%s:process\\n' #{mark}; cat "$p/stat"; echo #{mark}; cat "$p/status"; echo #{mark}
          cat "$p/cgroup"; echo #{mark}; cat "$p/attr/current"; echo #{mark}; cat "$p/cmdline"
        done 2>/dev/null; :
      SHELL
    end

    # Ids have 64 hexadecimal digits; what comes before "kubepods" is of the node, what follows the id of the container.
    def container(cgroup)
      path = cgroup.lines.map { |text| text.chomp.split(':', 3)[2].to_s }.find { |text| text.match?(/\h{64}/) }
      path.to_s[/(?:kubepods.*?)?(\h{64})/, 1]
    end

    def line(stat, status, _cgroup, label, command)
      pid = stat[/\A\d+/]
      name = stat[/\((.*)\)/m, 1]
      state, _parent, group, session, tty, foreground, *rest = stat[/.*\)\s(.*)/m, 1].to_s.split
      return if rest.length < 15

      seconds = (rest[5].to_i + rest[6].to_i) / TICKS.to_f
      since = rest[13].to_i / TICKS.to_f
      flags = [rest[10].to_i.negative? ? '<' : nil, rest[10].to_i.positive? ? 'N' : nil, session == pid ? 's' : nil,
               rest[11].to_i > 1 ? 'l' : nil, foreground == group ? '+' : nil]
      [shown(label), pid, percent(seconds, @uptime - since), percent(kilobytes(status, 'VmRSS'), @memory),
       kilobytes(status, 'VmSize'), kilobytes(status, 'VmRSS'), terminal(tty.to_i), "#{state}#{flags.join}",
       started(since), time(seconds), user(status[/^Uid:\s+\d+\s+(\d+)/, 1]), words(command, name, state)].join(' ').concat("\n")
    end

    def shown(label)
      text = label.delete("\0").strip.split.first
      text.nil? ? '-' : text
    end

    def percent(part, whole)
      format('%.1f', whole.positive? ? part * 100.0 / whole : 0)
    end

    def kilobytes(status, key)
      status[/^#{key}:\s+(\d+)/, 1].to_i
    end

    def terminal(device)
      return '?' if device.zero?

      major = (device >> 8) & 0xfff
      minor = (device & 0xff) | ((device >> 12) & 0xfff00)
      major.between?(136, 143) ? "pts/#{((major - 136) * 256) + minor}" : "tty#{minor}"
    end

    def started(since)
      start = Time.at(@boot + since).utc
      @uptime - since > 86_400 ? start.strftime('%b %d') : start.strftime('%H:%M:%S')
    end

    def time(seconds)
      format('%<hours>02d:%<minutes>02d:%<seconds>02d', hours: seconds / 3600, minutes: seconds / 60 % 60, seconds: seconds % 60)
    end

    def user(uid)
      @users ||= CincScan.text(@connection.read('/etc/passwd').to_s).lines.to_h { |text| text.split(':').values_at(2, 0) }
      @users[uid] || uid
    end

    def words(command, name, state)
      text = command.chomp("\0").tr("\0\n\t", ' ')
      return text unless text.empty?

      state == 'Z' ? "[#{name}] <defunct>" : "[#{name}]"
    end
  end
end
