// SPDX-License-Identifier: Apache-2.0
// An adapter with the real command behind it, which asks the scan service as it is shipped, signed in with the ID token that
// the CI system gives: the service has the credential of the cluster, and the job has none.
import { mkdirSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { createPod } from '@cinc-scan/testkit';
import { afterAll, beforeAll, describe, expect } from '@jest/globals';
import { startIssuer, type TestIssuer } from '../../../packages/service/src/testing/test-issuer.ts';
import { openShop, registerIssuer } from '../../service/shop.ts';
import { type Client, type RunningService, startService } from '../../service/support.ts';
import { compiled } from '../../support/caches.ts';
import { embeddedTest } from '../../support/cluster.ts';
import { folderWith } from '../../support/folder.ts';
import type { Adapter } from './contract.ts';
import { type EndingName, endings } from './endings.ts';
import { theCluster } from './real.ts';
import { recordCommand } from './recorder.ts';

/** What a CI system gives to those that ask it for a token. */
interface TokenGiver {
  url: string;
  bearer: string;
}

export interface ServerCase {
  adapter: Adapter;
  /** Of the tokens, where it is not the address of the service. */
  audience?: string;
  /** What the CI system sets. */
  environment: (token: () => Promise<string>, giver: TokenGiver) => Promise<Record<string, string>>;
}

const claims = { sub: 'job-of-the-test' };
const bearer = 'access-token-of-the-job-0123456789';

/** Defines the tests of one starter of `cinc-scan init`. */
export function testRealServer(starter: string, { adapter, audience, environment }: ServerCase): void {
  describe(`${starter}: the adapter as shipped asks the service as shipped`, () => {
    let namespace = '';
    let service: RunningService;
    let shop: Client;
    let issuer: TestIssuer;
    const tokens: string[] = [];
    const token = async () => {
      tokens.push(await issuer.sign({ ...claims, aud: audience ?? service.url }));
      return tokens.at(-1) ?? '';
    };
    const giver = createServer((request, response) => {
      if (request.headers.authorization !== `Bearer ${bearer}`) return void response.writeHead(401).end();
      return void token().then(oidcToken => response.end(JSON.stringify({ oidcToken })));
    });

    beforeAll(async () => {
      const cluster = await theCluster();
      namespace = await cluster.namespace();
      await createPod(cluster.api, { name: 'web', namespace, containers: { app: 'busybox' } });
      service = await startService(cluster, 'data', { args: ['--allow-network', '127.0.0.0/8'] });
      shop = await openShop(service, namespace);
      issuer = await startIssuer();
      await registerIssuer(shop, { issuer, claims, ...(audience !== undefined && { audience }) });
      await new Promise<void>(done => giver.listen(0, '127.0.0.1', done));
    });
    afterAll(async () => {
      giver.close();
      await issuer[Symbol.asyncDispose]();
      await service.stop();
    });

    const cases: [EndingName, string][] = [
      ['pass', 'half'],
      ['below the threshold', 'never'],
    ];
    for (const [name, threshold] of cases)
      embeddedTest(`${name}: with the ID token of the job and nothing else`, async () => {
        const cluster = await theCluster();
        const place = folderWith(cluster, {});
        const folder = join(place, 'work');
        mkdirSync(folder);
        const { path, calls } = recordCommand(place, { KUBECONFIG: '', HOME: place, ...compiled });
        const url = `http://127.0.0.1:${(giver.address() as AddressInfo).port}/oidctoken`;
        const ran = await adapter.run({
          folder,
          path,
          given: {
            server: service.url,
            ...(audience === undefined && { 'server-audience': service.url }),
            targets: 'pod/web',
            namespace,
            profile: 'base@1.0.0',
            threshold,
          },
          env: await environment(token, { url, bearer }),
        });
        const state = adapter.state(endings[name]);
        expect({ state: ran.state, text: ran.state === state ? '' : ran.text }).toEqual({ state, text: '' });
        expect(ran.outputs).toMatchObject({ verdict: endings[name].verdict });
        expect(calls().map(({ args }) => args)).toContainEqual(adapter.scanArgs ?? ['scan']);
        const visible = ran.text.replaceAll(/^##vso\[task\.setsecret \].*$/gm, '');
        for (const secret of [...tokens, bearer]) expect(visible).not.toContain(secret);
        const { items } = await shop.call<{ items: object[] }>('GET', '/scans?limit=1');
        expect(items[0]).toMatchObject({ state: 'done', verdict: endings[name].verdict });
      });
  });
}
