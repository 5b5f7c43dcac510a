// SPDX-License-Identifier: Apache-2.0
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import type { WebSocket } from 'ws';
import { startCluster } from '../../start-cluster.ts';
import type { EmbeddedCluster } from '../cluster.ts';
import { at, isObject, type Json, type JsonObject, listAt, numberAt, objectAt, textAt } from '../objects/json.ts';
import type { Version } from '../objects/kinds.ts';
import { Client, type ExecResult } from '../testing/client.ts';
import { recordings } from '../testing/recordings.ts';
import { busybox, distroless, makeScanner, makeShop } from '../testing/shop.ts';

interface Side {
  cluster: EmbeddedCluster;
  client: Client;
  tokens: Record<string, string>;
}

const sides = new Map<Version, Side>();

function side(version: Version): Side {
  const found = sides.get(version);
  if (found === undefined) throw new TypeError(`No cluster of version ${version}`);
  return found;
}

const grants: Record<string, string[]> = {
  'x-full': ['get', 'create'],
  'x-get': ['get'],
  'x-create': ['create'],
  getonly: ['get'],
  createonly: ['create'],
};

async function makeSide(version: Version): Promise<Side> {
  const cluster = await startCluster({
    version,
    images: [busybox, distroless],
    imageReportDelayMs: 10,
    restartBackOffMs: 60_000,
  });
  const client = new Client(cluster);
  await makeShop(client);
  const tokens: Record<string, string> = {};
  for (const [name, verbs] of Object.entries(grants)) {
    const rules = [{ apiGroups: [''], resources: ['pods/exec'], verbs, resourceNames: ['bb', 'web'] }];
    tokens[name] = await makeScanner(client, { namespace: 'shop', name, rules });
  }
  return { cluster, client, tokens };
}

beforeAll(async () => {
  sides.set('1.36', await makeSide('1.36'));
  sides.set('1.26', await makeSide('1.26'));
});

afterAll(async () => {
  await Promise.all([...sides.values()].map(({ cluster }) => cluster.close()));
});

/** Who asked, told by the name of the recording. */
function tokenFor({ tokens, cluster }: Side, name: string): string {
  if (name.includes('anonymous')) return '';
  if (name.includes('garbage')) return 'garbage';
  const account = [
    ['role has only get', 'x-get'],
    ['role has only create', 'x-create'],
    ['role has getonly', 'getonly'],
    ['role has createonly', 'createonly'],
    ['no role', 'x-full'],
    ['scanner', 'x-full'],
  ].find(([words = '']) => name.includes(words))?.[1];
  return account === undefined ? cluster.adminToken : (tokens[account] ?? '');
}

const ids = /[0-9a-f]{64}/g;

function joined(frames: Json[]): Json {
  const texts: Record<string, string> = {};
  for (const frame of frames) {
    const channel = String(numberAt(frame, 'channel'));
    texts[channel] = (texts[channel] ?? '') + textAt(frame, 'text').replaceAll(ids, 'ID');
  }
  return texts;
}

function shownRecording(exec: JsonObject): Json {
  const refused = exec['refused'];
  if (isObject(refused)) return { refused: { status: refused['status'], body: refused['body'] } };
  const frames = listAt(exec, 'frames');
  return { error: exec['error'], selected: exec['selected'], texts: joined(frames), first: firstOf(frames[0]) };
}

function shownResult(result: ExecResult): Json {
  if (result.refused !== undefined) return { refused: { status: result.refused.status, body: result.refused.body } };
  const frames = result.frames.map(({ channel, bytes, text }) => ({ channel, bytes, text }));
  const selected = result.error === undefined ? result.protocol : undefined;
  return { error: result.error, selected, texts: joined(frames), first: firstOf(frames[0]) };
}

function firstOf(frame: Json | undefined): Json {
  return frame === undefined ? null : { channel: numberAt(frame, 'channel'), bytes: numberAt(frame, 'bytes') };
}

/** What the recorded client did, for the recordings that depend on it, or on an image that is another one here. */
const apart = [
  /^stdin/,
  /^a frame/,
  /^a text/,
  /^an empty message/,
  /^a 1 MiB/,
  /^a 200 kB/,
  /^64 stdin/,
  /^orphan/,
  /^client/,
  /^service account/,
  /^role binding/,
  /^pod deleted/,
  /^300 000/,
  /^tty/,
  /^ping/,
  /^distroless: its own/,
  /two containers/,
  /^container ended/,
  /^tool container/,
  /^bad query/,
];

