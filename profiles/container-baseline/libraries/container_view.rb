# frozen_string_literal: true

# SPDX-License-Identifier: Apache-2.0

require 'securerandom'

# How the resources of this profile ask, and what becomes of a question that has no answer: the check ends as not
# reviewed and says why. A check that passed has seen what it speaks of.
module ContainerView
  # Answers of this run. One process looks at one container, but a profile may be loaded more than once.
  ANSWERS = {}.compare_by_identity

  # Asks once in a run, and remembers also that there was no answer.
  def once(question, &asking)
    known = (ANSWERS[inspec.backend] ||= {})
    known[question] = answer_or_reason(&asking) unless known.key?(question)
    take(known[question])
  end

  # Runs a script with the tools it needs, and returns the parts between its calls of `part`.
  def ask(tools, script)
    mark = SecureRandom.hex(16)
    result = take(answer_or_reason { inspec.backend.run_command(<<~SHELL) })
      for tool in #{tools}; do command -v "$tool" >/dev/null 2>&1 || { printf '%s' "$tool"; exit 127; }; done
      part() { printf '\\n%s\\n' #{mark}; }
      #{script}
      part; printf end
    SHELL
    not_reviewed("There is no #{result.stdout} in the container to look with.") if result.exit_status == 127
    *parts, last = result.stdout.dup.force_encoding(Encoding::UTF_8).scrub.split("\n#{mark}\n", -1)
    not_reviewed('The container did not answer to the end.') unless last == 'end'
    [parts, complaints(result.stderr)]
  end

  # The file at a path; nil where there is none.
  def look(path)
    once([:look, path]) { inspec.file(path).then { |file| file if file.exist? } }
  end

  # The text of a file; nil where there is none.
  def read(path)
    once([:read, path]) do
      file = look(path)
      file && (file.content&.scrub || not_reviewed("#{path} may not be read by the user that looks."))
    end
  end

  # What was found, if anything; nothing counts as nothing only if all of it could be looked at.
  def complete(findings, unseen)
    return findings unless findings.empty? && !unseen.empty?

    shown = unseen.first(5).join(', ')
    more = unseen.size > 5 ? " and #{unseen.size - 5} more" : ''
    not_reviewed("Nothing was found, but not everything could be looked at: #{shown}#{more}")
  end

  def quote(text)
    "'#{text.gsub("'", "'\\\\''")}'"
  end

  # As RSpec's own `skip`. Before an example runs, InSpec takes the exception for a resource that is skipped.
  def not_reviewed(reason)
    example = RSpec.current_example
    raise ::Inspec::Exceptions::ResourceSkipped, reason unless example

    RSpec::Core::Pending.mark_skipped!(example, reason)
    example.metadata[:description] = reason # which is what InSpec reports of a skipped check
    raise RSpec::Core::Pending::SkipDeclaredInExample, reason
  end

  private

  def take((kind, answer))
    raise answer if kind == :broken

    kind == :seen ? answer : not_reviewed(answer)
  end

  # Of the tools; a library that could not be preloaded keeps none of them from looking.
  def complaints(text)
    text.lines.reject { |line| line.start_with?('ERROR: ld.so: ') }.join
  end

  def answer_or_reason
    [:seen, yield]
  rescue RSpec::Core::Pending::SkipDeclaredInExample => e
    [:unseen, e.argument]
  rescue ::Inspec::Exceptions::ResourceSkipped => e
    [:unseen, e.message]
  rescue Train::TransportError
    raise
  rescue Train::Error => e # a tool that is missing, a command that did not end, an answer that is too large
    [:unseen, e.message]
  rescue StandardError => e # an error stays one, and is not met again by asking again
    [:broken, e]
  end
end

# Names what was found, one by line; `be_empty` would cut the list after two hundred characters.
RSpec::Matchers.define :have_no_findings do
  match { |findings| findings.respond_to?(:empty?) && findings.empty? }
  failure_message do |findings|
    next "expected a list of findings, got #{findings.inspect}" unless findings.respond_to?(:first)

    shown = findings.first(25).map { |finding| "  #{finding.to_s[0, 200]}" }
    more = findings.size > 25 ? ["  and #{findings.size - 25} more"] : []
    ["#{findings.size} found:", *shown, *more].join("\n")
  end
end
