// SPDX-License-Identifier: Apache-2.0
import { readFileSync } from 'node:fs';
import { Ajv, type ValidateFunction } from 'ajv';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { validateXML } from 'xmllint-wasm';

const schemas = new URL('../../../fixtures/schemas/', import.meta.url);
const published = new URL('../../../../../docs/schemas/', import.meta.url);

const dateTime = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/;
const isReference = (text: string) => !/[\s\\<>"{}|^`]/.test(text) && URL.canParse(text, 'https://base.example/');

function parseSchema(url: URL): object {
  return JSON.parse(readFileSync(url, 'utf8')) as object;
}

/** The schema of JSON Schema Store; one of its patterns is no legal `u` expression. */
export function sarifValidator(): ValidateFunction {
  const ajv = new Ajv({ strict: false, allErrors: false, unicodeRegExp: false });
  ajv.addFormat('date-time', dateTime);
  ajv.addFormat('uri', (text: string) => isReference(text) && URL.canParse(text));
  ajv.addFormat('uri-reference', isReference);
  return ajv.compile(parseSchema(new URL('sarif-2.1.0.schema.json', schemas)));
}

export function scanValidator(): ValidateFunction {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: false });
  ajv.addFormat('date-time', dateTime);
  return ajv.compile(parseSchema(new URL('scan.schema.json', published)));
}

/** findings.json by its published schema. */
export function findingsValidator(): ValidateFunction {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: false });
  ajv.addFormat('date-time', dateTime);
  return ajv.compile(parseSchema(new URL('findings.schema.json', published)));
}

/** An event of OCSF, by a schema written from its public definition. */
export function ocsfValidator(): ValidateFunction {
  const ajv = new Ajv2020({ strict: true, strictRequired: false, strictTypes: false, allErrors: false });
  return ajv.compile(parseSchema(new URL('ocsf-1.3.0-findings.schema.json', schemas)));
}

/** Problems of each text against the project's XSD; none for valid ones. */
export async function junitProblems(texts: string[]): Promise<string[]> {
  const { errors } = await validateXML({
    xml: texts.map((contents, index) => ({ fileName: `junit-${index}.xml`, contents })),
    schema: [readFileSync(new URL('junit.xsd', schemas), 'utf8')],
    initialMemoryPages: 1024,
    maxMemoryPages: 16_384,
  });
  return errors.map(({ rawMessage }) => rawMessage);
}

/** Well-formedness alone, for formats whose schema is not published. */
export async function xmlProblems(texts: string[]): Promise<string[]> {
  const { errors } = await validateXML({
    xml: texts.map((contents, index) => ({ fileName: `file-${index}.xml`, contents })),
    schema: [anything],
    initialMemoryPages: 1024,
    maxMemoryPages: 16_384,
  });
  return errors.map(({ rawMessage }) => rawMessage);
}

const anything = `<xs:schema xmlns:xs="http://www.w3.org/2001/XMLSchema"><xs:element name="CHECKLIST">
  <xs:complexType><xs:sequence><xs:any processContents="skip" maxOccurs="unbounded"/></xs:sequence></xs:complexType>
</xs:element></xs:schema>`;
