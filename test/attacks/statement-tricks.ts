// SPDX-License-Identifier: Apache-2.0
// A statement of Ruby where a profile may have one: in its file, in a control, in a check. A check that fails follows it.
import { bad, control, good, type Trick, wrong } from './trick.ts';

const statements = {
  'exit with 0': 'exit 0',
  'exit with 1': 'exit 1',
  'exit at once with 0': 'exit!(0)',
  'exit at once with 1': 'exit!(1)',
  'abort with a message': "abort('done')",
  'abort without one': 'Kernel.abort',
  'a SystemExit': 'raise SystemExit',
  'a NoMemoryError': 'raise NoMemoryError',
  'an Interrupt': 'raise Interrupt',
  'an Exception': "raise Exception, 'stop'",
  'a throw that nothing catches': 'throw :away',
  'SIGKILL to itself': 'Process.kill(:KILL, Process.pid)',
  'SIGTERM to itself': 'Process.kill(:TERM, Process.pid); sleep 1',
  'SIGKILL to its parent': 'Process.kill(:KILL, Process.ppid)',
  'SIGSTOP to itself': 'Process.kill(:STOP, Process.pid)',
  'a stack without end': 'again = -> { again.call }; again.call',
  'closed descriptors': '(0..60).each { |fd| IO.for_fd(fd).close rescue nil }',
  'a child that goes on': 'exit!(0) if fork',
  'a child that ends': 'Process.wait(fork { exit 0 })',
  'an exit at exit': 'at_exit { exit!(0) }',
  'an exit from another thread': 'Thread.new { sleep 0.01; Thread.main.raise SystemExit }; sleep 0.1',
  'a forged end on standard output':
    '$stdout.puts %({"event":"ended","job":1,"status":0,"signal":null}); $stdout.flush; exit!(0)',
  'another program in its place': "exec('true')",
  'another program in front of it': "system('exit 0')",
  'a wish of RSpec to quit': 'RSpec.world.wants_to_quit = true',
  'RSpec that stops at a failure': 'RSpec.configuration.fail_fast = 1',
  'RSpec that filters everything out': 'RSpec.configuration.filter_run_excluding(->(*) { true })',
  'RSpec without its examples': 'RSpec.clear_examples',
  'RSpec from the start': 'RSpec.reset',
  'a rescue of everything': "begin; inspec.command('true').stdout; rescue Exception; nil; end",
  'a garbage collection': 'GC.start',
  'another folder': "Dir.chdir('/')",
  'another umask': 'File.umask(0)',
  'a trap at exit': "trap('EXIT') { exit!(0) }",
  'another reporter': 'Inspec::Reporters::Json.class_eval { def report; { profiles: [] }; end } rescue nil',
  'an empty environment': 'ENV.clear',
  'a folder that is gone': "require 'fileutils'; FileUtils.rm_rf(Dir.pwd) if Dir.pwd.include?('/cst-')",
  'a sleep longer than its time': 'sleep 600',
};

// No program is started for a profile: what depended on one is not reviewed, which a gate for failures alone lets pass.
const notReviewed: readonly string[] = [
  'a child that goes on',
  'a child that ends',
  'another program in its place',
  'another program in front of it',
] satisfies (keyof typeof statements)[];

const places = {
  'in the file': (statement: string) => ({ 'controls/all.rb': `${statement}\n${good}${bad}` }),
  'in a control': (statement: string) => ({ 'controls/all.rb': good + control('bad', `${statement}\n  ${wrong}`) }),
  'in a check': (statement: string) => ({
    'controls/all.rb': good + control('bad', `describe(1) { it { ${statement}; should eq 2 } }`),
  }),
};

export const statementTricks: Trick[] = Object.entries(statements).flatMap(([name, statement]) =>
  Object.entries(places).map(([place, filesOf]) => ({
    name: `${name} ${place}`,
    files: filesOf(statement),
    zero: notReviewed.includes(name) ? ('under a lenient gate' as const) : ('never' as const),
  })),
);
