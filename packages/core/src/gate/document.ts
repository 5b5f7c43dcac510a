// SPDX-License-Identifier: Apache-2.0
import { CORE_SCHEMA, load, YAMLException } from 'js-yaml';
import { toYamlProblem } from '../request/index.ts';
import { type Problem, type Refused, refuse, type ThresholdField } from './spec.ts';

const maxBytes = 65_536;
const maxDepth = 6;
// Far above any document of the permitted size; aliases within aliases would reach any number.
const maxSize = 4 * maxBytes;

export function tooLarge(text: string): Problem | undefined {
  return Buffer.byteLength(text) > maxBytes
    ? { reason: 'spec-unreadable', message: `larger than ${maxBytes} bytes` }
    : undefined;
}

/** The bytes of a threshold file as text; anything but UTF-8 is refused. */
export function decodeThreshold(bytes: Uint8Array): { kind: 'text'; text: string } | Refused {
  try {
    return { kind: 'text', text: new TextDecoder('utf-8', { fatal: true }).decode(bytes) };
  } catch {
    return refuse({ reason: 'spec-unreadable', message: 'not UTF-8' });
  }
}

/** One YAML 1.2 or JSON mapping, small enough to be walked. `deeper` levels are allowed around thresholds. */
export function readMapping(text: string, deeper = 0): { kind: 'mapping'; mapping: object } | Refused {
  const large = tooLarge(text);
  if (large !== undefined) return refuse(large);
  const loaded = parseYaml(text);
  if (loaded.kind === 'refused') return loaded;
  const { document } = loaded;
  if (!isMapping(document))
    return refuse({
      reason: 'spec-not-mapping',
      message: 'a threshold is a mapping of keys to bounds, such as "compliance: {min: 80}"',
    });
  const problem = sizeProblem(document, maxDepth + deeper);
  return problem === undefined
    ? { kind: 'mapping', mapping: document }
    : refuse({ reason: 'spec-syntax', message: problem });
}

const entriesOf = (value: object): ThresholdField[] => Object.entries(value);

const isMapping = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

function parseYaml(text: string): { kind: 'loaded'; document: unknown } | Refused {
  try {
    return { kind: 'loaded', document: load(text, { schema: CORE_SCHEMA }) };
  } catch (error) {
    const isBlank = error instanceof YAMLException && error.reason.includes('input is empty');
    return refuse(
      isBlank
        ? { reason: 'spec-empty', message: 'the document is empty' }
        : { reason: 'spec-syntax', message: toYamlProblem(error).message },
    );
  }
}

/** Walks level by level and stops at the first limit, so that aliases, cyclic ones too, cannot make it long. */
function sizeProblem(document: object, depth: number): string | undefined {
  let level: object[] = [document];
  let size = 0;
  for (let at = 0; level.length > 0; at++) {
    if (at >= depth) return `nested more than ${depth} levels deep`;
    const next: object[] = [];
    for (const each of level) {
      for (const [key, value] of entriesOf(each)) {
        size += 1 + key.length;
        if (typeof value === 'object' && value !== null) next.push(value);
      }
      if (size > maxSize) return 'too many values: are there aliases within aliases?';
    }
    level = next;
  }
  return undefined;
}

/** Nested and dotted keys as one list of paths; a path may come twice. */
export function flatten(mapping: object, above: readonly string[] = []): ThresholdField[] {
  return entriesOf(mapping).flatMap(([key, value]): ThresholdField[] => {
    const path = [...above, key];
    return isMapping(value) && Object.keys(value).length > 0 ? flatten(value, path) : [[path.join('.'), value]];
  });
}
