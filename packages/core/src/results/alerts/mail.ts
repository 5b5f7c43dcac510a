// SPDX-License-Identifier: Apache-2.0
import { toMessage } from '../../errors/index.ts';
import { type Alert, alertId } from '../../findings/index.ts';
import { isLoopback, type RetrySettings } from '../../http/index.ts';
import { mailMessage } from '../../report/index.ts';
import type { Channel } from './channels.ts';

/** Sends a mail, over TLS unless the server is this machine; why it did not work, or undefined. */
export async function sendMail(
  { server, from, to }: Channel & { kind: 'mail' },
  alert: Alert,
  { timeoutMs }: RetrySettings,
): Promise<string | undefined> {
  const url = new URL(server.reveal());
  const isSecure = url.protocol === 'smtps:';
  // Few runs send mails, and those that do not need not read it.
  const { createTransport } = await import(/* webpackMode: "eager" */ 'nodemailer');
  const transport = createTransport({
    host: url.hostname.replace(/^\[|\]$/g, ''),
    port: Number(url.port || (isSecure ? 465 : 587)),
    secure: isSecure,
    requireTLS: !isSecure && !isLoopback(url),
    ignoreTLS: !isSecure && isLoopback(url),
    ...(url.username === ''
      ? {}
      : { auth: { user: decodeURIComponent(url.username), pass: decodeURIComponent(url.password) } }),
    connectionTimeout: timeoutMs,
    greetingTimeout: timeoutMs,
    socketTimeout: timeoutMs,
    disableFileAccess: true,
    disableUrlAccess: true,
  });
  try {
    await transport.sendMail({
      from,
      to,
      ...mailMessage(alert),
      date: new Date(alert.at),
      // The same each time, so that a mail server or reader that gets it twice can tell.
      messageId: `<${alertId(alert.run, 'mail').replaceAll(' ', '.')}@cinc-scan.invalid>`,
      headers: { 'Auto-Submitted': 'auto-generated' },
    });
    return undefined;
  } catch (error) {
    return toMessage(error);
  } finally {
    transport.close();
  }
}
