// SPDX-License-Identifier: Apache-2.0
import { toMessage } from '../../errors/index.ts';
import { type Alert, type AlertState, alertId, withTold } from '../../findings/index.ts';
import { type RetrySettings, retryDefaults } from '../../http/index.ts';
import { type Surface, slackMessage, teamsMessage, webhookMessage } from '../../report/index.ts';
import { post, postSigned } from '../push/post.ts';
import { makeRedactor } from '../redact/redact.ts';
import { type AlertRequest, alertSecrets, type Channel } from './channels.ts';
import { sendMail } from './mail.ts';

/** What became of one message. */
interface SentAlert {
  /** Run and channel. */
  id: string;
  surface: Surface;
}

export interface Sent {
  surfaces: Surface[];
  /** What is due after that; undefined if nothing has changed. */
  state: AlertState | undefined;
}

/** Sends what is due, each channel its own in order. What fails is told as such, and changes nothing else. */
export async function sendAlerts(
  request: AlertRequest,
  state: AlertState,
  given: Pick<RetrySettings, 'environment'>,
): Promise<Sent> {
  const { own } = makeRedactor(alertSecrets(request));
  const how = { settings: { ...retryDefaults, ...given }, own };
  const sent = (await Promise.all(request.channels.map(channel => sendAll(channel, state, how)))).flat();
  const told = sent.filter(({ surface }) => surface.ok).map(({ id }) => id);
  return {
    surfaces: sent.map(({ surface }) => surface),
    state: told.length === 0 ? undefined : withTold(state, told),
  };
}

interface How {
  settings: RetrySettings;
  /** Takes addresses and passwords out of a text. */
  own: (text: string) => string;
}

async function sendAll(channel: Channel, { due }: AlertState, how: How): Promise<SentAlert[]> {
  const all: SentAlert[] = [];
  for (const { alert } of due.filter(each => each.channel === channel.kind))
    all.push(await sendTo(channel, alert, how));
  return all;
}

async function sendTo(channel: Channel, alert: Alert, { settings, own }: How): Promise<SentAlert> {
  const problem = await sendOne(channel, alert, settings).catch(toMessage);
  const surface = { name: channel.name, ok: problem === undefined };
  return {
    id: alertId(alert.run, channel.kind),
    surface: problem === undefined ? surface : { ...surface, message: own(problem) },
  };
}

function sendOne(channel: Channel, alert: Alert, settings: RetrySettings): Promise<string | undefined> {
  switch (channel.kind) {
    case 'webhook': {
      const { address, secret } = channel;
      const key = alertId(alert.run, 'webhook');
      return postSigned({ url: new URL(address.reveal()), secret, body: webhookMessage(alert), key }, settings);
    }
    case 'slack':
      return post({ url: new URL(channel.address.reveal()), body: slackMessage(alert) }, settings);
    case 'teams':
      return post({ url: new URL(channel.address.reveal()), body: teamsMessage(alert) }, settings);
    case 'mail':
      return sendMail(channel, alert, settings);
  }
}
