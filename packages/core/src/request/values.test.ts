// SPDX-License-Identifier: Apache-2.0
import { inspect } from 'node:util';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { environmentName, type Input, type InputName, inputNames, inputs } from './interface.ts';
import { Secret } from './secret.ts';
import { nearestInput, parseDuration, type Raw, resolveInput, resolveValues } from './values.ts';

const fromFlags = (flags: Raw) => resolveValues({ flags, environment: {}, file: undefined });
const fromEnvironment = (environment: Record<string, string>) =>
  resolveValues({ flags: {}, environment, file: undefined });
const fromFile = (values: Raw) =>
  resolveValues({ flags: {}, environment: {}, file: { path: 'cinc-scan.yml', values } });

const all: [InputName, Input][] = inputNames.map(name => [name, inputs[name]]);
const ofType = (...types: Input['type'][]) => all.filter(([, { type }]) => types.includes(type));

describe('every input', () => {
  test.each(all)('%s has its default where nothing is given', (name, input) => {
    const value = fromFlags({})[name];
    if (!('default' in input)) expect(value).toEqual({ flag: false, list: [] }[input.type as 'flag' | 'list']);
    else if (input.type === 'duration') expect(value).toBe(parseDuration(input.default, name));
    else expect(value).toEqual(input.default);
  });

  test.each(all)('%s can be given by flag, variable and file alike, as its own example has it', (name, input) => {
    const given = input.example;
    const values = [
      fromFlags({ [name]: given }),
      fromEnvironment({ [environmentName(name)]: given }),
      fromFile({ [name]: given }),
    ];
    const shown = values.map(each => inspect(each[name]));
    expect(new Set(shown).size).toBe(1);
    expect(values[0]?.[name]).toBeDefined();
  });

  test.each(all)('%s takes the flag over the variable over the file', (name, input) => {
    const [low, middle, high] = threeOf(input);
    const file = { path: 'f', values: { [name]: low } };
    const environment = { [environmentName(name)]: middle };
    const shown = (flags: Raw, env: Record<string, string>) =>
      reveal(resolveValues({ flags, environment: env, file })[name]);
    expect(shown({ [name]: high }, environment)).toEqual(reveal(fromFlags({ [name]: high })[name]));
    expect(shown({}, environment)).toEqual(reveal(fromFlags({ [name]: middle })[name]));
    expect(shown({}, {})).toEqual(reveal(fromFlags({ [name]: low })[name]));
  });

  test.each(all)('%s left blank in the environment counts as absent', name => {
    for (const blank of ['', ' ', '\n'])
      expect(fromEnvironment({ [environmentName(name)]: blank })[name]).toEqual(fromFlags({})[name]);
  });

  test.each(all)(
    '%s is known whatever is wrong with the others, and has its default where it is wrong itself',
    name => {
      const [value] = threeOf(inputs[name]);
      const others = inputNames.filter(other => other !== name).map(other => [other, 'a\0b'] as const);
      const sources = (given: unknown) => ({
        flags: { ...Object.fromEntries(others), ...(given !== undefined && { [name]: given }) },
        environment: { CINC_SCAN_TRESHOLD: '80' },
        file: { path: 'f', values: { treshold: 80 } },
      });
      expect(reveal(resolveInput(name, sources(value)))).toEqual(reveal(fromFlags({ [name]: value })[name]));
      expect(resolveInput(name, sources('a\0b'))).toEqual(fromFlags({})[name]);
    },
  );

  test.each(all.filter(([, { type }]) => type !== 'flag' && type !== 'list'))(
    '%s is refused as a list or mapping',
    name => {
      for (const value of [['a', 'b'], { a: 1 }, null, true])
        expect(() => fromFile({ [name]: value })).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', exit: 2 }));
    },
  );

  const ofKubernetes = ['A', '-a', 'a b', '../a', 'a/b', 'a'.repeat(64)];
  const others: Record<string, string[]> = {
    'id-token-variable': ['1A', '-a', 'a b', '../a', 'a/b', 'A=b', 'Ä'],
    'server-audience': ['a b', 'a\tb', 'https://scans.example.org/ä', 'a'.repeat(301)],
  };
  test.each(all.filter(([, input]) => 'pattern' in input))('%s is refused where it is no name', name => {
    for (const text of others[name] ?? ofKubernetes)
      expect(() => fromFlags({ [name]: text })).toThrow(expect.objectContaining({ code: 'INPUT_INVALID', exit: 2 }));
  });

  test.each(all)('%s is refused with a NUL character in it', name => {
    expect(() => fromFile({ [name]: 'a\0b' })).toThrow(expect.objectContaining({ code: 'INPUT_INVALID' }));
  });
});

/** Three values that differ, of the type of an input. */
function threeOf(input: Input): [string, string, string] {
  switch (input.type) {
    case 'flag':
      return ['true', 'false', 'true'];
    case 'choice':
      return [input.choices[0] ?? '', input.choices.at(-1) ?? '', input.choices[0] ?? ''];
    case 'duration':
      return [`${input.min}s`, `${input.min + 60}s`, `${input.min + 120}s`];
    case 'count':
      return [`${input.min}`, `${input.min + 1}`, `${input.min + 2}`];
    case 'secret':
      return ['./low', './middle', './high'];
    case 'text':
    case 'list':
      return ['low', 'middle', 'high'];
  }
}

const reveal = (value: unknown) => (value instanceof Secret ? value.reveal() : value);

describe('flags', () => {
  test.each(ofType('flag'))('%s are true or false as YAML says it, and nothing else', name => {
    for (const word of ['true', 'True', 'TRUE', true]) expect(fromFile({ [name]: word })[name]).toBe(true);
    for (const word of ['false', 'False', 'FALSE', false]) expect(fromFile({ [name]: word })[name]).toBe(false);
    for (const word of ['yes', 'on', '1', 1, 0, 'tRue', 't', ' true', null, []])
      expect(() => fromFile({ [name]: word })).toThrow(/expected true or false/);
  });
});

