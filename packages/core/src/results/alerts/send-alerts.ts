// SPDX-License-Identifier: Apache-2.0
import { toMessage } from '../../errors/index.ts';
import { type Alert, type AlertState, alertId } from '../../findings/index.ts';
import { type RetrySettings, retryDefaults } from '../../http/index.ts';
import { type Surface, slackMessage, teamsMessage, webhookMessage } from '../../report/index.ts';
import { post, postSigned } from '../push/post.ts';
import { makeRedactor } from '../redact/redact.ts';
import { type AlertRequest, alertSecrets, type Channel } from './channels.ts';
import { sendMail } from './mail.ts';

/** What became of one message. */
export interface SentAlert {
  /** Run and channel. */
  id: string;
  surface: Surface;
}

/** Sends what is due, each channel its own in order. What fails is told as such, and changes nothing else. */
export async function sendAlerts(
  request: AlertRequest,
  due: AlertState['due'],
  given: Pick<RetrySettings, 'environment'>,
): Promise<SentAlert[]> {
  const { own } = makeRedactor(alertSecrets(request));
  const settings = { ...retryDefaults, ...given };
  const sent = await Promise.all(
    request.channels.map(async channel => {
      const all: SentAlert[] = [];
      for (const { alert } of due.filter(each => each.channel === channel.kind))
        all.push(await sendTo(channel, alert, { settings, own }));
      return all;
    }),
  );
  return sent.flat();
}

async function sendTo(
  channel: Channel,
  alert: Alert,
  { settings, own }: { settings: RetrySettings; own: (text: string) => string },
): Promise<SentAlert> {
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
