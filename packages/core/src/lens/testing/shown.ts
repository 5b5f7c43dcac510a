// SPDX-License-Identifier: Apache-2.0
import type { CommandAnswer } from '../framing.ts';
import type { RunOptions, Session } from '../session.ts';

export interface Shown {
  status: number;
  out: string;
  err: string;
}

export async function ask(session: Session, command: string, options: Partial<RunOptions> = {}): Promise<Shown> {
  return show(await session.run(command, options));
}

export function show({ status, stdout, stderr }: CommandAnswer): Shown {
  return { status, out: stdout.toString('latin1'), err: stderr.toString('latin1') };
}

const states = 'pwd; umask; echo "[$leak]"; type printf; trap; echo $-';

/** What a command can have left behind in a session. */
export const stateOf = (session: Session): Promise<Shown> => ask(session, states);

// Commands that other protocols hang on, or that would leak into the next one; then what they leave behind is asked for.
export const commands: [name: string, command: string, expected: Partial<Shown>][] = [
  ['keeps the channels apart', 'echo out; echo err >&2; (exit 3)', { status: 3, out: 'out\n', err: 'err\n' }],
  ['takes exit for the end of the command', 'echo a; exit 7; echo b', { status: 7, out: 'a\n' }],
  ['takes exec for the end of the command', 'exec echo gone', { status: 0, out: 'gone\n' }],
  ['tells a missing program by 127', 'no-such-program --x', { status: 127, out: '' }],
  ['gives no input', 'cat; read -r x; echo "$?"', { out: '1\n', err: '' }],
  ['reads here-documents', "cat <<'END'\n$HOME `x` \\\nEND\necho after", { status: 0, out: '$HOME `x` \\\nafter\n' }],
  ['reads a here-document that is not closed', 'cat <<END\ntext', { status: 0 }],
  ['ignores a trailing comment', 'echo x # and a comment', { status: 0, out: 'x\n' }],
  ['survives a backslash at the end', 'echo x \\', { status: 0 }],
  ['survives a syntax error', 'if then', { out: '' }],
  ['survives a stray parenthesis', 'echo a ) ; echo b', {}],
  ['survives a stray brace', '}', {}],
  ['survives an open double quote', 'echo "abc', { out: '' }],
  ['survives an open single quote', "echo 'abc", { out: '' }],
  ['survives an open substitution', 'echo $(echo a', {}],
  ['keeps line ends', "printf 'a\\r\\nb\\n\\n'", { out: 'a\r\nb\n\n' }],
  ['keeps output without a line end', 'printf x', { out: 'x' }],
  ['runs several lines', 'a=1\nb=2\necho $((a + b))', { out: '3\n' }],
  ['says nothing for nothing', ':', { status: 0, out: '', err: '' }],
  ['says nothing for an empty command', '', { status: 0, out: '', err: '' }],
  ['runs a trap at the end', "trap 'echo bye' EXIT; echo hi", { out: 'hi\nbye\n' }],
  ['keeps set -e to itself', 'set -e; false; echo never', { status: 1, out: '' }],
  ['keeps set -x to itself', 'set -x; :', { status: 0, out: '' }],
  ['keeps cd to itself', 'cd /proc && pwd', { out: '/proc\n' }],
  ['keeps variables, functions and aliases to itself', 'leak=1; echo() { printf no; }; alias printf=false; :', {}],
  ['keeps umask to itself', 'umask 0', { status: 0 }],
  ['keeps redirections to itself', 'exec >/dev/null 2>&1 </dev/null; echo unseen', { out: '', err: '' }],
  ['keeps closed descriptors to itself', 'exec 0<&- 1>&- 2>&-', { out: '', err: '' }],
];
