// SPDX-License-Identifier: Apache-2.0
import { ScanError } from '../../errors/index.ts';
import {
  givenHere,
  inputNames,
  isEdge,
  readBounded,
  resolveValues,
  type Sources,
  type Values,
} from '../../request/index.ts';
import type { Contents } from './contents.ts';
import { mostRequestBytes, parseRequest } from './document.ts';
import { openRequest } from './open-request.ts';

/** A request document as its text; the name tells errors where it stands. */
interface NamedDocument {
  name: string;
  text: string;
}

/** Reads a request document from a file. Throws REQUEST_INVALID. */
export function readDocumentFile(path: string): NamedDocument {
  const read = readBounded(path, mostRequestBytes);
  if (read.kind === 'bytes') return { name: path, text: read.bytes.toString('utf8') };
  throw new ScanError('REQUEST_INVALID', `${path} cannot be read: ${read.problem}`);
}

/**
 * The scan that a document asks for: only what belongs to whoever runs it comes from the other sources. Throws
 * REQUEST_INVALID, and USAGE where one of them gives a part of the request itself.
 */
export function readDocument(
  { name, text }: NamedDocument,
  sources: Omit<Sources, 'file'>,
): { values: Values; contents: Contents } {
  refuseMixing(sources);
  const { values, contents } = openRequest(parseRequest(text, name));
  return { values: resolveValues({ ...sources, file: { path: name, values } }), contents };
}

/** What stands in a document is whole: half of it from elsewhere would be another request. */
function refuseMixing(sources: Omit<Sources, 'file'>): void {
  const other = givenHere(
    inputNames.filter(name => !isEdge(name)),
    sources,
  );
  if (other === undefined) return;
  throw new ScanError('USAGE', `${other} cannot be combined with a request document, which is whole`, {
    remedy: 'Change the document, or scan without one.',
  });
}
