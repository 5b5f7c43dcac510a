// SPDX-License-Identifier: Apache-2.0
import { type Answer, type Context, isDryRun, namespaceOf, type ResourceCall } from '../api/api.ts';
import { type Decoded, decode, decodeBody, toObject } from '../api/decoding.ts';
import { checkPodSecurity } from '../api/preparation.ts';
import { render } from '../api/rendering.ts';
import { patchType, readPatch, withWarnings } from '../api/resources.ts';
import { copy, type JsonObject, same } from '../objects/json.ts';
import { type Container, type Pod, parsePod } from '../objects/objects.ts';
import { applyPatch } from '../objects/patch.ts';
import { conflict, invalid } from '../objects/status.ts';
import { defaultContainer } from './defaults.ts';
import { ephemeralChangeErrors, ephemeralErrors } from './validation.ts';

/** The one way to add a container to a running pod: a patch, or an update of the whole pod. */
export function changeEphemeralContainers(context: Context, call: ResourceCall): Answer {
  const before = parsePod(context.store.get('Pod', namespaceOf(call), call.info.name));
  const { object, warnings } = call.info.verb === 'update' ? decodeBody(call, call.kind) : patched(call, before);
  const sent = parsePod(toObject(object, call.kind));
  const asked = sent.metadata.resourceVersion ?? before.metadata.resourceVersion;
  if (asked !== before.metadata.resourceVersion) throw conflict(call.kind, call.info.name);
  const after = withContainers(before, (sent.spec.ephemeralContainers ?? []).map(withDefaults));
  const errors = [...ephemeralErrors(after), ...ephemeralChangeErrors(before, after)];
  if (errors.length > 0) throw invalid(call.kind, call.info.name, errors);
  checkPodSecurity(context, after);
  const stored = isDryRun(call.query) ? after : context.store.replace(call.kind, after);
  return withWarnings(render(call, stored), warnings);
}

function patched(call: ResourceCall, before: Pod): Decoded {
  const value = applyPatch(patchType(call), copy<JsonObject>(before), readPatch(call));
  return decode(value, call.kind, call.query.get('fieldValidation') ?? 'Warn');
}

function withDefaults(container: Container): Container {
  return defaultContainer({ ...container, image: textOr(container, 'image'), name: textOr(container, 'name') });
}

/** A patch may leave out what validation asks for afterwards. */
function textOr(container: Partial<Container>, key: 'image' | 'name'): string {
  return container[key] ?? '';
}

function withContainers(before: Pod, ephemeralContainers: Container[]): Pod {
  if (same(before.spec.ephemeralContainers ?? [], ephemeralContainers)) return before;
  const { generation } = before.metadata;
  return {
    ...before,
    metadata: { ...before.metadata, ...(generation === undefined ? {} : { generation: generation + 1 }) },
    spec: { ...before.spec, ephemeralContainers },
  };
}
