// SPDX-License-Identifier: Apache-2.0
// Old threshold files in dialects that SAF, and so our gate, does not read.

/** The same bounds as SAF has them, and what cannot be said there. */
export interface MigratedThreshold {
  bounds: Record<string, unknown>;
  dropped: { name: string; why: string }[];
}

const severities = ['critical', 'high', 'medium', 'low', 'none', 'total'];
const statuses: Record<string, string> = { failure: 'failed', failures: 'failed' };
const reasons: Record<string, string> = {
  except: 'exceptions are waivers: a file with a justification for each control (--waivers)',
  global: 'one threshold file holds one set of bounds: name another file for another environment',
  environments: 'one threshold file holds one set of bounds: name another file for another environment',
};

const isMapping = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** A threshold of the old dialects, or undefined for any other file. */
export function migrateThreshold(root: unknown): MigratedThreshold | undefined {
  if (!isMapping(root)) return undefined;
  const known = ['compliance', 'failure', 'failures', 'failed', 'passed', 'skipped', 'error', 'no_impact'];
  if (!Object.keys(root).some(key => known.includes(key) || key in reasons)) return undefined;
  const migrated: MigratedThreshold = { bounds: {}, dropped: [] };
  for (const [key, value] of Object.entries(root)) {
    if (key in reasons) migrated.dropped.push({ name: key, why: reasons[key] ?? '' });
    else if (key === 'compliance') migrated.bounds['compliance'] = toCompliance(value);
    else if (statuses[key] !== undefined) migrated.bounds[statuses[key]] = toMaxima(value);
    else if (known.includes(key)) migrated.bounds[key] = value;
    else migrated.dropped.push({ name: key, why: 'the gate has no such key' });
  }
  return migrated;
}

function toCompliance(value: unknown): unknown {
  if (!isMapping(value)) return { min: value };
  const { overall, ...rest } = value;
  return overall === undefined ? rest : { min: overall, ...rest };
}

/** `failure: { critical: 0 }` meant: at most so many. */
function toMaxima(value: unknown): unknown {
  if (!isMapping(value)) return { total: { max: value } };
  return Object.fromEntries(
    Object.entries(value).map(([key, bound]) => [
      key,
      severities.includes(key) && !isMapping(bound) ? { max: bound } : bound,
    ]),
  );
}
