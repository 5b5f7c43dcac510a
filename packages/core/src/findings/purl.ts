// SPDX-License-Identifier: Apache-2.0

/** The parts of a package URL (https://github.com/package-url/purl-spec). */
export interface Purl {
  /** Type, namespace and name, decoded. */
  name: string;
  version: string | undefined;
  qualifiers: ReadonlyMap<string, string>;
}

export function parsePurl(text: string): Purl | undefined {
  const match = /^pkg:\/{0,2}([A-Za-z][A-Za-z0-9.+-]*)\/([^?#]+)(?:\?([^#]*))?(?:#.*)?$/.exec(text);
  if (match === null) return undefined;
  const [, type = '', path = '', query = ''] = match;
  const at = path.lastIndexOf('@');
  // The `@` of a scope (`@angular/core`) is no separator, whether or not it is escaped.
  const isVersion = at > path.lastIndexOf('/') && at > 0;
  const name = decode(isVersion ? path.slice(0, at) : path);
  if (name === undefined) return undefined;
  return {
    name: `${type.toLowerCase()}/${name.replace(/\/+$/, '')}`,
    version: isVersion ? decode(path.slice(at + 1)) : undefined,
    qualifiers: new Map(query.split('&').flatMap(pair => toPair(pair))),
  };
}

function toPair(pair: string): [string, string][] {
  const [key = '', ...rest] = pair.split('=');
  const value = decode(rest.join('='));
  return key === '' || value === undefined || value === '' ? [] : [[key.toLowerCase(), value]];
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined; // a lone `%`
  }
}

/** Whether a statement about one package URL speaks of another: what it names has to be the same. */
export function coversPurl(statement: string, subject: string): boolean {
  const [said, met] = [parsePurl(statement), parsePurl(subject)];
  if (said === undefined || met === undefined || said.name !== met.name) return false;
  if (said.version !== undefined && said.version !== met.version) return false;
  return [...said.qualifiers].every(([key, value]) => met.qualifiers.get(key) === value);
}
