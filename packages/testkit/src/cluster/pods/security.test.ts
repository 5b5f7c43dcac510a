// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { type JsonObject, objectAt, textAt } from '../objects/json.ts';
import { kindNamed } from '../objects/kinds.ts';
import { type Pod, parsePod } from '../objects/objects.ts';
import { invalid } from '../objects/status.ts';
import { recordings } from '../testing/recordings.ts';
import { podSecurityViolation, toLevel } from './security.ts';
import { ephemeralErrors, podForbidden } from './validation.ts';

const strict = {
  allowPrivilegeEscalation: false,
  capabilities: { drop: ['ALL'] },
  runAsNonRoot: true,
  runAsUser: 1000,
  seccompProfile: { type: 'RuntimeDefault' },
};

function podWith(level: string, name: string, securityContext: JsonObject): Pod {
  const app = { name: 'app', image: 'i', ...(level === 'restricted' ? { securityContext: strict } : {}) };
  const debug = { name: 'dbg', image: 'i', securityContext };
  return parsePod({
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: { name, uid: 'u' },
    spec: { containers: [app], ephemeralContainers: [debug], securityContext: {} },
  });
}

function verdict(level: string, name: string, securityContext: JsonObject): { status: number; message?: string } {
  const pod = podWith(level, name, securityContext);
  const errors = ephemeralErrors(pod);
  if (errors.length > 0) return { status: 422, message: invalid(kindNamed('Pod'), name, errors).message };
  const violation = podSecurityViolation(pod.spec, toLevel(level === 'none' ? undefined : level));
  return violation === undefined ? { status: 200 } : { status: 403, message: podForbidden(name, violation).message };
}

describe('Pod Security admission of debug containers', () => {
  test('gives every recorded verdict, word for word', async () => {
    const entries = await recordings('pod-security');
    const answers = entries.map(entry => {
      const name = textAt(entry, 'enforce') === 'restricted' ? 'uid1000' : 'root';
      return verdict(textAt(entry, 'enforce'), name, objectAt(entry, 'securityContext'));
    });
    const recorded = entries.map(({ status, message }) => ({ status, ...(message === undefined ? {} : { message }) }));
    expect(answers).toEqual(recorded);
    expect(answers).toHaveLength(117);
  });
});
