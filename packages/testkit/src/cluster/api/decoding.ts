// SPDX-License-Identifier: Apache-2.0
import * as yaml from 'js-yaml';
import { isObject, type Json, type JsonObject, objectAt, parseJson, textAt } from '../objects/json.ts';
import { apiVersion, type Kind } from '../objects/kinds.ts';
import type { KubeObject, Meta } from '../objects/objects.ts';
import { checkAgainst } from '../objects/schema.ts';
import { badRequest, notImplemented, unsupportedMediaType } from '../objects/status.ts';
import type { Call } from './api.ts';

const protobuf = 'application/vnd.kubernetes.protobuf';
const accepted = ['application/json', 'application/yaml', protobuf];

/** What a body has to be: a kind of its API version, with the fields of a schema. */
export type Wanted = Pick<Kind, 'kind' | 'group' | 'version' | 'schema'>;

export interface Decoded {
  object: JsonObject;
  /** Fields that were dropped, for the warning header. */
  warnings: string[];
}

export function mediaType(call: Call): string {
  return (call.headers['content-type'] ?? 'application/json').split(';')[0]?.trim() ?? '';
}

export function decodeBody(call: Call, wanted: Wanted): Decoded {
  const type = mediaType(call);
  // The recorded refusal names protobuf too; a client that already speaks it is told what is really read.
  if (type === protobuf) throw unsupportedMediaType(accepted.filter(one => one !== protobuf));
  if (!accepted.includes(type)) throw unsupportedMediaType(accepted);
  const text = call.body.toString();
  const value = type === 'application/json' ? readJson(text, wanted.kind) : readYaml(text, wanted.kind);
  if (!isObject(value)) throw badRequest(`couldn't get version/kind; json parse error: the body is not an object`);
  return decode(value, wanted, call.query.get('fieldValidation') ?? 'Warn');
}

function readJson(text: string, kind: string): Json {
  try {
    return parseJson(text);
  } catch (error) {
    throw unreadable(kind, text, error);
  }
}

function readYaml(text: string, kind: string): Json {
  try {
    return parseYaml(text);
  } catch (error) {
    throw unreadable(kind, text, error);
  }
}

function parseYaml(text: string): Json {
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- the default schema of YAML gives JSON
  return yaml.load(text, { schema: yaml.JSON_SCHEMA }) as Json;
}

function unreadable(kind: string, text: string, error: unknown): Error {
  const message = error instanceof Error ? error.message : String(error);
  const why = message.charAt(0).toLowerCase() + message.slice(1);
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind}): couldn't get version/kind; json parse error: ${why} (${text.slice(0, 100)})`,
  );
}

export function decode(value: JsonObject, wanted: Wanted, validation: string): Decoded {
  const version = apiVersion(wanted);
  const sent = { kind: textAt(value, 'kind') || wanted.kind, version: textAt(value, 'apiVersion') || version };
  if (sent.kind !== wanted.kind || sent.version !== version) throw wrongKind(wanted, sent.kind, sent.version);
  const checked = checkAgainst(wanted.schema, value);
  const prefix = `${wanted.kind} in version "${wanted.version}" cannot be handled as a ${wanted.kind}`;
  if (checked.mismatched.length > 0) throw badRequest(`${prefix}: json: ${checked.mismatched.join(', ')}`);
  const unknown = checked.unknown.map(field => `unknown field ${JSON.stringify(field)}`);
  if (unknown.length > 0 && validation === 'Strict') {
    throw badRequest(`${prefix}: strict decoding error: ${unknown.join(', ')}`);
  }
  if (checked.refused.length > 0) throw notImplemented(`${wanted.kind} ${checked.refused.join(', ')}`);
  return { object: checked.value, warnings: validation === 'Ignore' ? [] : unknown };
}

function wrongKind(wanted: Wanted, kind: string, version: string): Error {
  const short = version.split('/').at(-1) ?? version;
  const family = wanted.group === '' ? 'core' : (wanted.group.split('.')[0] ?? wanted.group);
  return badRequest(
    `${kind} in version ${JSON.stringify(version)} cannot be handled as a ${wanted.kind}: converting (${short}.${kind}) to (${family}.${wanted.kind}): unknown conversion`,
  );
}

/** A decoded body as an object of its kind; the name may still be missing. */
export function toObject(decoded: JsonObject, wanted: Wanted): KubeObject {
  const { kind: _kind, apiVersion: _version, metadata: _metadata, ...rest } = decoded;
  return {
    kind: wanted.kind,
    apiVersion: apiVersion(wanted),
    metadata: parseMeta(objectAt(decoded, 'metadata')),
    ...rest,
  };
}

/** The schema has checked every field; `name` and `uid` are filled before the object is stored. */
function parseMeta(meta: JsonObject): Meta {
  return { name: '', uid: '', ...meta };
}
