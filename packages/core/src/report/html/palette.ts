// SPDX-License-Identifier: Apache-2.0

const light = {
  bg: '#f4f6f8',
  card: '#fff',
  ink: '#1b232c',
  soft: '#56616d',
  rule: '#dde2e8',
  faint: '#eef1f4',
  link: '#0a5ea8',
  focus: '#0a5ea8',
  code: '#f3f5f8',
  f: '#b3341f',
  e: '#7440a8',
  'e-bg': '#f2eaf9',
  s: '#c98a00',
  's-ink': '#805600',
  's-bg': '#fdf3dc',
  p: '#0b7a75',
  'p-bg': '#e3f3f1',
  n: '#98a2ae',
  'n-ink': '#56616d',
  'n-bg': '#edf0f3',
  w: '#2b6cb0',
  'w-bg': '#e6f0fa',
  on: '#fff',
} as const;

type Colour = keyof typeof light;

/**
 * Every colour of the pages: of the ground and of each status (failed, error, skipped, passed, no impact, waived), on
 * screens by day and by night, and on paper.
 */
export const palette = {
  light,
  dark: {
    bg: '#0e1318',
    card: '#161c23',
    ink: '#e4e9ee',
    soft: '#a0abb7',
    rule: '#2c3641',
    faint: '#1d252e',
    link: '#7db9f5',
    focus: '#7db9f5',
    code: '#10161c',
    f: '#ff8a75',
    e: '#c9a2f2',
    'e-bg': '#2d2040',
    s: '#e3ad3b',
    's-ink': '#e9bb58',
    's-bg': '#33280f',
    p: '#4cc3b6',
    'p-bg': '#12312f',
    n: '#7f8a97',
    'n-ink': '#a8b2bd',
    'n-bg': '#232c35',
    w: '#86bbf3',
    'w-bg': '#172a40',
    on: '#10161c',
  },
  print: {
    ...light,
    bg: '#fff',
    ink: '#000',
    soft: '#3c444c',
    rule: '#c6ccd3',
    faint: '#fff',
    link: '#000',
    code: '#fff',
    'e-bg': '#fff',
    's-ink': '#6f4b00',
    p: '#0b6e69',
    'n-ink': '#4a545f',
  },
} as const satisfies Record<string, Record<Colour, string>>;

/** A palette as variables of a style sheet: `--ink:#000;…`. */
export const variablesOf = (colours: Record<Colour, string>): string =>
  Object.entries(colours)
    .map(([name, value]) => `--${name}:${value}`)
    .join(';');
