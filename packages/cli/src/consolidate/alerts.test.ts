// SPDX-License-Identifier: Apache-2.0
import { createHmac } from 'node:crypto';
import { once } from 'node:events';
import { copyFileSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, resolve } from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { SMTPServer } from 'smtp-server';
import { command, commandHere, temporaryFolder } from '../../../../test/support/command.ts';

const fixtures = resolve(import.meta.dirname, '../../../companions/fixtures');

interface Got {
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

/** Slack, Teams and a webhook in one; `status` is its answer. */
async function chatServer(): Promise<{ server: Server; url: string; got: Got[]; status: number }> {
  const here = { got: [] as Got[], status: 200 };
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (text: string) => (body += text));
    request.on('end', () => {
      here.got.push({ url: request.url ?? '', headers: request.headers, body });
      response.writeHead(here.status).end();
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return Object.assign(here, { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` });
}

interface Mail {
  from: string;
  to: string[];
  text: string;
}

async function mailServer(): Promise<{ server: SMTPServer; address: string; got: Mail[] }> {
  const got: Mail[] = [];
  const server = new SMTPServer({
    disabledCommands: ['STARTTLS'],
    allowInsecureAuth: true,
    onAuth: ({ username, password }, _session, done) =>
      username === 'shop' && password === 'pass word'
        ? done(null, { user: username })
        : done(new Error('unknown user')),
    onData: (stream, { envelope }, done) => {
      let text = '';
      stream.on('data', (bytes: Buffer) => (text += bytes.toString('utf8')));
      stream.on('end', () => {
        const from = envelope.mailFrom === false ? '' : envelope.mailFrom.address;
        got.push({ from, to: envelope.rcptTo.map(({ address }) => address), text });
        done();
      });
    },
  });
  const listening = server.listen(0, '127.0.0.1');
  await once(listening, 'listening');
  const { port } = listening.address() as AddressInfo;
  return { server, got, address: `smtp://shop:pass%20word@127.0.0.1:${port}` };
}

let folder = temporaryFolder();
let chat: Awaited<ReturnType<typeof chatServer>>;
beforeEach(async () => {
  folder = temporaryFolder();
  chat = await chatServer();
});
afterEach(() => {
  folder[Symbol.dispose]();
  chat.server.closeAllConnections();
  chat.server.close();
});

const inside = (name: string) => join(folder.path, name);
const take = (sample: string, name: string) => copyFileSync(join(fixtures, sample), inside(name));
const web = { id: 'web', tool: 'trivy', area: 'images', target: 'host:web', file: 'web.json' };
const bench = { id: 'bench', tool: 'kube-hunter', area: 'cluster', target: 'cluster:prod', file: 'hunter.json' };
const sources = (...all: object[]) =>
  writeFileSync(inside('cinc-scan.sources.yml'), JSON.stringify({ scope: 'prod', sources: all }));

const run = (env: Record<string, string>, ...args: string[]) =>
  commandHere(['consolidate', '--state', 'state.json', '--alert-on', 'medium', ...args], { cwd: folder.path, env });
const named7 = { CINC_SCAN_RUN_ID: 'build-7' };
const slack = () => ({ CINC_SCAN_ALERT_SLACK: `${chat.url}/slack/T0K3N` });
const state = () => JSON.parse(readFileSync(inside('state.json'), 'utf8')) as { alerts: Record<string, unknown[]> };
const linesOf = ({ body }: Got) => {
  const { blocks } = JSON.parse(body) as { blocks: { text: { type: string; text: string } }[] };
  return blocks.flatMap(({ text }) => text.text.split('\n'));
};

/** The first sample with other names for its vulnerabilities. */
function rename(from: string, to: string): void {
  writeFileSync(inside('web.json'), readFileSync(inside('web.json'), 'utf8').replaceAll(from, to));
}

describe('alerts of a consolidation', () => {
  beforeEach(() => {
    sources(web);
    take('trivy/image-v2.json', 'web.json');
  });

  test('tell what is new once, and nothing of what is known', async () => {
    expect((await run(slack(), '--state-missing', 'seed')).code).toBe(0);
    expect(chat.got).toEqual([]);
    rename('CVE-2019-1549', 'CVE-2026-1549');
    const ran = await run(slack(), '--alert-link', 'https://ci.example/1?a=b|c');
    expect(ran.stdout).toContain(`Alert sent to slack ${chat.url}\n`);
    expect(`${ran.stdout}${ran.stderr}`).not.toContain('T0K3N');
    expect(chat.got.map(({ url }) => url)).toEqual(['/slack/T0K3N']);
    const lines = chat.got.flatMap(linesOf);
    expect(lines[0]).toBe('cinc-scan: 2 new findings in prod');
    expect(lines.filter(line => line.startsWith('new, medium: CVE-2026-1549 in host:web '))).toHaveLength(2);
    expect(lines.at(-1)).toBe('<https://ci.example/1?a=b%7Cc|All of it>');
    await run(slack());
    expect(chat.got).toHaveLength(1);
  });

  test('say nothing of what is less severe', async () => {
    await run(slack(), '--state-missing', 'all-new', '--alert-on', 'high');
    expect(chat.got).toEqual([]);
  });

  test('tell once that a source does not look, and again only after it has looked', async () => {
    sources(web, bench);
    take('kube-hunter/nothing-reached.json', 'hunter.json');
    await run(slack(), '--state-missing', 'seed');
    expect(chat.got.flatMap(linesOf)[1]).toMatch(
      /^not looked at: bench \(kube-hunter of cluster:prod\): SOURCE_NOT_LOOKED: /,
    );
    await run(slack());
    expect(chat.got).toHaveLength(1);
    take('kube-hunter/many.json', 'hunter.json');
    await run(slack());
    take('kube-hunter/nothing-reached.json', 'hunter.json');
    await run(slack());
    expect(chat.got.flatMap(linesOf).filter(line => line.startsWith('not looked at: bench'))).toHaveLength(2);
  });

  test('that fail change nothing but a warning, and are sent with the next run', async () => {
    chat.status = 403;
    const ran = await run(slack(), '--state-missing', 'all-new');
    expect(ran.code).toBe(0);
    expect(ran.stderr).toContain(`! The alert could not be sent to slack ${chat.url}: it answered 403\n`);
    expect(state().alerts['due']).toHaveLength(1);
    chat.status = 200;
    await run(slack());
    expect(chat.got).toHaveLength(2);
    expect(chat.got[1]?.body).toBe(chat.got[0]?.body);
    expect(state().alerts).toMatchObject({ due: [], told: [expect.stringMatching(/^\S+ slack$/)] });
    await run(slack());
    expect(chat.got).toHaveLength(2);
  });

  test('that fail and are required end with 4', async () => {
    chat.status = 403;
    const ran = await run(slack(), '--state-missing', 'all-new', '--notify-required');
    expect(ran.code).toBe(4);
    const outputs = JSON.parse(readFileSync(inside('cinc-scan-findings/outputs.json'), 'utf8')) as object;
    expect(outputs).toMatchObject({ reason: 'NOTIFY_FAILED', 'exit-code': 4 });
  });

  test('of a run that is repeated under its name are not told again', async () => {
    const named = () => run({ ...slack(), ...named7 }, '--state-missing', 'all-new');
    await named();
    const { alerts, ...rest } = state() as Record<string, unknown> & { alerts: unknown };
    // The job was killed before the findings were known, and after they were told.
    writeFileSync(inside('state.json'), JSON.stringify({ ...rest, at: '', entries: {}, runs: [], alerts }));
    await named();
    expect(chat.got).toHaveLength(1);
  });

  test('to a webhook are signed, and to Teams are cards of plain text', async () => {
    const env = {
      CINC_SCAN_ALERT_WEBHOOK: `${chat.url}/hook`,
      CINC_SCAN_WEBHOOK_SECRET: 'top-secret',
      CINC_SCAN_ALERT_TEAMS: `${chat.url}/teams?sig=S1G`,
    };
    await run({ ...env, ...named7 }, '--state-missing', 'all-new');
    const hook = chat.got.find(({ url }) => url === '/hook');
    const { headers = {}, body = '' } = hook ?? {};
    const signed = createHmac('sha256', 'top-secret').update(`${String(headers['x-cinc-scan-timestamp'])}.${body}`);
    expect(headers['x-cinc-scan-signature']).toBe(`sha256=${signed.digest('hex')}`);
    expect(headers['idempotency-key']).toBe('build-7 webhook');
    expect(JSON.parse(body)).toMatchObject({
      event: 'findings.changed',
      id: 'build-7 webhook',
      alert: { run: 'build-7', scope: 'prod', title: 'cinc-scan: 4 new findings in prod', more: 0 },
    });
    const teams = chat.got.find(({ url }) => url === '/teams?sig=S1G');
    const card = JSON.parse(teams?.body ?? '') as { attachments: { content: { body: { type: string }[] } }[] };
    expect(new Set(card.attachments.flatMap(({ content }) => content.body.map(({ type }) => type)))).toEqual(
      new Set(['RichTextBlock']),
    );
  });

  test('by mail have a name of their own, and no HTML', async () => {
    const mail = await mailServer();
    try {
      const to = ['--alert-from', 'cinc-scan@shop.example', '--alert-to', 'a@shop.example,b@shop.example'];
      const env = { CINC_SCAN_ALERT_MAIL: mail.address };
      // As it is shipped, with nodemailer in a file of its own.
      const args = [
        'consolidate',
        '--state',
        'state.json',
        '--state-missing',
        'all-new',
        '--alert-on',
        'medium',
        ...to,
      ];
      const ran = await command(args, { cwd: folder.path, env: { ...env, ...named7 } });
      expect(ran.stdout).toMatch(/^Alert sent to mail 127\.0\.0\.1:\d+$/m);
      expect(mail.got).toHaveLength(1);
      expect(mail.got[0]).toMatchObject({ from: 'cinc-scan@shop.example', to: ['a@shop.example', 'b@shop.example'] });
      const text = mail.got[0]?.text ?? '';
      expect(text).toMatch(/^Subject: cinc-scan: 4 new findings in prod\r$/m);
      expect(text).toMatch(/^Message-ID: <build-7\.mail@cinc-scan\.invalid>\r$/m);
      expect(text).not.toMatch(/text\/html/);
      const wrong = { CINC_SCAN_ALERT_MAIL: mail.address.replace('pass%20word', 'other') };
      rename('CVE-2019-1549', 'CVE-2026-1549');
      const refused = await run(wrong, ...to);
      expect(refused.stderr).toMatch(/! The alert could not be sent to mail 127\.0\.0\.1:\d+: .*unknown user/);
      expect(refused.stderr).not.toContain('other');
    } finally {
      await new Promise<void>(done => mail.server.close(() => done()));
    }
  });

  test('with hostile texts are inert in every channel', async () => {
    const mail = await mailServer();
    const evil = '<!channel> <https://evil.example|x> **b** \u202e\u001b[31m\r\nBcc: c@evil.example\r\n\r\n<b>x';
    const document = JSON.parse(readFileSync(inside('web.json'), 'utf8')) as {
      Results: { Vulnerabilities?: { Title: string; VulnerabilityID: string }[] }[];
    };
    for (const item of document.Results.flatMap(({ Vulnerabilities = [] }) => Vulnerabilities))
      Object.assign(item, { Title: evil, VulnerabilityID: `CVE-2026-1\r\nSubject: ${evil}` });
    writeFileSync(inside('web.json'), JSON.stringify(document));
    try {
      const env = {
        ...slack(),
        CINC_SCAN_ALERT_TEAMS: `${chat.url}/teams`,
        CINC_SCAN_ALERT_MAIL: mail.address,
      };
      const people = ['--alert-from', 'cinc-scan@shop.example', '--alert-to', 'a@shop.example'];
      expect((await run(env, '--state-missing', 'all-new', ...people)).stderr).not.toContain('could not be sent');
      expect(mail.got.map(({ to }) => to)).toEqual([['a@shop.example']]);
      const [head = ''] = mail.got[0]?.text.split('\r\n\r\n') ?? [];
      expect(head.match(/^(?:Bcc|Subject|To):/gim)).toEqual(['To:', 'Subject:']);
      expect(head).toMatch(/^Content-Type: text\/plain/m);
      const told = chat.got.map(({ body }) => body).join('\n');
      expect(told).toContain('CVE-2026-1 Subject:');
      expect(told).not.toMatch(/https?:\/\/evil|\\r|\p{Bidi_Control}|(?!\n)\p{Cc}/u);
      expect(told).not.toContain('"type":"mrkdwn"');
    } finally {
      await new Promise<void>(done => mail.server.close(() => done()));
    }
  });

  test.each([
    ['without a state', ['--alert-slack', '{}/slack.url'], /USAGE alert-slack needs a state/],
    [
      'with an address among the arguments',
      ['--alert-slack', 'https://hooks.example/x'],
      /--alert-slack: expected a path/,
    ],
  ])('are refused %s', async (_what, args, problem) => {
    writeFileSync(inside('slack.url'), `${chat.url}/slack\n`);
    const ran = await commandHere(['consolidate', ...args.map(arg => arg.replace('{}', folder.path))], {
      cwd: folder.path,
    });
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(problem);
  });

  test.each([
    [
      'over http to another machine',
      { CINC_SCAN_ALERT_TEAMS: 'http://teams.example/T0K3N' },
      /alert-teams: .* not https/,
    ],
    [
      'to what is no address',
      { CINC_SCAN_ALERT_SLACK: 'hooks T0K3N' },
      /alert-slack: expected an address .* https:\/\//,
    ],
    ['to a webhook without a secret', { CINC_SCAN_ALERT_WEBHOOK: 'https://a.example/T0K3N' }, /needs webhook-secret/],
    ['by mail to nobody', { CINC_SCAN_ALERT_MAIL: 'smtps://a:T0K3N@b.example' }, /needs alert-from and alert-to/],
    ['with a link that is none', { CINC_SCAN_ALERT_LINK: 'javascript:T0K3N()' }, /alert-link: expected an http/],
  ])('are refused %s, and nothing of it is shown', async (_what, env, problem) => {
    const ran = await run(env);
    expect(ran.code).toBe(2);
    expect(ran.stderr).toMatch(problem);
    expect(ran.stderr).not.toContain('T0K3N');
  });
});
