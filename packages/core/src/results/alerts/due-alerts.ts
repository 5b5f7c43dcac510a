// SPDX-License-Identifier: Apache-2.0
import { type AlertState, type FindingSeverity, withDue } from '../../findings/index.ts';
import { type FindingsModel, toAlert } from '../../report/index.ts';
import type { AlertRequest } from './channels.ts';

interface Telling {
  alerts: AlertRequest;
  unknownAs: Exclude<FindingSeverity, 'unknown'>;
}

/** What has to be told of a run, beside what did not get through before; as before where nobody is to be told anything. */
export function dueAlerts(
  model: FindingsModel,
  before: AlertState | undefined,
  { alerts: { channels, least, link }, unknownAs }: Telling,
): AlertState | undefined {
  if (channels.length === 0) return before;
  const alert = toAlert(model, { least, unknownAs, toldLost: before?.lost ?? [], link });
  const lost = model.sources.filter(({ kind }) => kind === 'not-looked').map(({ id }) => id);
  return withDue(before, { alert, channels: channels.map(({ kind }) => kind), lost });
}
