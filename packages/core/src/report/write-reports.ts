// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { ScanError, toMessage, toScanError } from '../errors/index.ts';
import type { Secrets } from '../request/index.ts';
import { type Anchors, findAnchors, noAnchors } from './anchor.ts';
import type { ConsoleOptions } from './console.ts';
import type { TrendPoint } from './html/index.ts';
import type { ReportModel, Surface, WrittenReport } from './model.ts';
import { fileStems, insertBeforeExtension } from './names.ts';
import { type Pushed, type PushSettings, pushAll } from './push/push.ts';
import type { Push } from './push/push-spec.ts';
import { makeRedactor, type Redactor } from './redact.ts';
import {
  auditedOf,
  defaultFile,
  lastKinds,
  type RenderContext,
  type Rendered,
  type ReportSpec,
  renderReport,
} from './registry.ts';
import { safeJsonText } from './text.ts';
import { checkFolder, isInside, writeAtomic } from './write.ts';

export interface WriteOptions {
  /** Where reports without a path go; relative to the workspace. */
  outputDir: string;
  /** The folder that no output leaves through a link; relative paths start here. */
  workspace: string;
  stdout: (text: string) => void;
  console?: ConsoleOptions;
  surfaces?: Surface[];
  trend?: TrendPoint[];
  /** Of the run: none of them leaves it in a report. */
  secrets?: Secrets | undefined;
  /** Where to send it; told in the manifest, which is therefore written after. */
  pushes?: readonly Push[];
  pushSettings?: PushSettings;
  onPush?: (surface: Surface) => void;
}

/** Writes every report; one that fails keeps none of the others from being written, and its older file stays. */
export async function writeReports(
  model: ReportModel,
  specs: ReportSpec[],
  options: WriteOptions,
): Promise<WrittenReport[]> {
  const context: RenderContext = {
    console: options.console ?? { color: false, width: 100 },
    stems: fileStems(auditedOf(model)),
    reports: [],
    surfaces: options.surfaces ?? [],
    anchors: await anchorsFor(model, specs, options),
    trend: options.trend ?? [],
  };
  const redactor = makeRedactor(options.secrets?.all() ?? []);
  const failures: ScanError[] = [];
  const write = async (spec: ReportSpec) => {
    try {
      // One after another: the last ones tell of those before them.
      context.reports = [...context.reports, ...(await writeReport(model, { spec, options, context, redactor }))];
    } catch (error) {
      failures.push(toScanError(error, 'OUTPUT_UNWRITABLE', `The report ${spec.kind} failed`));
    }
  };
  for (const spec of specs.filter(each => !isLast(each))) await write(spec);
  context.surfaces = [...context.surfaces, ...(await send({ model, reports: context.reports, redactor }, options))];
  for (const spec of specs.filter(isLast)) await write(spec);
  throwAll(failures);
  return context.reports;
}

async function send(pushed: Pushed, { pushes = [], pushSettings, onPush }: WriteOptions): Promise<Surface[]> {
  const surfaces = await pushAll(pushes, pushed, pushSettings);
  for (const surface of surfaces) onPush?.(surface);
  return surfaces;
}

/** Fails if a report could not be written where it is asked for. */
export async function checkOutputs(
  specs: ReportSpec[],
  { outputDir, workspace }: Pick<WriteOptions, 'outputDir' | 'workspace'>,
): Promise<void> {
  const asked = specs.flatMap(({ path }) => (path === undefined || path === '-' ? [] : [path]));
  const folders = asked.map(path => (path.endsWith('/') ? path : dirname(path)));
  for (const folder of new Set([outputDir, ...folders])) await checkFolder(resolve(workspace, folder), workspace);
}

/** Only these reports point into the repository. */
function anchorsFor(model: ReportModel, specs: ReportSpec[], { workspace }: WriteOptions): Promise<Anchors> {
  const isWanted = specs.some(({ kind }) => kind === 'sarif' || kind === 'codequality');
  return isWanted ? findAnchors(model, workspace).catch(() => noAnchors) : Promise.resolve(noAnchors);
}

const isLast = ({ kind }: ReportSpec) => lastKinds.includes(kind);

function throwAll(failures: ScanError[]): void {
  const [first, ...others] = failures;
  if (first === undefined) return;
  if (others.length === 0) throw first;
  const message = failures.map(failure => toMessage(failure)).join('; ');
  throw new ScanError(first.code, message, { cause: first, remedy: first.remedy });
}

interface Job {
  spec: ReportSpec;
  options: WriteOptions;
  context: RenderContext;
  redactor: Redactor;
}

async function writeReport(model: ReportModel, { spec, options, context, redactor }: Job): Promise<WrittenReport[]> {
  const redact = isResult(spec) ? redactor.own : redactor.all;
  const files = renderReport(spec.kind, model, context).map(file => ({ ...file, text: redact(file.text) }));
  if (spec.path === '-') return printReport(spec, files, options);
  const written: WrittenReport[] = [];
  for (const [index, file] of files.entries()) {
    const path = resolve(options.workspace, pathFor(spec, file, { index, count: files.length, options }));
    await writeAtomic(path, file.text, options.workspace);
    written.push(toWritten(spec, file, shownPath(path, options.workspace)));
  }
  return written;
}

/** The auditor's bytes are kept, whatever a container said. */
const isResult = ({ kind }: ReportSpec) => kind === 'hdf' || kind === 'hdf-annotated';

function printReport(spec: ReportSpec, files: Rendered[], { stdout }: WriteOptions): WrittenReport[] {
  if (files.length > 1)
    throw new ScanError('USAGE', `The report ${spec.kind} has ${files.length} files; standard output takes one`, {
      remedy: `Give it a path instead: --report ${spec.kind}`,
    });
  return files.map(file => {
    // A log is read for commands; the escapes mean the same to every JSON reader.
    const text = /^\uFEFF?\s*[{[]/.test(file.text) ? safeJsonText(file.text) : file.text;
    const ended = text.endsWith('\n') ? text : `${text}\n`;
    stdout(ended);
    return toWritten(spec, { ...file, text: ended }, '-');
  });
}

interface Place {
  index: number;
  count: number;
  options: WriteOptions;
}

function pathFor({ kind, path }: ReportSpec, { stem = '' }: Rendered, { index, count, options }: Place): string {
  const name = defaultFile(kind);
  const isPerTarget = name.includes('<target>');
  const distinction = isPerTarget ? stem : `${index + 1}`;
  const isAlone = isPerTarget ? count === 1 : index === 0;
  if (path !== undefined && !path.endsWith('/')) return isAlone ? path : insertBeforeExtension(path, distinction);
  const file = name.replace('<target>', () => stem);
  return join(path ?? options.outputDir, isPerTarget || isAlone ? file : insertBeforeExtension(file, distinction));
}

function shownPath(path: string, workspace: string): string {
  const root = resolve(workspace);
  return isInside(path, root) ? relative(root, path).split(sep).join('/') : path.split(sep).join('/');
}

function toWritten({ kind }: ReportSpec, { text, truncated }: Rendered, path: string): WrittenReport {
  const sha256 = createHash('sha256').update(text).digest('hex');
  return { format: kind, path, sha256, bytes: Buffer.byteLength(text), truncated };
}
