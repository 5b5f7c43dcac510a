// SPDX-License-Identifier: Apache-2.0
// Reads one question a line from stdin and answers each with one line on stdout, so that loading SAF (1.4 s) is paid once.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { createInterface } from 'node:readline';
import { format } from 'node:util';

interface Question {
  ask: 'threshold' | 'attest' | 'accepts' | 'controls' | 'checklist' | 'convert';
  /** Or a checklist, or the result of another scanner. */
  hdf: string;
  /** A threshold, or attestations. */
  spec?: string;
  form?: 'file' | 'inline';
}

interface Answer {
  exit: number | string | null | undefined;
  printed: string;
  result?: unknown;
}

interface Command {
  default: { run: (argv: string[], options: { root: string }) => Promise<unknown> };
}

interface InspecJs {
  convertFile: (text: string, keepErrors: boolean) => Record<string, unknown>;
  convertFileContextual: (text: string) => { contains: { data: { name: string }; contains: Contextual[] }[] };
}
interface Contextual {
  data: { id: string };
  hdf: { status: string; severity: string };
  root: { hdf: { status: string; severity: string } };
  extendedBy: unknown[];
}

interface StigManager {
  reviewsFromCkl: (given: object) => { target: { name: string }; checklists: unknown[]; errors: string[] };
}

interface Converters {
  fingerprint: (given: { data: string; filename: string }) => string;
  [mapper: string]: unknown;
}
type Mapper = new (data: string) => { toHdf: () => unknown };

// The packages are not imported statically, so that the compiler does not need 440 MB installed.
const require: NodeJS.Require = createRequire(import.meta.url);

function parseCommand(name: string): Command {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what every command of SAF exports
  return require(`@mitre/saf/lib/commands/${name}.js`) as Command;
}

function parseInspecJs(): InspecJs {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the functions of its public interface
  return require('inspecjs') as InspecJs;
}

function parseStigManager(): StigManager {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- as its README has it
  return require('@nuwcdivnpt/stig-manager-client-modules') as StigManager;
}

/** Those that SAF converts with, and Heimdall. */
function parseConverters(): Converters {
  const ofSaf = createRequire(require.resolve('@mitre/saf/package.json'));
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what its index exports
  return ofSaf('@mitre/hdf-converters') as Converters;
}

// What of it is met by the samples: the kind that it guesses, and the class that Heimdall hands that to.
const mappers: Readonly<Record<string, string>> = {
  cyclonedx_sbom: 'CycloneDXSBOMResults',
  dependencyTrack: 'DependencyTrackMapper',
  gosec: 'GosecMapper',
  sarif: 'SarifMapper',
  snyk: 'SnykResults',
  twistlock: 'TwistlockResults',
};

function parseMapper(converters: Converters, kind: string): Mapper {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- a class of that package
  return converters[mappers[kind] ?? ''] as Mapper;
}

interface ConvertedHdf {
  profiles: { controls: { impact: number; results: { status: string }[] }[] }[];
}

function parseConverted(value: unknown): ConvertedHdf[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- what its mappers make
  return (Array.isArray(value) ? value : [value]) as ConvertedHdf[];
}

function parseQuestion(line: string): Question {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written by our own tests
  return JSON.parse(line) as Question;
}

const root = dirname(require.resolve('@mitre/saf/package.json'));
const folder = mkdtempSync(join(tmpdir(), 'cinc-scan-oracle-'));
const place = (name: string, text: string) => {
  const path = join(folder, name);
  writeFileSync(path, text);
  return path;
};

/** Runs a SAF command in this process, with all that it prints. */
async function saf(command: string, argv: string[]): Promise<Answer> {
  const printed: string[] = [];
  const { log, error } = console;
  const stderr = process.stderr.write.bind(process.stderr);
  const keep = (...parts: unknown[]) => void printed.push(format(...parts));
  Object.assign(console, { log: keep, error: keep });
  process.stderr.write = chunk => printed.push(String(chunk)) > 0;
  process.exitCode = 0;
  try {
    await parseCommand(command).default.run(argv, { root });
  } catch (thrown) {
    printed.push(String(thrown));
  } finally {
    Object.assign(console, { log, error });
    process.stderr.write = stderr;
  }
  const exit = exitCode();
  process.exitCode = 0;
  return { exit, printed: printed.join('\n') };
}

const exitCode = (): Answer['exit'] => process.exitCode;

async function attest({ hdf, spec = '' }: Question): Promise<Answer> {
  const output = place('attested.json', '');
  const given = ['-i', place('hdf.json', hdf), place('attestations.json', spec), '-o', output];
  const done = await saf('attest/apply', given);
  const written = readFileSync(output, 'utf8');
  const result: unknown = written === '' ? undefined : JSON.parse(written);
  return { ...done, result };
}

const inspecjs = parseInspecJs();

function answer(question: Question): Promise<Answer> | Answer {
  const { ask, hdf, spec = '', form } = question;
  switch (ask) {
    case 'threshold': {
      const given = form === 'inline' ? ['-I', spec] : ['-T', place('threshold.yml', spec)];
      return saf('validate/threshold', ['-i', place('hdf.json', hdf), ...given]);
    }
    case 'attest':
      return attest(question);
    case 'accepts':
      return { exit: 0, printed: '', result: inspecjs.convertFile(hdf, true)['1_0_ExecJson'] !== undefined };
    case 'controls':
      return { exit: 0, printed: '', result: readControls(hdf) };
    case 'checklist':
      return { exit: 0, printed: '', result: importChecklist(hdf) };
    case 'convert':
      return { exit: 0, printed: '', result: convert(hdf, spec) };
  }
}

/** As Heimdall reads a file that somebody drops into it: the kind is guessed; how many results failed. */
function convert(data: string, filename: string) {
  const converters = parseConverters();
  const kind = converters.fingerprint({ data, filename });
  if (kind === '') return { kind };
  try {
    const hdf = parseConverted(new (parseMapper(converters, kind))(data).toHdf());
    const controls = hdf.flatMap(({ profiles }) => profiles.flatMap(profile => profile.controls));
    const failed = controls.flatMap(({ results }) => results.filter(({ status }) => status === 'failed'));
    return { kind, failed: failed.length, impacts: [...new Set(controls.map(({ impact }) => impact))] };
  } catch {
    return { kind, failed: null };
  }
}

function readControls(hdf: string) {
  return inspecjs.convertFileContextual(hdf).contains.flatMap(profile =>
    profile.contains.map(({ data, hdf: own, root: base, extendedBy }) => ({
      profile: profile.data.name,
      id: data.id,
      status: own.status,
      severity: own.severity,
      root: { status: base.hdf.status, severity: base.hdf.severity },
      counts: extendedBy.length === 0,
    })),
  );
}

/** As STIG Manager's own page imports it, with every entry that was not reviewed. */
function importChecklist(data: string) {
  const always = { enabled: 'always', required: 'optional' };
  return parseStigManager().reviewsFromCkl({
    data,
    fieldSettings: { detail: always, comment: always },
    allowAccept: false,
    importOptions: {
      autoStatus: { fail: 'saved', notapplicable: 'saved', pass: 'saved' },
      unreviewed: 'always',
      unreviewedCommented: 'notchecked',
      emptyDetail: 'import',
      emptyComment: 'import',
    },
    sourceRef: 'checklist.ckl',
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const given = await Promise.resolve()
    .then(() => answer(parseQuestion(line)))
    .catch((thrown: unknown): Answer => ({ exit: undefined, printed: String(thrown) }));
  process.stdout.write(`${JSON.stringify(given)}\n`);
}
rmSync(folder, { recursive: true });
