// SPDX-License-Identifier: Apache-2.0
import { CORE_SCHEMA, load, mergeTag, YAMLException } from 'js-yaml';

const schema = CORE_SCHEMA.withTags(mergeTag);

/** Where a text stops being YAML, and why. The library's own message quotes the lines around it, secrets included. */
export class YamlProblem extends Error {}

export interface YamlOptions {
  /** What two values of one key mean: a mistake, or that the last one counts, as in JSON. */
  duplicates?: 'refused' | 'last';
}

/** The document in a user's text (YAML 1.2, of which JSON is a part; `<<` merges). Throws a YamlProblem, which quotes nothing. */
export function parseYaml(text: string, { duplicates = 'refused' }: YamlOptions = {}): unknown {
  try {
    return load(text.replace(/^\uFEFF/, ''), { schema, json: duplicates === 'last' });
  } catch (error) {
    throw toYamlProblem(error);
  }
}

/** A JSON document that others wrote. V8's own message quotes what stands around the mistake. */
export function parseJsonText(text: string): unknown {
  try {
    return JSON.parse(text.replace(/^\uFEFF/, ''));
  } catch (error) {
    const [place] = error instanceof Error ? (/line \d+ column \d+/.exec(error.message) ?? []) : [];
    throw new YamlProblem(place === undefined ? 'the text is malformed' : `the text is malformed at ${place}`);
  }
}

/** What the library said, without a word of the text. Without a cause: that would be the message that quotes. */
export function toYamlProblem(error: unknown): YamlProblem {
  if (!(error instanceof YAMLException)) return new YamlProblem('the text is malformed');
  const { reason, mark } = error;
  return new YamlProblem(
    mark === undefined ? unquoted(reason) : `line ${mark.line + 1}, column ${mark.column + 1}: ${unquoted(reason)}`,
  );
}

/**
 * A parser's reason without what it quotes: tags, aliases and characters stand in it as they do in the text, and of
 * `password: *hunter2` that is the password.
 */
export function unquoted(reason: string): string {
  return reason
    .replace(/"[^"]*"|!?<.*>/g, '…')
    .replace(/: \S.*$/, '')
    .replace(/\s+/g, ' ');
}
