# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

# Tells the processes of this container from those of its neighbours and from our own.
#
# /proc may show the processes of a whole pod or node, and process 1 may be somebody else's. A process belongs to the
# container whose root file system it has; /proc/PID/mountinfo tells, and is open to everyone. Our own shell is in the
# container (exec), or in one beside it with nothing but its root directory changed: then the kernel shows no mounts to
# it at all, and the device of the root directory tells.
module ProcessTable
  SURVEY = <<~'SHELL'
    cat /proc/[0-9]*/status 2>/dev/null
    part
    root_of() {
      while read -r id parent device root point rest; do
        [ "$point" = / ] && { printf '%s %s %s\n' "$1" "$device" "$root"; break; }
      done
    }
    for p in /proc/[0-9]*; do root_of "${p##*/}" <"$p/mountinfo"; done 2>/dev/null
    part
    for p in /proc/[0-9]*; do read -r line <"$p/cgroup" && printf '%s %s\n' "${p##*/}" "$line"; done 2>/dev/null
    part
    cat /proc/[0-9]*/stat 2>/dev/null
    part
    printf '%s' "$$"
    part
    root_of self </proc/self/mountinfo 2>/dev/null
    part
    stat -L -c %d /
  SHELL

  # Those of the container, the oldest first.
  def processes
    once(:processes) do
      mine = table.select { |process| ours?(process) } - session
      containers = mine.map { |process| process[:cgroup].to_s[/\h{64}/] }.uniq
      not_reviewed('Processes of several containers share one root file system here.') if containers.size > 1
      not_reviewed('No process of this container can be told from those of others.') if mine.empty?
      mine.sort_by { |process| [process[:start], process[:pid]] }
    end
  end

  def first_process
    processes.first
  end

  # All that can be seen.
  def table
    survey[:processes]
  end

  def field(process, name)
    process[:status][name] || not_reviewed("The kernel tells no #{name} of its processes.")
  end

  def label(process)
    "process #{process[:pid]} (#{process[:name]})"
  end

  private

  def survey
    once(:survey) do
      (statuses, roots, cgroups, stats, shell, own, device), = ask('cat stat', SURVEY)
      tables = [numbered(roots), numbered(cgroups), starts(stats)]
      { processes: statuses.split(/^(?=Name:)/).filter_map { |text| to_process(text, *tables) },
        shell: shell.to_i, own: own.strip.split(' ', 2).last, device: device_text(device.to_i) }
    end
  end

  def to_process(text, roots, cgroups, starts)
    status = text.lines.to_h { |line| line.chomp.split(/:\s*/, 2) }
    pid = status['Pid'].to_i
    return unless pid.positive? && starts.key?(pid)

    { pid: pid, parent: status['PPid'].to_i, name: status['Name'], status: status,
      root: roots[pid], cgroup: cgroups[pid], start: starts[pid] }
  end

  def ours?(process)
    return false if process[:root].nil?

    own = survey[:own]
    own.nil? || own.empty? ? process[:root].split.first == survey[:device] : process[:root] == own
  end

  # What came from our session, which may itself be in the container.
  def session
    found = table.select { |process| process[:pid] == session_start }
    loop do
      more = table.select { |process| found.any? { |one| one[:pid] == process[:parent] } } - found
      return found if more.empty?

      found += more
    end
  end

  # The process that was brought into the container and started the shell of this command: it has no parent in there, or one
  # of the node that belongs to no container of ours. Where that is the container's own first process, the shell alone is
  # ours.
  def session_start
    known = table.to_h { |process| [process[:pid], process] }
    shell = survey[:shell]
    top = shell
    top = known[top][:parent] while known[top] && same_group?(known[known[top][:parent]], known[top])
    top == 1 ? shell : top
  end

  def same_group?(parent, process)
    parent && parent[:cgroup] == process[:cgroup]
  end

  def numbered(text)
    text.lines.to_h { |line| line.chomp.split(' ', 2).then { |pid, rest| [pid.to_i, rest] } }
  end

  # Field 22 of proc(5) stat; the name before it may hold blanks and parentheses.
  def starts(text)
    text.lines.filter_map do |line|
      pid, rest = line.match(/\A(\d+) .*\) (.*)\z/m)&.captures
      [pid.to_i, rest.split[19].to_i] if pid
    end.to_h
  end

  # As makedev(3) packs the two numbers.
  def device_text(number)
    major = ((number >> 8) & 0xfff) | ((number >> 32) & ~0xfff)
    minor = (number & 0xff) | ((number >> 12) & ~0xff)
    "#{major}:#{minor}"
  end
end
