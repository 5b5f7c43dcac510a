// SPDX-License-Identifier: Apache-2.0
import type { Alert, AlertChannel, AlertState } from './schema.ts';

const mostTold = 200;
const mostDue = 100;

const nothingTold: AlertState = { lost: [], due: [], told: [] };

/** The name of one message: the same however often its run is repeated. */
export const alertId = (run: string, channel: AlertChannel): string => `${run} ${channel}`;

interface Due {
  /** Of this run; undefined if there is nothing to tell. */
  alert: Alert | undefined;
  channels: readonly AlertChannel[];
  /** Sources that did not look this time. */
  lost: readonly string[];
}

/**
 * What has to be told now: of this run, and what did not get through before. It is kept before anything is sent, so that a run
 * that is killed in between tells twice rather than never, under one name. Pure.
 */
export function withDue(before: AlertState = nothingTold, { alert, channels, lost }: Due): AlertState {
  const isKnown = (channel: AlertChannel, run: string) =>
    before.told.includes(alertId(run, channel)) ||
    before.due.some(due => due.channel === channel && due.alert.run === run);
  const waiting = before.due.filter(({ channel }) => channels.includes(channel));
  const fresh =
    alert === undefined
      ? []
      : channels.filter(channel => !isKnown(channel, alert.run)).map(channel => ({ channel, alert }));
  return { lost: [...lost], due: [...waiting, ...fresh].slice(-mostDue), told: before.told };
}

/** Afterwards: what got through is told, and the rest stays due. */
export function withTold(state: AlertState, told: readonly string[]): AlertState {
  return {
    lost: state.lost,
    due: state.due.filter(({ channel, alert }) => !told.includes(alertId(alert.run, channel))),
    told: [...state.told, ...told].slice(-mostTold),
  };
}
