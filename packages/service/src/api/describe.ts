// SPDX-License-Identifier: Apache-2.0
// The description of the API as it is served.

interface Described {
  paths?: Record<string, Record<string, { responses?: Record<string, unknown> }>>;
  components?: { schemas?: Record<string, unknown> };
}

const problemAnswer = {
  description: 'What kept the service from it, with a closed code and a remedy',
  content: { 'application/problem+json': { schema: { $ref: '#/components/schemas/Problem' } } },
};

/**
 * The library describes each type twice, as it is sent (`XInput`) and as it is answered (`X`), and no error. What nobody
 * refers to goes, and the one that is left of the two has the short name.
 */
export function finishDescription<T extends object>(given: T): T {
  const described: Described = structuredClone(given);
  for (const methods of Object.values(described.paths ?? {}))
    for (const operation of Object.values(methods))
      operation.responses = { ...operation.responses, default: problemAnswer };
  const schemas = described.components?.schemas ?? {};
  const isUsed = (name: string) => JSON.stringify(described).includes(`"#/components/schemas/${name}"`);
  const findUnused = () => Object.keys(schemas).filter(name => !isUsed(name));
  for (let unused = findUnused(); unused.length > 0; unused = findUnused())
    for (const name of unused) delete schemas[name];
  const renamed = Object.keys(schemas).filter(name => name.endsWith('Input') && !(name.slice(0, -5) in schemas));
  let text = JSON.stringify(described);
  for (const name of renamed)
    text = text
      .replaceAll(`"#/components/schemas/${name}"`, `"#/components/schemas/${name.slice(0, -5)}"`)
      .replaceAll(`"${name}":`, `"${name.slice(0, -5)}":`);
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the same document
  return JSON.parse(text) as T;
}