describe('lists', () => {
  test.each(ofType('list'))('%s come as text or as a list, blanks and line ends aside', (name, input) => {
    const comma = input.type === 'list' && input.separator === 'comma';
    expect(fromFile({ [name]: [' a ', '', 'b'] })[name]).toEqual(['a', 'b']);
    expect(fromFile({ [name]: 'a\r\n\nb\n' })[name]).toEqual(['a', 'b']);
    expect(fromFile({ [name]: 'a,b' })[name]).toEqual(comma ? ['a', 'b'] : ['a,b']);
    expect(fromFile({ [name]: 7 })[name]).toEqual(['7']);
    for (const value of [[['a']], [{ a: 1 }], [true], { a: 1 }, [null]])
      expect(() => fromFile({ [name]: value })).toThrow(/expected a text/);
  });
});

describe('counts and durations', () => {
  test.each(ofType('count', 'duration'))('%s are refused outside their range, and taken at its ends', (name, input) => {
    if (!('min' in input)) throw new Error('no range');
    const unit = input.type === 'duration' ? 's' : '';
    for (const good of [input.min, input.max]) expect(fromFlags({ [name]: `${good}${unit}` })[name]).toBe(good);
    for (const bad of [input.min - 1, input.max + 1])
      expect(() => fromFlags({ [name]: `${bad}${unit}` })).toThrow(/expected/);
  });

  const durations: [text: string, seconds: number][] = [
    ['15m', 900],
    ['900s', 900],
    ['PT15M', 900],
    ['pt1h', 3600],
    ['1h30m', 5400],
    ['PT1H30M10S', 5410],
    [' 20M ', 1200],
  ];
  test.each(durations)('%j is %d seconds', (text, seconds) => expect(parseDuration(text, 'x')).toBe(seconds));

  const nonsense = [
    '15',
    15,
    '',
    'm',
    '1d',
    '1.5h',
    '-5m',
    '15 m',
    '5m!',
    'PT',
    'P1D',
    '1m1m1',
    null,
    undefined,
    [],
    '٣m',
  ];
  test.each(nonsense)('%j is no duration', text =>
    expect(() => parseDuration(text, 'x')).toThrow(/with its unit, such as 15m/),
  );

  test.each(['1.5', '-1', '0x2', '1e1', '', ' 2', 2.5, Number.NaN, Number.POSITIVE_INFINITY])(
    '%j is no count',
    value => {
      expect(() => fromFlags({ concurrency: value })).toThrow(/concurrency: expected/);
    },
  );
});

describe('what is unknown', () => {
  test('is refused from every source, with the input it may have been meant for', () => {
    const attempts = [
      () => fromFlags({ treshold: '1' }),
      () => fromFile({ treshold: '1' }),
      () => fromEnvironment({ CINC_SCAN_TRESHOLD: '1' }),
    ];
    for (const attempt of attempts)
      expect(attempt).toThrow(expect.objectContaining({ code: 'INPUT_UNKNOWN', exit: 2 }));
    expect(attempts[1]).toThrow(/"treshold"; did you mean threshold\?/);
  });

  test('is found by its nearest name', () => {
    for (const name of inputNames) {
      expect(nearestInput(name)).toBe(name);
      if (name.length > 7) expect(nearestInput(name.slice(0, -1))).toBe(name);
    }
  });

  test('variables of others are none of our business', () => {
    expect(() => fromEnvironment({ CINC_OTHER: '1', PATH: '/bin', CINC_SCAN_TEST_KUBECONFIG: 'x' })).not.toThrow();
  });
});

describe('secrets', () => {
  test('show themselves in no form but where they are asked for', () => {
    const text = 'apiVersion: v1\ntoken: t0ken';
    const { kubeconfig } = fromEnvironment({ CINC_SCAN_KUBECONFIG: text });
    expect(kubeconfig?.reveal()).toBe(text);
    for (const shown of [
      String(kubeconfig),
      JSON.stringify({ kubeconfig }),
      inspect({ kubeconfig }, { depth: 9, showHidden: true }),
    ])
      expect(shown).not.toContain('t0ken');
  });

  test('are refused as an argument, where every user of the machine could read them', () => {
    expect(() => fromFlags({ kubeconfig: 'apiVersion: v1\nkind: Config' })).toThrow(
      /CINC_SCAN_KUBECONFIG, since arguments are not secret/,
    );
  });
});

test('no value at all makes anything but values or a refusal', () => {
  fc.assert(
    fc.property(
      fc.constantFrom(...inputNames),
      fc.anything({ withNullPrototype: true, withBigInt: false }),
      (name, value) => {
        try {
          expect(fromFile({ [name]: value })[name]).not.toBeNull();
        } catch (error) {
          expect(error).toMatchObject({ exit: 2 });
        }
      },
    ),
    { numRuns: 1000 },
  );
});

test.each([
  [{ 'fail-on': 'hihg' }, /^--fail-on: expected one of .*, got "hihg"; did you mean high\?$/],
  [{ lens: 'Debug' }, /^--lens: .*; did you mean debug\?$/],
  [{ engine: 'sytem' }, /^--engine: .*; did you mean system\?$/],
  [{ lens: 'telescope' }, /^--lens: expected one of .*, got "telescope"$/],
  [{ lens: '' }, /, got ""$/],
])('a choice that is none has its nearest neighbour named, if one is near: %j', (flags, message) => {
  expect(() => resolveValues({ flags, environment: {}, file: undefined })).toThrow(message);
});
