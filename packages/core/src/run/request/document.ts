// SPDX-License-Identifier: Apache-2.0
// A request as data: whole, without paths, secrets or a working folder. Its shape comes from the interface manifest.
import * as z from 'zod';
import { ScanError, toMessage } from '../../errors/index.ts';
import { resultFacts } from '../../outcome/index.ts';
import {
  type AskedInput,
  environmentName,
  flagName,
  type Input,
  type InputName,
  type InputValues,
  inputNames,
  inputs,
  isEdge,
  looksLikePath,
  nearestInput,
  type PlainInput,
  parseYaml,
  perTargetKey,
  publishedSchema,
  wholly,
} from '../../request/index.ts';

export const requestVersion = 'cinc-scan.dev/v1';
const requestKind = 'ScanRequest';

/** What a request may weigh, in bytes: it has to fit into a body, a row and an object of a cluster's own size. */
export const mostRequestBytes = 8 * 1_048_576;

const notPaths = 'expected {name, content}, got a text: a request holds contents, not paths';
const fileName = z
  .string()
  .regex(/^[^/\\\0]{1,200}$/, 'expected the name of a file, without folders')
  .refine(name => !/^\.{1,2}$/.test(name), 'expected the name of a file');
const namedText = z.strictObject({ name: fileName, content: z.string() }, { error: issue => ofText(issue.input) });
const namedTexts = z.array(namedText).max(1000);
const filePath = z
  .string()
  .max(1000)
  .regex(/^(?!\/)(?!.*(?:^|\/)\.{1,2}(?:\/|$))[^\\\0]+$/, 'expected a path within the profile');
