// SPDX-License-Identifier: Apache-2.0
import { mkdtemp, rm } from 'node:fs/promises';
import { join } from 'node:path';
import * as z from 'zod';
import { Broker, type ContainerMarker, type EngineEvent } from '../broker/index.ts';
import { ScanError } from '../errors/index.ts';
import type { OpenTarget } from '../lens/index.ts';
import { type JailStrength, parseJsonText } from '../request/index.ts';
import type { Engine, JobEnd } from './engine.ts';
import { type Inventory, inventory } from './inventory.ts';
import { type Jail, parseJail, requireStrength } from './jail.ts';
import { readResult } from './result-file.ts';

/** What a profile is run with, beside its path. */
export interface AuditInputs {
  inputs: Record<string, unknown>;
  inputFiles: string[];
  /** `key=value`, values read by the engine as bool, number or YAML. */
  input: string[];
  controls: string[];
  tags: string[];
}

/** A dependency as the engine is told of it, in the words of InSpec's own lock files. */
export interface LockedDependency {
  name: string;
  version_constraints: string[];
  resolved_source: { path: string };
  dependencies: LockedDependency[];
}

export interface AuditOrder extends AuditInputs {
  /** Local path of a profile. */
  profile: string;
  /** Its name, if it has none of its own. */
  called?: string;
  /** Where what it depends on lies. */
  depends: LockedDependency[];
  waivers: string[];
  /** Path of the profile's description (`describeProfile`), for restoring what InSpec drops of waived controls. */
  description: string | undefined;
  /** Hashed into the report's target id. */
  identity: string;
  /** For the whole audit, milliseconds. */
  timeoutMs: number;
  containerMarker: ContainerMarker;
  onControl(id: string, status: string, total: number): void;
  signal: AbortSignal | undefined;
}

/** What an audit is done with, and on. */
export interface Auditor {
  engine: Engine;
  scratch: string;
  open: OpenTarget;
}

/** The engine's own report, and what the profile has on this target. */
export interface Audit {
  text: string;
  inventory: Inventory;
}

// As the auditor's own --command-timeout.
const commandSeconds = 3600;

/** Runs a profile against an open target, or throws what kept it from giving a report. */
export async function audit({ engine, scratch, open }: Auditor, order: AuditOrder): Promise<Audit> {
  let total = 0;
  const onEvent = (event: EngineEvent) => {
    if (event.event === 'unseen') open.meter.unseen += 1;
    if (event.event === 'start') total = Number(event['controls']);
    if (event.event === 'control') order.onControl(String(event['id']), String(event['status']), total);
  };
  const result = await perform(
    { ...order, engine, scratch, target: open, onEvent },
    {
      kind: 'audit',
      profile: order.profile,
      called: order.called,
      depends: order.depends,
      description: order.description,
      identity: order.identity,
      inputs: order.inputs,
      input_files: order.inputFiles,
      input: order.input,
      controls: order.controls,
      tags: order.tags,
      waivers: order.waivers,
      command_timeout: Math.min(commandSeconds, Math.ceil(order.timeoutMs / 1000)),
    },
  );
  if (![0, 100, 101].includes(result.code ?? -1))
    throw new ScanError(
      'PROFILE_NOT_LOADED',
      `A profile failed to load (the engine ended with ${result.code}): ${loadFailure(result.text)}`,
    );
  return { text: result.text, inventory: result.inventory };
}

/** What is asked of a profile that is run against no machine. */
export interface DescribeOrder extends AuditInputs {
  profile: string;
  called?: string;
  depends: LockedDependency[];
}

/** The profile as InSpec reads it, against no machine: JSON text with its name, controls and inputs. */
export function describeProfile(
  engine: Engine,
  scratch: string,
  { profile, called, depends, inputs, inputFiles, input, controls, tags }: DescribeOrder,
): Promise<{ text: string; file: string }> {
  return perform(quietly(engine, scratch), {
    kind: 'describe',
    profile,
    called,
    depends,
    inputs,
    input_files: inputFiles,
    input,
    controls,
    tags,
  });
}

/** What the metadata of a profile says that it depends on, as JSON text. */
export async function readDepends(engine: Engine, scratch: string, profile: string): Promise<string> {
  return (await perform(quietly(engine, scratch), { kind: 'depends', profile })).text;
}

/** What profile code would run in here; runs none. */
export async function tryJail(engine: Engine, scratch: string): Promise<void> {
  await perform({ ...quietly(engine, scratch), keep: false }, { kind: 'jail' });
}

const waiverFiles = z.array(
  z.object({ path: z.string(), warnings: z.array(z.string()), problem: z.string().nullable() }),
);

/** What the auditor says of waiver files; one that it does not like would end a run. */
export async function readWaiverFiles(
  engine: Engine,
  scratch: string,
  waivers: string[],
): Promise<z.infer<typeof waiverFiles>> {
  const { text } = await perform(quietly(engine, scratch), { kind: 'waivers', waivers });
  return waiverFiles.parse(parseJsonText(text));
}

const quietly = (engine: Engine, scratch: string): Performing => ({
  engine,
  scratch,
  target: undefined,
  onEvent: () => undefined,
  timeoutMs: 120_000,
  containerMarker: 'none',
  signal: undefined,
  keep: true,
});

