// SPDX-License-Identifier: Apache-2.0
// Reads the `cinc-scan …` commands of a page, and what the command line says that it takes.
import { execFile } from 'node:child_process';
import { program } from './cinc-scan.ts';

interface Flag {
  name: string;
  value: string | undefined;
}

/** One command as a page has it. */
export interface Line {
  text: string;
  /** The words before the first argument or flag: `scan`, `access operator-role`. */
  command: string[];
  flags: Flag[];
}

/** Lines of shell blocks, and code spans, that call cinc-scan with one of its commands. */
export function commandsIn(page: string): Line[] {
  const shell = [...page.matchAll(/^```sh\n([\s\S]*?)^```$/gm)].flatMap(([, text = '']) =>
    text.replaceAll(/\\\n\s*/g, ' ').split('\n'),
  );
  const spans = [...page.replaceAll(/^```[\s\S]*?^```$/gm, '').matchAll(/`([^`\n]+(?:\n[^`\n]+)?)`/g)].map(
    ([, text = '']) => text.replaceAll('\n', ' '),
  );
  return [...shell, ...spans].flatMap(text => {
    const found = /^(?:\.\/dev )?cinc-scan (.+)$/.exec(text.trim());
    return found === null ? [] : [parseLine(text.trim(), words(found[1] ?? ''))];
  });
}

// Commands that are made of two words.
const groups = new Set(['access', 'profile', 'sidecar']);

function parseLine(text: string, all: string[]): Line {
  const [first = ''] = all;
  const command = groups.has(first) ? all.slice(0, 2) : first.startsWith('-') ? [] : [first];
  // What stands behind `--` is another program's.
  const end = all.indexOf('--');
  const rest = all.slice(command.length, end === -1 ? undefined : end);
  const flags = rest.flatMap((word, index): Flag[] => {
    const [name = '', joined] = word.split('=', 2);
    if (!/^--?[a-zA-Z]/.test(word)) return [];
    const next = rest[index + 1];
    return [{ name, value: joined ?? (next?.startsWith('-') === true ? undefined : next) }];
  });
  return { text, command, flags };
}

/** Words as a shell splits them, for the quoting that pages use. */
function words(text: string): string[] {
  const bare = text.replace(/ +#.*$/, '').replace(/ …$/, '');
  return [...bare.matchAll(/'([^']*)'|"([^"]*)"|(\S+)/g)].map(found => found[1] ?? found[2] ?? found[3] ?? '');
}

export interface Help {
  /** The first line; that of the whole program for a command that does not exist. */
  usage: string;
  flags: ReadonlySet<string>;
}

const helps = new Map<string, Promise<Help>>();

/** What the help of a command says. */
export function helpOf(command: string[]): Promise<Help> {
  const key = command.join(' ');
  const found = helps.get(key) ?? readHelp(command);
  helps.set(key, found);
  return found;
}

async function readHelp(command: string[]): Promise<Help> {
  const [node, script] = program;
  const text = await new Promise<string>(done => {
    execFile(node, [script, ...command, '--help'], (_error, stdout) => done(stdout));
  });
  const flags = [...text.matchAll(/^ {2}(?:(-\w), )?(--[\w-]+)/gm)].flatMap(([, short, long = '']) =>
    short === undefined ? [long] : [short, long],
  );
  return { usage: text.split('\n')[0] ?? '', flags: new Set(flags) };
}
