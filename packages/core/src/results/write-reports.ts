// SPDX-License-Identifier: Apache-2.0
import { createHash } from 'node:crypto';
import { dirname, join, relative, resolve, sep } from 'node:path';
import { ScanError, toMessage, toScanError } from '../errors/index.ts';
import { type RetrySettings, retryDefaults } from '../http/index.ts';
import {
  type Anchors,
  auditedOf,
  type ConsoleOptions,
  defaultFile,
  fileStems,
  insertBeforeExtension,
  lastKinds,
  noAnchors,
  type Outputs,
  type RenderContext,
  type Rendered,
  type ReportModel,
  type ReportSpec,
  renderOutputs,
  renderReport,
  type Surface,
  safeJsonText,
  type TrendPoint,
  type WrittenReport,
} from '../report/index.ts';
import type { Environment, Secrets } from '../request/index.ts';
import { checkFolder, destinationOf, isInside, writeAtomic } from '../store/index.ts';
import { removeEarlierRun } from './earlier-run.ts';
import { findAnchors } from './find-anchors.ts';
import { type Pushed, pushAll } from './push/push.ts';
import type { Push } from './push/push-spec.ts';
import { makeRedactor } from './redact/redact.ts';
import { redactModel } from './redact/redact-model.ts';

export interface WriteOptions {
  /** Where reports without a path go; relative to the workspace. */
  outputDir: string;
  /** The folder that no output leaves through a link; relative paths start here. */
  workspace: string;
  stdout: (text: string) => unknown;
  console?: ConsoleOptions;
  surfaces?: Surface[];
  trend?: TrendPoint[];
  /** Of the run: none of them leaves it in a report. */
  secrets?: Secrets | undefined;
  /** Where to send it; told in the manifest, which is therefore written after. */
  pushes?: readonly Push[];
  /** Names proxies. */
  environment?: Environment;
  pushSettings?: RetrySettings;
  onPush?: (surface: Surface) => void;
}

/** Writes every report; one that fails keeps none of the others from being written, and its older file stays. */
export async function writeReports(
  given: ReportModel,
  specs: ReportSpec[],
  options: WriteOptions,
): Promise<WrittenReport[]> {
  const redactor = makeRedactor(options.secrets?.all() ?? []);
  const model = redactModel(given, redactor);
  const context: RenderContext = {
    console: options.console ?? { color: false, width: 100 },
    stems: fileStems(auditedOf(model)),
    reports: [],
    surfaces: options.surfaces ?? [],
    anchors: await anchorsFor(model, specs, options),
    trend: options.trend ?? [],
  };
  const failures: ScanError[] = [];
  const write = async (spec: ReportSpec) => {
    try {
      // One after another: the last ones tell of those before them.
      context.reports = [...context.reports, ...(await writeReport(model, { spec, options, context }))];
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

async function send(
  pushed: Pushed,
  { pushes = [], pushSettings = retryDefaults, environment = {}, onPush }: WriteOptions,
): Promise<Surface[]> {
  const surfaces = await pushAll(pushes, pushed, { environment, ...pushSettings });
  for (const surface of surfaces) onPush?.(surface);
  return surfaces;
}

/** Fails if a report could not be written where it is asked for. */
export async function checkOutputs(
  specs: ReportSpec[],
  { outputDir, workspace }: Pick<WriteOptions, 'outputDir' | 'workspace'>,
): Promise<void> {
  const asked = specs.flatMap(({ path }) => (path === undefined || path === '-' ? [] : [path]));
  const folders: string[] = [];
  for (const path of asked)
    if (path.endsWith('/')) folders.push(path);
    else if ((await destinationOf(resolve(workspace, path))) === 'file') folders.push(dirname(path));
  for (const folder of new Set([outputDir, ...folders])) await checkFolder(resolve(workspace, folder), workspace);
}

/** Makes sure that reports can be written, and that nothing of an earlier run will stand among them. */
export async function prepareOutputs(specs: ReportSpec[], outputDir: string, workspace: string): Promise<void> {
  await checkOutputs(specs, { outputDir, workspace });
  await removeEarlierRun({ outputDir, workspace });
}

/** Writes what the next step of a pipeline reads of a run that ended before it looked; older results do not stay. */
export async function writeFailureOutputs(outputs: Outputs, outputDir: string, workspace: string): Promise<void> {
  await removeEarlierRun({ outputDir, workspace });
  await writeAtomic(resolve(workspace, outputDir, 'outputs.json'), renderOutputs(outputs), workspace);
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
}

async function writeReport(model: ReportModel, { spec, options, context }: Job): Promise<WrittenReport[]> {
  const files = renderReport(spec.kind, model, context);
  if (spec.path === '-') return printReport(spec, files, options);
  const written: WrittenReport[] = [];
  for (const [index, file] of files.entries()) {
    const path = resolve(options.workspace, pathFor(spec, file, { index, count: files.length, options }));
    await writeAtomic(path, file.text, options.workspace);
    written.push(toWritten(spec, file, shownPath(path, options.workspace)));
  }
  return written;
}

async function printReport(spec: ReportSpec, files: Rendered[], { stdout }: WriteOptions): Promise<WrittenReport[]> {
  if (files.length > 1)
    throw new ScanError('USAGE', `The report ${spec.kind} has ${files.length} files; standard output takes one`, {
      remedy: `Give it a path instead: --report ${spec.kind}`,
    });
  const written: WrittenReport[] = [];
  for (const file of files) {
    // A log is read for commands; the escapes mean the same to every JSON reader.
    const text = /^\uFEFF?\s*[{[]/.test(file.text) ? safeJsonText(file.text) : file.text;
    const ended = text.endsWith('\n') ? text : `${text}\n`;
    await stdout(ended);
    written.push(toWritten(spec, { ...file, text: ended }, '-'));
  }
  return written;
}

interface ReportNumber {
  index: number;
  count: number;
  options: WriteOptions;
}

function pathFor({ kind, path }: ReportSpec, { stem = '' }: Rendered, { index, count, options }: ReportNumber): string {
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