async function compare(version: Version, file: string): Promise<{ compared: number; differences: Json[] }> {
  const own = side(version);
  const entries = (await recordings(file)).filter(entry => isObject(entry['exec']));
  const chosen = entries.filter(entry => !apart.some(pattern => pattern.test(textAt(entry, 'name'))));
  const differences: Json[] = [];
  for (const entry of chosen) {
    const exec = objectAt(entry, 'exec');
    const name = textAt(entry, 'name');
    const protocols = listAt(exec, 'offered').filter(one => typeof one === 'string');
    const result = await own.client.exec({ path: textAt(exec, 'path'), protocols, token: tokenFor(own, name) });
    const [answered, expected] = [shownResult(result), shownRecording(exec)];
    if (JSON.stringify(answered) !== JSON.stringify(expected)) differences.push({ name, answered, expected });
  }
  return { compared: chosen.length, differences };
}

function execPath(command: string[], more = 'stdout=true&stderr=true', pod = 'bb'): string {
  const words = command.map(word => `command=${encodeURIComponent(word)}`).join('&');
  return `/api/v1/namespaces/shop/pods/${pod}/exec?${words}&${more}`;
}

const both = 'stdin=true&stdout=true&stderr=true';

function textOn(result: ExecResult, channel: number): string {
  return result.frames
    .filter(frame => frame.channel === channel)
    .map(frame => frame.text)
    .join('');
}

function stdin(data: Buffer | string): Buffer {
  return Buffer.concat([Buffer.from([0]), Buffer.from(data)]);
}

const success = '{"metadata":{},"status":"Success"}';

describe('exec, as recorded on a real cluster', () => {
  test('gives the recorded frames and refusals of Kubernetes 1.36', async () => {
    const { compared, differences } = await compare('1.36', 'exec');
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(30);
  });

  test('gives the recorded frames and refusals of Kubernetes 1.26', async () => {
    const { compared, differences } = await compare('1.26', 'exec-1.26');
    expect(differences).toEqual([]);
    expect(compared).toBeGreaterThan(20);
  });

  test('asks for a container where there are two, and reaches the one that is named', async () => {
    const { client } = side('1.36');
    const unnamed = await client.exec({ path: execPath(['id'], 'stdout=true', 'two') });
    expect(textAt(unnamed.refused?.body, 'message')).toBe(
      'a container name must be specified for pod two, choose one of: [a b]',
    );
    const named = await client.exec({ path: execPath(['hostname'], 'stdout=true&container=b', 'two') });
    expect(textOn(named, 1)).toBe('two\n');
  });
});

