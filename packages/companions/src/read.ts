// SPDX-License-Identifier: Apache-2.0
import { toMessage } from '@cinc-scan/core';
import { decode } from './input/decode.ts';
import { Input } from './input/input.ts';
import { Journal } from './journal.ts';
import type { Reader, Wanted } from './reader.ts';
import { readers } from './readers/table.ts';
import type { About, NotLookedReason, Reading } from './reading.ts';

/** The tools whose results are read. */
export const tools: readonly string[] = readers.map(({ tool }) => tool);

/** Exit codes with which a tool has looked. */
export const exitsOf = (tool: string): readonly number[] => readers.find(each => each.tool === tool)?.exits ?? [];

/** Reads a result as one of a tool. Whatever is wrong with it is in the reading; nothing is thrown. */
export function readAs(tool: string, bytes: Uint8Array, wanted: Wanted): Reading {
  const reader = readers.find(each => each.tool === tool);
  if (reader === undefined) return refuse('wrong-tool', `there is no reader for ${tool}`, tool);
  const decoded = decode(bytes);
  if (decoded.kind === 'refused') return refuse('unreadable', decoded.problem, tool);
  const input = new Input(decoded.text);
  const problem = framingProblem(reader, input);
  if (problem !== undefined) return refuse('unreadable', problem, tool);
  if (!reader.fits(input)) return refuse('wrong-tool', strangerText(reader, input), tool);
  return readWith(reader, input, wanted);
}

/** Reads a result whose tool nobody named: exactly one reader has to know it. */
export function readAny(bytes: Uint8Array, wanted: Wanted): Reading {
  const decoded = decode(bytes);
  if (decoded.kind === 'refused') return refuse('unreadable', decoded.problem);
  const input = new Input(decoded.text);
  const [reader, ...others] = fitting(input);
  if (reader === undefined) {
    const { json } = input;
    if (json.kind === 'refused') return refuse('unreadable', json.problem);
    return refuse('wrong-tool', 'it is not the result of a tool that is read here');
  }
  if (others.length === 0) return readWith(reader, input, wanted);
  const names = [reader, ...others].map(({ title }) => title).join(' and ');
  return refuse('wrong-tool', `it may be a result of ${names}: name the tool`);
}

function framingProblem({ framing }: Reader, { json, frames }: Input): string | undefined {
  if (framing === 'one' && json.kind === 'refused') return json.problem;
  if (framing === 'lines' && frames.kind === 'refused') return frames.problem;
  if (framing === 'lines' && frames.kind === 'framed' && frames.documents.length === 0) return 'it is text, not JSON';
  return undefined;
}

function readWith(reader: Reader, input: Input, wanted: Wanted): Reading {
  const journal = new Journal();
  try {
    return journal.toReading(reader.read(input, journal, wanted));
  } catch (error) {
    // A reader that trips over a document has not read it, whatever it found until then.
    journal.problem('unreadable', `${reader.title}: ${toMessage(error)}`);
    return journal.toReading(nothingAbout(reader.tool));
  }
}

const fitting = (input: Input): Reader[] =>
  readers.filter(reader => framingProblem(reader, input) === undefined && reader.fits(input));

function strangerText(reader: Reader, input: Input): string {
  const [other, ...more] = fitting(input);
  const hint = other !== undefined && more.length === 0 ? `; it looks like one of ${other.title}` : '';
  return `it is not a result of ${reader.title}${hint}`;
}

const nothingAbout = (tool: string): About => ({
  tool,
  version: undefined,
  target: undefined,
  checkedAt: undefined,
  ruleset: '',
});

function refuse(reason: NotLookedReason, text: string, tool = ''): Reading {
  const journal = new Journal();
  journal.problem(reason, text);
  return journal.toReading(nothingAbout(tool));
}
