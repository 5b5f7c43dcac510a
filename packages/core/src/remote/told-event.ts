// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { ScanError, toMessage } from '../errors/index.ts';
import { shortLine } from '../report/index.ts';
import { parseJsonText } from '../request/index.ts';
import { type EventRecord, stageTitles } from '../run/index.ts';
import type { StreamEvent } from './event-stream.ts';

const text = z.string().transform(raw => shortLine(raw, 2000));
const texts = z.array(text).max(10_000);
const object = { kind: text, namespace: text, name: text };
const number = z.number().min(0);

/** What a run elsewhere tells, but for its last word: a verdict is read from the results. */
const told = z.discriminatedUnion('event', [
  z.object({ event: z.literal('stage'), stage: z.enum(parseStages(Object.keys(stageTitles))) }),
  z.object({ event: z.literal('notice'), text }),
  z.object({ event: z.literal('planned'), targets: texts, missing: texts }),
  z.object({ event: z.literal('intent'), ...object }),
  z.object({ event: z.literal('object'), verb: z.enum(['create', 'delete']), object: z.object(object) }),
  z.object({ event: z.literal('session'), target: text, lens: text }),
  z.object({ event: z.literal('control'), target: text, control: text, status: text, done: number, total: number }),
  z.discriminatedUnion('outcome', [
    z.object({
      event: z.literal('outcome'),
      target: text,
      outcome: z.literal('audited'),
      seconds: number,
      commands: number,
    }),
    z.object({ event: z.literal('outcome'), target: text, outcome: z.literal('unreached'), code: text, message: text }),
  ]),
  z.object({ event: z.literal('engine-output'), lines: texts }),
]);

const kinds = {
  stage: true,
  notice: true,
  planned: true,
  intent: true,
  object: true,
  session: true,
  control: true,
  outcome: true,
  'engine-output': true,
} satisfies Record<Exclude<EventRecord['event'], 'verdict'>, true>;

type Stages = (keyof typeof stageTitles)[];

function parseStages(names: string[]): Stages {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- keys of the constant
  return names as Stages;
}

/** What an event tells; undefined for one of a kind that this version does not know. Throws SERVICE_ANSWER. */
export function toTold({ event, data }: StreamEvent): EventRecord | undefined {
  if (!Object.hasOwn(kinds, event)) return undefined;
  try {
    const fields = z.looseObject({}).parse(parseJsonText(data));
    return told.parse({ ...fields, event });
  } catch (error) {
    const message = `The scan service told of ${event} what has another form: ${toMessage(error)}`;
    throw new ScanError('SERVICE_ANSWER', shortLine(message, 500), { cause: error });
  }
}
