// SPDX-License-Identifier: Apache-2.0
import {
  type Outcome,
  type ScanEvent,
  safeLogLines,
  stageTitles,
  targetName,
  toEventRecord,
  type Values,
} from '@cinc-scan/core';
import pc from 'picocolors';
import { jsonLog } from './json-log.ts';
import { type Terminal, usesColor } from './terminal.ts';

export type Listener = (event: ScanEvent) => void;

/** Says what happens, on standard error: for people, or as JSON lines for machines. */
export function makeProgress(
  values: Pick<Values, 'log-format' | 'log-level' | 'run-id'>,
  terminal: Terminal,
): Listener {
  if (values['log-level'] === 'quiet') return () => undefined;
  return values['log-format'] === 'json' ? toJsonLines(values, terminal) : toText(values, terminal);
}

type Level = Values['log-level'];
const loudness: Record<Level, number> = { quiet: 0, info: 1, verbose: 2, debug: 3 };

function toText(values: Pick<Values, 'log-level' | 'run-id'>, terminal: Terminal): Listener {
  const level = loudness[values['log-level']];
  const colors = pc.createColors(usesColor(terminal, terminal.stderr));
  // What `cinc-scan sweep --run` asks for, should this process be killed.
  const ofRun = values['run-id'] === undefined ? '' : ` (run ${values['run-id']})`;
  const live = new LiveLine(terminal);
  const say = (text: string) => live.print(text);
  return event => {
    switch (event.kind) {
      case 'stage':
        return say(`${colors.cyan('●')} ${stageTitles[event.stage]}${event.stage === 'grant' ? ofRun : ''}`);
      case 'notice':
        return say(`  ${event.text}`);
      case 'planned':
        return say(`  ${event.plan.targets.length} to audit, ${event.plan.unplanned.length} out of reach`);
      case 'control':
        if (level >= loudness.verbose)
          return say(
            `  ${statusMark(event.status, colors)} ${shown(event.id)} ${colors.dim(targetName(event.target))}`,
          );
        return live.show(`  ${targetName(event.target)}: ${event.done} of ${event.total} controls`);
      case 'outcome':
        return say(`  ${outcomeText(event.outcome, colors)}`);
      case 'object':
        return level >= loudness.verbose
          ? say(`  ${event.verb} ${event.object.kind} ${event.object.namespace}/${event.object.name}`)
          : undefined;
      case 'session':
        return level >= loudness.verbose
          ? say(`  session into ${targetName(event.target)} (${event.lens})`)
          : undefined;
      case 'engine-output':
        return level >= loudness.debug ? safeLogLines(event.text).forEach(say) : undefined;
      case 'intent':
      case 'verdict':
        return undefined; // the table ends with it
    }
  };
}

type Colors = ReturnType<typeof pc.createColors>;

function statusMark(status: string, colors: Colors): string {
  if (status === 'passed') return colors.green('✓');
  return status === 'failed' ? colors.red('✗') : colors.yellow('–');
}

/** Names from profiles and containers, without anything a terminal or a CI system could take for a command. */
const shown = (text: string) => safeLogLines(text).join(' ').replace(/^│ /, '');

function outcomeText(outcome: Outcome, colors: Colors): string {
  const name = targetName(outcome.target);
  if (outcome.kind === 'audited')
    return `${colors.green('✓')} ${name} audited in ${outcome.observation.seconds.toFixed(1)} s (${outcome.observation.commands} commands)`;
  return `${colors.red('✗')} ${name} ${outcome.error.code}: ${shown(outcome.error.message)}`;
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
function toJsonLines(values: Pick<Values, 'log-level' | 'run-id'>, terminal: Terminal): Listener {
  const level = values['log-level'] === 'debug' ? 'debug' : 'info';
  const log = jsonLog(terminal, { level, run: values['run-id'] });
  return event => {
    const { event: name, ...details } = toEventRecord(event);
    if (event.kind === 'engine-output') log.debug({ event: name, ...details });
    else if (event.kind !== 'intent') log.info({ event: name, ...details });
  };
}
