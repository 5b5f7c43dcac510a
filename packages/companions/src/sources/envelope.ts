// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import type { Problem } from '../reading.ts';

const moment = z.iso.datetime();

/** What is known of a scanner's run beside its result: much of it is in the result of no tool. */
const envelopeSchema = z.strictObject({
  version: z.literal(1),
  tool: z.string(),
  /** Without secrets. */
  argv: z.array(z.string()),
  exit: z.int().nullable(),
  signal: z.string().nullable(),
  started: moment,
  finished: moment,
  toolVersion: z.string().optional(),
  databaseVersion: z.string().optional(),
  /** The end of standard error, without secrets. */
  stderr: z.string(),
  /** Of the result, when the scanner ended; null if it left none. */
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/)
    .nullable(),
});

export type Envelope = z.infer<typeof envelopeSchema>;

export type ParsedEnvelope = { kind: 'envelope'; envelope: Envelope } | { kind: 'refused'; problem: string };

export function parseEnvelope(text: string): ParsedEnvelope {
  let document: unknown;
  try {
    document = JSON.parse(text);
  } catch {
    return { kind: 'refused', problem: 'its envelope is not JSON' };
  }
  const parsed = envelopeSchema.safeParse(document);
  if (parsed.success) return { kind: 'envelope', envelope: parsed.data };
  const [issue] = parsed.error.issues;
  return {
    kind: 'refused',
    problem: `its envelope is not one: ${issue?.path.join('.') ?? ''} ${issue?.message ?? ''}`,
  };
}

/** What a run tells that its result does not: each is a reason why nobody looked, or not at all of it. */
export interface RunOf {
  tool: string;
  /** Exit codes with which the tool has looked. */
  exits: readonly number[];
  /** Of the result as it lies there. */
  sha256: string;
}

export function envelopeProblems(envelope: Envelope, { tool, exits, sha256 }: RunOf): Problem[] {
  const problems: Problem[] = [];
  const add = (reason: Problem['reason'], text: string) => problems.push({ reason, text });
  if (envelope.tool !== tool) add('wrong-tool', `its envelope is of ${envelope.tool.slice(0, 40)}`);
  if (envelope.signal !== null) add('failed', `the scanner was ended by ${envelope.signal.slice(0, 20)}`);
  else if (!isFinished(envelope, exits))
    add('failed', `the scanner ended with exit code ${envelope.exit ?? 'unknown'}`);
  if (envelope.sha256 === null) add('failed', 'the scanner left no result');
  else if (envelope.sha256 !== sha256)
    add('stale', 'it is not what the scanner left: another run or another hand wrote it');
  const trace = traces.find(each => each.tool === tool && each.pattern.test(envelope.stderr));
  if (trace !== undefined) add('not-looked', trace.text);
  if (hidesLimits(envelope))
    problems.push({
      reason: 'unproven',
      text: 'clamscan says OK of files beyond its limits: call it with --alert-exceeds-max=yes',
      doubt: 'limits',
    });
  return problems;
}

/** A code that the call itself chose for findings (`--exit-code 2`) says that the tool has looked. */
function isFinished({ argv, exit }: Envelope, exits: readonly number[]): boolean {
  if (exit === null) return false;
  const chosen = argv.flatMap((word, index) => {
    const value = /^--exit-code(?:=(\d+))?$/.exec(word);
    return value === null ? [] : [Number(value[1] ?? argv[index + 1])];
  });
  // 1 is what a failure gives, too.
  return exits.includes(exit) || (exit !== 1 && chosen.includes(exit));
}

/** By default a file above `--max-filesize` is `OK`. */
const hidesLimits = ({ tool, argv: [program = '', ...options] }: Envelope): boolean =>
  tool === 'clamav' &&
  /(?:^|\/)clamscan$/.test(program) &&
  !options.some(option => /^--alert-exceeds-max(?:=yes)?$/.test(option));

// Errors that some tools tell nowhere else.
const traces = [
  { tool: 'clamav', pattern: /^LibClamAV Error/m, text: 'ClamAV told of an error on standard error' }, // clamav#1353
];
