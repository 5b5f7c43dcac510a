// SPDX-License-Identifier: Apache-2.0
// A hand-written check instead of a schema library: a 3 MB file has to pass in milliseconds.

/** Returns where and what is wrong, or undefined. */
type ShapeCheck = (value: unknown, path: string) => string | undefined;
type Fields = Record<string, ShapeCheck>;

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

const typed =
  (name: string, test: (value: unknown) => boolean): ShapeCheck =>
  (value, path) =>
    test(value) ? undefined : `${path}: expected ${name}, got ${value === null ? 'null' : typeof value}`;

const string = typed('a string', value => typeof value === 'string');
const number = typed('a number', value => typeof value === 'number');
const boolean = typed('a boolean', value => typeof value === 'boolean');
const anyObject = typed('an object', isObject);
const booleanOrString = typed('a boolean or string', value => typeof value === 'boolean' || typeof value === 'string');

/** May be absent or null. */
const maybe =
  (check: ShapeCheck): ShapeCheck =>
  (value, path) =>
    value === undefined || value === null ? undefined : check(value, path);

/** May be absent, but not null. */
const absentOr =
  (check: ShapeCheck): ShapeCheck =>
  (value, path) =>
    value === undefined ? undefined : check(value, path);

const oneOf = (...words: string[]): ShapeCheck =>
  typed(words.join(', '), value => typeof value === 'string' && words.includes(value));

const list =
  (item: ShapeCheck): ShapeCheck =>
  (value, path) => {
    if (!Array.isArray(value)) return `${path}: expected a list`;
    for (let index = 0; index < value.length; index++) {
      const problem = item(value[index], `${path}[${index}]`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };

function object(required: Fields, optional: Fields = {}): ShapeCheck {
  const checks = [
    ...Object.entries(required),
    ...Object.entries(optional).map(([key, check]) => [key, maybe(check)] as const),
  ];
  return (value, path) => {
    if (!isObject(value)) return path === '' ? 'expected an object' : `${path}: expected an object`;
    for (const [key, check] of checks) {
      const problem = check(value[key], path === '' ? key : `${path}.${key}`);
      if (problem !== undefined) return problem;
    }
    return undefined;
  };
}

const strings = (...names: string[]): Fields => Object.fromEntries(names.map(name => [name, string]));

const result = object(strings('code_desc', 'start_time'), {
  ...strings('exception', 'message', 'resource', 'resource_id', 'skip_message'),
  status: oneOf('passed', 'failed', 'skipped', 'error'),
  run_time: number,
  backtrace: list(string),
});

const reference = object({
  ref: absentOr(
    typed(
      'a string or list of objects',
      value => typeof value === 'string' || (Array.isArray(value) && value.every(isObject)),
    ),
  ),
  url: absentOr(string),
  uri: absentOr(string),
});

const control = object(
  {
    id: string,
    impact: number,
    refs: list(reference),
    tags: anyObject,
    source_location: object({}, { line: number, ref: string }),
    results: list(result),
  },
  {
    ...strings('code', 'desc', 'title'),
    descriptions: list(object(strings('label', 'data'))),
    waiver_data: object(
      {},
      {
        ...strings('expiration_date', 'justification', 'message'),
        run: boolean,
        skipped_due_to_waiver: booleanOrString,
      },
    ),
    attestation_data: object({
      ...strings('control_id', 'explanation', 'frequency', 'updated', 'updated_by'),
      status: oneOf('passed', 'failed'),
    }),
  },
);

const profile = object(
  {
    ...strings('name', 'sha256'),
    supports: list(
      object({}, strings('os-family', 'os-name', 'platform', 'platform-family', 'platform-name', 'release')),
    ),
    attributes: list(anyObject),
    groups: list(object({ id: string, controls: list(string) }, { title: string })),
    controls: list(control),
  },
  {
    ...strings(
      'copyright',
      'copyright_email',
      'description',
      'inspec_version',
      'license',
      'maintainer',
      'parent_profile',
    ),
    ...strings('skip_message', 'status', 'status_message', 'summary', 'title', 'version'),
    depends: list(
      object(
        {},
        strings('branch', 'compliance', 'git', 'name', 'path', 'status', 'status_message', 'supermarket', 'url'),
      ),
    ),
  },
);

const tally = object({ total: number });
const execJson = object({
  platform: object(strings('name', 'release'), { target_id: string }),
  profiles: list(profile),
  statistics: object({}, { duration: number, controls: object({}, { passed: tally, failed: tally, skipped: tally }) }),
  version: string,
});

/** What keeps a document from being exec-JSON, with its path; undefined if nothing does. */
export function hdfProblem(document: unknown): string | undefined {
  return execJson(document, '');
}