interface Performing {
  engine: Engine;
  scratch: string;
  target: OpenTarget | undefined;
  onEvent(event: EngineEvent): void;
  timeoutMs: number;
  containerMarker: ContainerMarker;
  signal: AbortSignal | undefined;
  keep?: boolean;
}

interface EngineResult {
  text: string;
  code: number | undefined;
  file: string;
  inventory: Inventory;
}

const completion = z.object({
  event: z.literal('complete'),
  sha256: z.string(),
  bytes: z.number(),
  code: z.number().optional(),
  ...inventory.shape,
});
const failure = z.object({ event: z.literal('failed'), class: z.string(), message: z.string() });
type Completion = z.infer<typeof completion>;
type Ending = Completion | z.infer<typeof failure>;
const ending = z.union([completion, failure]);

async function perform(job: Performing, order: Record<string, unknown>): Promise<EngineResult> {
  const { engine } = job;
  const directory = await mkdtemp(join(job.scratch, 'j'));
  const socketPath = join(directory, 's');
  let ended: Ending | undefined;
  let jail: Jail | undefined;
  const onEvent = (event: EngineEvent) => {
    // The first word is the engine's own; what comes after it may be a profile's.
    jail ??= parseJail(event);
    const { data } = ending.safeParse(event);
    if (data) ended = data;
    else job.onEvent(event);
  };
  try {
    await using broker = await Broker.listen({
      socketPath,
      target: job.target,
      onEvent,
      containerMarker: job.containerMarker,
      commandTimeoutMs: job.timeoutMs,
    });
    const seconds = Math.ceil(job.timeoutMs / 1000);
    const given = { ...order, directory, socket: socketPath, jail: engine.requiredJail, seconds };
    const { stopped, signal } = await runOrder(job, broker, given);
    // The order of these questions is the order of trust: what the broker and we know first, what the engine says last.
    if (broker.lost) throw broker.lost;
    if (stopped) throw stopped;
    if (ended === undefined) throw unconcluded(signal);
    if (ended.event === 'failed') throw toFailure(ended);
    engine.noteJail(requireJail(jail, engine.requiredJail));
    return await conclude(ended, directory);
  } finally {
    if (job.keep !== true) await rm(directory, { recursive: true, force: true });
  }
}

/** Until the process of the order has ended; gives the reason if we ended it, and the signal that did. */
async function runOrder(
  job: Performing,
  broker: Broker,
  order: Record<string, unknown>,
): Promise<JobEnd & { stopped: ScanError | undefined }> {
  const { job: id, ended } = await job.engine.order(order);
  let stopped: ScanError | undefined;
  const stop = (reason: ScanError) => {
    stopped ??= reason;
    job.engine.cancel(id);
  };
  const onAbort = () => stop(new ScanError('CANCELLED', 'The audit was cancelled'));
  const seconds = job.timeoutMs / 1000;
  const timer = setTimeout(
    () => stop(new ScanError('TARGET_TIMEOUT', `The audit did not end within ${seconds} s`)),
    job.timeoutMs,
  );
  if (job.signal?.aborted === true) onAbort();
  job.signal?.addEventListener('abort', onAbort);
  const end = await ended;
  clearTimeout(timer);
  job.signal?.removeEventListener('abort', onAbort);
  if (end.signal === null) await broker.lastWords();
  return { ...end, stopped };
}

function unconcluded(signal: number | null): ScanError {
  const how = signal === null ? '' : `: signal ${signal} ended it`;
  return new ScanError('ENGINE_CRASHED', `The engine ended without a completion record${how}`);
}

/** No profile code ran before the engine had said what it runs in. */
function requireJail(jail: Jail | undefined, wanted: JailStrength): Jail {
  if (jail === undefined) throw new ScanError('ENGINE_CRASHED', 'The engine did not say what it ran the profile in');
  requireStrength(jail, wanted);
  return jail;
}

async function conclude(ended: Completion, directory: string): Promise<EngineResult> {
  const file = join(directory, 'result.json');
  const { code, has, problems, unmatched } = ended;
  return { text: await readResult(file, ended), code, file, inventory: { has, problems, unmatched } };
}

// The uname of the container said nothing that any system says (Train 3.16, lib/train/platforms/detect/scanner.rb).
const unknownSystem = 'Train::PlatformDetectionFailed';

function toFailure({ class: name, message }: z.infer<typeof failure>): ScanError {
  if (name === 'jail') return new ScanError('JAIL_TOO_WEAK', `The jail for profile code is too weak: ${message}`);
  if (name === 'input') return new ScanError('PROFILE_INPUT_INVALID', `Input of the profile: ${message}`);
  return name === unknownSystem
    ? new ScanError('TARGET_CORRUPT', `The uname of the container matches no known operating system: ${message}`)
    : new ScanError('ENGINE_FAILED', `The profile could not be run: ${name}: ${message}`);
}

const profileStatuses = z.object({
  profiles: z.array(z.object({ name: z.string(), status: z.string().nullish(), status_message: z.string().nullish() })),
});

function loadFailure(text: string): string {
  const { data } = profileStatuses.safeParse(parseJsonText(text));
  const bad = data?.profiles.filter(profile => profile.status !== 'loaded') ?? [];
  return (
    bad.map(({ name, status, status_message: message }) => `${name} is ${status}: ${message ?? ''}`).join('; ') ||
    'no reason given'
  );
}
