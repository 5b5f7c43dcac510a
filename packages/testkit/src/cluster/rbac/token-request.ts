// SPDX-License-Identifier: Apache-2.0
import { type Answer, type Context, namespaceOf, ok, type ResourceCall } from '../api/api.ts';
import { decodeBody } from '../api/decoding.ts';
import { isObject, type JsonObject, listAt, numberAt, textAt } from '../objects/json.ts';
import { type KubeObject, parsePod, timestamp } from '../objects/objects.ts';
import { schemas } from '../objects/schemas.ts';
import { badRequest, conflict, type FieldError, invalid, invalidValue } from '../objects/status.ts';
import { type Bound, ownAudience } from './tokens.ts';

const wanted = {
  kind: 'TokenRequest',
  group: 'authentication.k8s.io',
  version: 'v1',
  schema: schemas.TokenRequest,
} as const;
const named = { kind: wanted.kind, group: wanted.group, resource: 'tokenrequests' };

export function requestToken(context: Context, call: ResourceCall): Answer {
  const { object } = decodeBody(call, wanted);
  const account = context.store.get('ServiceAccount', namespaceOf(call), call.info.name);
  const asked = numberAt(object, 'spec', 'expirationSeconds') ?? 3600;
  const errors = durationErrors(asked);
  if (errors.length > 0) throw invalid(named, '', errors);
  const seconds = Math.min(asked, context.maxTokenSeconds);
  const given = listAt(object, 'spec', 'audiences').filter(one => typeof one === 'string');
  const audiences = given.length === 0 ? [ownAudience] : given;
  const reference = isObject(object['spec']) ? object['spec']['boundObjectRef'] : undefined;
  const bound = isObject(reference) ? resolve(context, account, reference) : undefined;
  const issued = Math.floor(context.store.now().getTime() / 1000);
  const { name, namespace = '', uid } = account.metadata;
  const token = context.signer.issue({ namespace, name, uid, audiences, seconds, issued, bound });
  context.issued.push(token);
  return ok(
    {
      kind: 'TokenRequest',
      apiVersion: 'authentication.k8s.io/v1',
      metadata: { name, namespace, uid, creationTimestamp: timestamp(context.store.now()) },
      spec: { audiences, expirationSeconds: seconds, boundObjectRef: isObject(reference) ? reference : null },
      status: { token, expirationTimestamp: timestamp(new Date((issued + seconds) * 1000)) },
    },
    201,
  );
}

function durationErrors(seconds: number): FieldError[] {
  const field = 'spec.expirationSeconds';
  if (seconds < 600) return [invalidValue(field, String(seconds), 'may not specify a duration less than 10 minutes')];
  if (seconds > 2 ** 32)
    return [invalidValue(field, String(seconds), 'may not specify a duration larger than 2^32 seconds')];
  return [];
}

function resolve(context: Context, account: KubeObject, reference: JsonObject): Bound {
  const kind = textAt(reference, 'kind');
  if (kind !== 'Pod' && kind !== 'Secret') throw badRequest(`cannot bind token to object of type ${kind}`);
  const object = context.store.get(kind, account.metadata.namespace ?? '', textAt(reference, 'name'));
  const uid = textAt(reference, 'uid');
  if (uid !== '' && uid !== object.metadata.uid) {
    throw conflict({ group: '', resource: kind === 'Pod' ? 'pods' : 'secrets', kind }, object.metadata.name);
  }
  if (kind === 'Pod' && parsePod(object).spec.serviceAccountName !== account.metadata.name) {
    throw badRequest(
      `cannot bind token for serviceaccount ${JSON.stringify(account.metadata.name)} to pod running with different serviceaccount name.`,
    );
  }
  return { kind, name: object.metadata.name, uid: object.metadata.uid };
}