describe('an exec stream', () => {
  test('ends its input with the frame [255, 0] in version 5', async () => {
    const onOpen = (socket: WebSocket): void => {
      socket.send(stdin('hello '));
      socket.send(stdin('world\n'));
      socket.send(Buffer.from([255, 0]));
    };
    const result = await side('1.36').client.exec({ path: execPath(['cat'], both), onOpen });
    expect([textOn(result, 1), textOn(result, 3), result.close]).toEqual(['hello world\n', success, 1000]);
  });

  test('has no end of input in version 4, where a program that counts its bytes ends properly', async () => {
    const onOpen = (socket: WebSocket): void => {
      socket.send(stdin('hello\n'));
      socket.send(Buffer.from([255, 0]));
    };
    const path = execPath(['head', '-c', '6'], both);
    const result = await side('1.36').client.exec({ path, protocols: ['v4.channel.k8s.io'], onOpen });
    expect([textOn(result, 1), textOn(result, 3)]).toEqual(['hello\n', '{"status":"Success"}']);
  });

  test('tolerates text frames, empty messages and unknown channels', async () => {
    const onOpen = (socket: WebSocket): void => {
      socket.send(Buffer.alloc(0));
      socket.send(Buffer.from([9, 120]));
      socket.send('\0text');
      socket.send(Buffer.from([255, 0]));
    };
    const result = await side('1.36').client.exec({ path: execPath(['cat'], both), onOpen });
    expect([textOn(result, 1), textOn(result, 3)]).toEqual(['text', success]);
  });

  test('carries 1 MiB of input in one frame', async () => {
    const onOpen = (socket: WebSocket): void => {
      socket.send(stdin(Buffer.alloc(1_048_576, 7)));
      socket.send(Buffer.from([255, 0]));
    };
    const result = await side('1.36').client.exec({ path: execPath(['wc', '-c'], both), onOpen });
    expect(textOn(result, 1)).toBe('1048576\n');
  });

  test('carries binary output byte for byte in frames of at most 32 KiB', async () => {
    const result = await side('1.36').client.exec({
      path: execPath(['head', '-c', '300000', '/dev/urandom'], 'stdout=true'),
    });
    const sizes = result.frames.filter(frame => frame.channel === 1).map(frame => frame.bytes);
    expect(sizes.reduce((sum, size) => sum + size, 0)).toBe(300_000);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(32_768);
    expect(sizes[0]).toBe(0);
  });

  test('gives a program that reads its input the end of it when the client goes away', async () => {
    const { client } = side('1.36');
    const onFrame = (frame: { text: string }, socket: WebSocket): void => {
      if (frame.text === 'ready\n') socket.terminate();
    };
    const left = ['sh', '-c', 'echo ready; cat >/dev/null; echo got-eof >/tmp/eof'];
    await client.exec({ path: execPath(left, both), onFrame });
    const look = 'until [ -s /tmp/eof ]; do sleep 0.05; done; cat /tmp/eof';
    expect(textOn(await client.exec({ path: execPath(['sh', '-c', look]) }), 1)).toBe('got-eof\n');
  });

  test('leaves a program that does not read its input running when the client goes away', async () => {
    const { client } = side('1.36');
    const onFrame = (frame: { text: string }, socket: WebSocket): void => {
      if (frame.text === 'ready\n') socket.terminate();
    };
    const left = ['sh', '-c', 'echo ready; until [ -e /tmp/go ]; do sleep 0.05; done; echo ran-on >/tmp/orphan'];
    await client.exec({ path: execPath(left), onFrame });
    const look = 'touch /tmp/go; until [ -s /tmp/orphan ]; do sleep 0.05; done; cat /tmp/orphan';
    expect(textOn(await client.exec({ path: execPath(['sh', '-c', look]) }), 1)).toBe('ran-on\n');
  });

  test('answers pings', async () => {
    let ponged = false;
    const onOpen = (socket: WebSocket): void => {
      socket.once('pong', () => {
        ponged = true;
        socket.send(Buffer.from([255, 0]));
      });
      socket.ping();
    };
    await side('1.36').client.exec({ path: execPath(['cat'], both), onOpen });
    expect(ponged).toBe(true);
  });

  test('ends with 137 when its pod is deleted, and outlives the grant it was opened with', async () => {
    const { client, tokens } = side('1.36');
    let revoked: Promise<unknown> | undefined;
    const onFrame = (frame: { text: string }): void => {
      if (frame.text !== 'started\n') return;
      const account = '/api/v1/namespaces/shop/serviceaccounts/x-full';
      revoked = client
        .ask({ method: 'DELETE', path: account })
        .then(() => client.ask({ method: 'DELETE', path: '/api/v1/namespaces/shop/pods/bb' }));
    };
    const path = execPath(['sh', '-c', 'echo started; sleep 60']);
    const result = await client.exec({ path, token: tokens['x-full'] ?? '', onFrame });
    await revoked;
    expect(textOn(result, 3)).toContain('"causes":[{"reason":"ExitCode","message":"137"}]');
    expect(at(result.close ?? null)).toBe(1000);
  });

  test('is refused as not implemented with a terminal and over SPDY', async () => {
    const { client } = side('1.36');
    const terminal = await client.exec({ path: execPath(['id'], 'stdout=true&tty=true', 'deb') });
    expect(terminal.refused?.status).toBe(501);
    const spdy = { connection: 'Upgrade', upgrade: 'SPDY/3.1' };
    const reply = await client.ask({ method: 'POST', path: execPath(['id'], 'stdout=true', 'deb'), headers: spdy });
    expect(reply.status).toBe(501);
  });
});