const profileFile = z.union([
  z.strictObject({ path: filePath, content: z.string() }),
  z.strictObject({ path: filePath, base64: z.base64() }),
]);
const pinned = z
  .string()
  .max(2000)
  .regex(
    /^(?:https:\/\/.+#sha256=[0-9a-fA-F]{64}|git\+.+#(?:.*&)?ref=[0-9a-f]{40}(?:&.*)?)$/,
    'expected a source with its content pinned: https://…#sha256=DIGEST or git+…#ref=COMMIT of 40 digits',
  );
/** A profile that a request brings along. */
export const embeddedProfile = z.strictObject({ name: fileName, files: z.array(profileFile).min(1) });
const profile = z.union([z.strictObject({ source: pinned }), embeddedProfile], { error: issue => ofText(issue.input) });
const profiles = z.array(profile).max(100);
const result = z.strictObject({ name: fileName, content: z.string(), facts: resultFacts.optional() });
const baseline = z.union(
  [
    z.strictObject({ missing: z.literal(true) }),
    z.strictObject({ result }),
    z.strictObject({ results: z.array(result).max(10_000) }),
  ],
  { error: issue => ofText(issue.input) },
);

const ofText = (given: unknown) => (typeof given === 'string' ? notPaths : undefined);

const bounds = z.string().refine(text => !looksLikePath(text), notPaths);

const contents = {
  profile: profiles.optional(),
  'input-file': namedTexts.optional(),
  waivers: namedTexts.optional(),
  threshold: z.union([bounds, z.number(), namedText]).optional(),
  baseline: baseline.optional(),
  [perTargetKey]: z.array(z.looseObject({ profile: profiles.optional() })).optional(),
};

export type PinnedProfile = z.infer<typeof profile>;
export type BaselineContent = z.infer<typeof baseline>;
export type ResultContent = z.infer<typeof result>;

/** A request; the values of plain inputs are as `resolveValues` takes them. */
export type RequestDocument = { apiVersion: typeof requestVersion; kind: typeof requestKind } & {
  [K in keyof typeof contents]?: z.infer<(typeof contents)[K]>;
} & { [K in PlainInput]?: InputValues[K] | string };

/** Inputs that a request holds as they are. */
export const plainInputs: PlainInput[] = parseNames(
  inputNames.filter(name => !isEdge(name) && !('holds' in inputs[name])),
);

function parseNames(names: InputName[]): PlainInput[] {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same question as the type asks
  return names as PlainInput[];
}

function plainSchema(input: Input): z.ZodType {
  switch (input.type) {
    case 'list':
      return z.array(patterned(input));
    case 'flag':
      return z.boolean();
    case 'choice':
      return z.enum(input.choices);
    case 'duration':
      return z.string().regex(/^(?:PT)?(?:\d+[hmsHMS])+$/, 'expected a duration with its unit, such as 15m');
    case 'count':
      return z.int().min(input.min).max(input.max);
    case 'text':
    case 'secret':
      return patterned(input);
  }
}

function patterned(input: Input): z.ZodType {
  const pattern = 'pattern' in input ? input.pattern : undefined;
  return pattern === undefined ? z.string() : z.string().regex(wholly(pattern), `expected ${pattern.means}`);
}

/** What a request may say of an input that it holds as it is. */
export const requestInput = (name: AskedInput): z.ZodType =>
  plainSchema(inputs[name]).optional().describe(inputs[name].description);

const plain = Object.fromEntries(plainInputs.map(name => [name, requestInput(name)]));
const schema = z.strictObject({
  apiVersion: z.literal(requestVersion),
  kind: z.literal(requestKind),
  ...plain,
  ...contents,
});

/** docs/schemas/request.schema.json. */
export const requestJsonSchema = (): object =>
  publishedSchema(
    'request',
    'A request of cinc-scan: cinc-scan scan --print-request writes it, cinc-scan scan -f runs it',
    schema,
  );

/** Reads a request document, YAML or JSON; `name` tells errors where it stands. Throws REQUEST_INVALID. */
export function parseRequest(text: string, name: string): RequestDocument {
  if (Buffer.byteLength(text) > mostRequestBytes) throw tooLarge(name);
  const given = toMapping(text, name);
  refuseVersion(given, name);
  for (const key of Object.keys(given)) refuseKey(key, name);
  const parsed = schema.safeParse(given);
  if (!parsed.success) {
    const problems = parsed.error.issues.flatMap(leaves).map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw invalid(name, [...new Set(problems)].slice(0, 10).join('; '));
  }
  return parsed.data;
}

/** The document as text. Throws REQUEST_INVALID for one that nobody would take. */
export function renderRequest(document: RequestDocument): string {
  const text = `${JSON.stringify(document, undefined, 2)}\n`;
  if (Buffer.byteLength(text) > mostRequestBytes) throw tooLarge('The request');
  return text;
}

const invalid = (name: string, why: string, remedy?: string) =>
  new ScanError('REQUEST_INVALID', `${name}: ${why}`, remedy === undefined ? {} : { remedy });

const tooLarge = (name: string) =>
  invalid(
    name,
    `a request has at most ${mostRequestBytes} bytes`,
    'Keep profiles in a repository and name them by commit; give a baseline of fewer targets.',
  );

function toMapping(text: string, name: string): Record<string, unknown> {
  let given: unknown;
  try {
    given = parseYaml(text);
  } catch (error) {
    throw invalid(name, `it is neither YAML nor JSON: ${toMessage(error)}`);
  }
  if (typeof given !== 'object' || given === null || Array.isArray(given))
    throw invalid(name, 'expected a mapping of inputs to values');
  return Object.fromEntries(Object.entries(given));
}

function refuseVersion({ apiVersion, kind }: Record<string, unknown>, name: string): void {
  if (apiVersion === requestVersion && kind === requestKind) return;
  const [, version] = /^cinc-scan\.dev\/v(\d+)/.exec(String(apiVersion)) ?? [];
  if (version !== undefined && Number(version) > 1)
    throw invalid(name, `it is made for a newer version (${String(apiVersion)}); this one reads ${requestVersion}`);
  throw invalid(name, `expected apiVersion: ${requestVersion} and kind: ${requestKind}`);
}

function refuseKey(key: string, name: string): void {
  if (key === 'apiVersion' || key === 'kind' || key === perTargetKey) return;
  const known = inputNames.find(each => each === key);
  if (known === undefined)
    throw invalid(name, `a request has no ${JSON.stringify(key.slice(0, 100))}; did you mean ${nearestInput(key)}?`);
  if (!isEdge(known)) return;
  const remedy = `Pass it when the request is run: --${flagName(known)} or ${environmentName(known)}.`;
  if (inputs[known].type === 'secret') throw invalid(name, `${key} is a secret, and a request holds none`, remedy);
  throw invalid(name, `${key} is given when the request is run, and is not part of it`, remedy);
}

interface Leaf {
  path: PropertyKey[];
  message: string;
}

/** Of a union that does not fit, the issues of the alternative that fits best. */
function leaves(issue: z.core.$ZodIssue): Leaf[] {
  if (issue.code !== 'invalid_union' || issue.message !== 'Invalid input') return [issue];
  const alternatives = issue.errors.map(each => each.flatMap(leaves));
  const best = alternatives.toSorted((a, b) => deepest(b) - deepest(a) || a.length - b.length)[0];
  return best === undefined ? [issue] : best.map(({ path, message }) => ({ path: [...issue.path, ...path], message }));
}

const deepest = (all: Leaf[]) => Math.max(0, ...all.map(({ path }) => path.length));
