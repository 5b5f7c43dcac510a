// SPDX-License-Identifier: Apache-2.0
import { flagName, inputNames, inputs } from '@cinc-scan/core';
import { expect, test } from '@jest/globals';
import { Command } from 'commander';
import { OptionSet } from './option-set.ts';
import { toRaw } from './to-flags.ts';

function parse<Parsed>(set: OptionSet<Parsed>, args: string[]): Parsed {
  const command = new Command().exitOverride().configureOutput({ writeErr: () => undefined });
  const given = set.addTo(command);
  command.parse(args, { from: 'user' });
  return given();
}

const groups = ['target', 'profile', 'gate', 'access', 'server', 'report', 'run', 'findings'] as const;

test('an option is read under the name and with the type that its flags give it', () => {
  const set = new OptionSet()
    .option('-o, --output-dir <folder>', 'one text')
    .option('-i, --results <file...>', 'several after one flag', { required: true })
    .option('--label <name>', 'one after each flag', { repeatable: true })
    .option('--port <number>', 'a text that is always there', { default: '80' })
    .option('--severity <word>', 'a word of a list', { choices: ['low', 'high'] })
    .option('--wait-dead', 'no value');
  const args = ['-o', 'out', '-i', 'a', 'b', '--label', 'x', '--label', 'y', '--severity', 'high', '--wait-dead'];
  const { outputDir, results, label, port, severity, waitDead } = parse(set, args);
  const typed: [
    string | undefined,
    string[],
    string[] | undefined,
    string,
    'low' | 'high' | undefined,
    true | undefined,
  ] = [outputDir, results, label, port, severity, waitDead];
  expect(typed).toEqual(['out', ['a', 'b'], ['x', 'y'], '80', 'high', true]);
});

test('an option that was not given is undefined, one that is missing or no choice is refused', () => {
  const set = new OptionSet()
    .option('--out <file>', '', { required: true })
    .option('--as <form>', '', { choices: ['a'] });
  expect(parse(set, ['--out', '']).as).toBeUndefined();
  expect(() => parse(set, [])).toThrow(/required option '--out <file>'/);
  expect(() => parse(set, ['--out', '', '--as', 'b'])).toThrow(/Allowed choices are a/);
});

test('a name that no option has is an error of the compiler', () => {
  const options = parse(new OptionSet().option('--dry-run', '').inputs(['report'], ['push']), []);
  // @ts-expect-error -- misspelt
  expect(options.dryrun).toBeUndefined();
  // @ts-expect-error -- of a group that was not added
  expect(options.namespace).toBeUndefined();
  // @ts-expect-error -- left out
  expect(options.push).toBeUndefined();
  // @ts-expect-error -- the flag is `--report`
  expect(options.reports).toBeUndefined();
  expect([options.dryRun, options.report, options.outputDir]).toEqual([undefined, undefined, undefined]);
});

test('each input that is given as a flag is read under its own name', () => {
  const args = inputNames.flatMap(name => [`--${flagName(name)}`, ...(inputs[name].type === 'flag' ? [] : ['x'])]);
  const raw = toRaw(parse(new OptionSet().inputs(groups), args));
  const given = (name: (typeof inputNames)[number]) =>
    inputs[name].type === 'flag' ? true : inputs[name].type === 'list' ? ['x'] : 'x';
  expect(raw).toEqual(Object.fromEntries(inputNames.map(name => [name, given(name)])));
});
