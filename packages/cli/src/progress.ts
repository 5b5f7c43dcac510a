// SPDX-License-Identifier: Apache-2.0
import {
  type EventRecord,
  type ScanEvent,
  safeLogLines,
  stageTitles,
  toEventRecord,
  type Values,
} from '@cinc-scan/core';
import pc from 'picocolors';
import { jsonLog } from './json-log.ts';
import { type Terminal, usesColor } from './terminal.ts';

type Listener = (event: ScanEvent) => void;
export type Teller = (record: EventRecord) => void;

type Told = Pick<Values, 'log-format' | 'log-level' | 'run-id'>;

/** Says what happens, on standard error: for people, or as JSON lines for machines. */
export function makeProgress(values: Told, terminal: Terminal): Listener {
  const tell = makeTeller(values, terminal);
  return event => tell(toEventRecord(event));
}

/** The same of what happens elsewhere. */
export function makeTeller(values: Told, terminal: Terminal): Teller {
  if (values['log-level'] === 'quiet') return () => undefined;
  return values['log-format'] === 'json' ? toJsonLines(values, terminal) : toText(values, terminal);
}

type Level = Values['log-level'];
const loudness: Record<Level, number> = { quiet: 0, info: 1, verbose: 2, debug: 3 };

function toText(values: Told, terminal: Terminal): Teller {
  const level = loudness[values['log-level']];
  const isVerbose = level >= loudness.verbose;
  const colors = pc.createColors(usesColor(terminal, terminal.stderr));
  // What `cinc-scan sweep --run` asks for, should this process be killed.
  const ofRun = values['run-id'] === undefined ? '' : ` (run ${values['run-id']})`;
  const live = new LiveLine(terminal);
  const say = (text: string) => live.print(text);
  return record => {
    switch (record.event) {
      case 'stage':
        return say(`${colors.cyan('●')} ${stageTitles[record.stage]}${record.stage === 'grant' ? ofRun : ''}`);
      case 'control': {
        const { target, control, status, done, total } = record;
        if (!isVerbose) return live.show(`  ${target}: ${done} of ${total} controls`);
        return say(`  ${statusMark(status, colors)} ${shown(control)} ${colors.dim(target)}`);
      }
      case 'object':
      case 'session':
        return isVerbose ? say(detailText(record)) : undefined;
      case 'engine-output':
        return level >= loudness.debug ? record.lines.forEach(say) : undefined;
      case 'intent':
      case 'verdict':
        return undefined; // the table ends with it
      case 'notice':
      case 'planned':
      case 'outcome':
        return say(plainText(record, colors));
    }
  };
}

function detailText(record: EventRecord & { event: 'object' | 'session' }): string {
  if (record.event === 'session') return `  session into ${record.target} (${record.lens})`;
  const { verb, object } = record;
  return `  ${verb} ${object.kind} ${object.namespace}/${object.name}`;
}

function plainText(record: EventRecord & { event: 'notice' | 'planned' | 'outcome' }, colors: Colors): string {
  switch (record.event) {
    case 'notice':
      return `  ${record.text}`;
    case 'planned':
      return `  ${record.targets.length} to audit, ${record.missing.length} out of reach`;
    case 'outcome':
      return `  ${outcomeText(record, colors)}`;
  }
}

type Colors = ReturnType<typeof pc.createColors>;

function statusMark(status: string, colors: Colors): string {
  if (status === 'passed') return colors.green('✓');
  return status === 'failed' ? colors.red('✗') : colors.yellow('–');
}

/** Names from profiles and containers, without anything a terminal or a CI system could take for a command. */
const shown = (text: string) => safeLogLines(text).join(' ').replace(/^│ /, '');

function outcomeText(record: EventRecord & { event: 'outcome' }, colors: Colors): string {
  const { target } = record;
  if (record.outcome === 'unreached') return `${colors.red('✗')} ${target} ${record.code}: ${shown(record.message)}`;
  const { seconds, commands } = record;
  return `${colors.green('✓')} ${target} audited in ${seconds.toFixed(1)} s (${commands} commands)`;
}

/** A line that is overwritten as things move on; on a terminal only. */
class LiveLine {
  private readonly terminal: Terminal;
  private shown = false;

  constructor(terminal: Terminal) {
    this.terminal = terminal;
  }

  show(text: string): void {
    const { stderr } = this.terminal;
    if (stderr.isTTY !== true) return;
    stderr.write(`\r\u001b[2K${text.slice(0, (stderr.columns ?? 80) - 1)}`);
    this.shown = true;
  }

  print(text: string): void {
    this.terminal.stderr.write(`${this.shown ? '\r\u001b[2K' : ''}${text}\n`);
    this.shown = false;
  }
}

/** One line an event; those with an object of the cluster are the audit trail. */
function toJsonLines(values: Told, terminal: Terminal): Teller {
  const level = values['log-level'] === 'debug' ? 'debug' : 'info';
  const log = jsonLog(terminal, { level, run: values['run-id'] });
  return record => {
    if (record.event === 'engine-output') log.debug(record);
    else if (record.event !== 'intent') log.info(record);
  };
}
