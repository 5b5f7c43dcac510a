// SPDX-License-Identifier: Apache-2.0
import { profiles } from '../support/cinc-scan.ts';
import { Client, filesOf, type RunningService } from './support.ts';

/** By the names under which they are registered. */
export const thresholds = { half: 'compliance.min: 1\n', never: 'passed.total.max: 0\n' };

/** A team that may scan in one namespace, with profiles and thresholds; what its administrator may do. */
export async function openShop(service: RunningService, namespace: string): Promise<Client> {
  const operator = new Client(service.url, service.key ?? '');
  await operator.call('POST', '/clusters', { name: 'east', credential: 'east' });
  const { key } = await operator.call<{ key: string }>('POST', '/teams', { name: 'shop', title: 'Shop', days: 1 });
  await operator.call('PUT', '/clusters/east/teams/shop', { namespaces: [namespace] });
  const shop = new Client(service.url, key);
  for (const [name, folder] of [
    ['first-look', profiles.firstLook],
    ['slow', profiles.slow],
    ['base', profiles.firstLook],
  ] as const) {
    await shop.call('POST', '/profiles', { name, version: '1.0.0', files: filesOf(folder) });
    await shop.call('POST', `/profiles/${name}/1.0.0/approve`);
  }
  await shop.call('POST', '/profiles', { name: 'draft', version: '1.0.0', files: filesOf(profiles.firstLook) });
  for (const [name, content] of Object.entries(thresholds)) await shop.call('POST', '/thresholds', { name, content });
  return shop;
}

/** Whose tokens the team takes, for which claims: for the address of the service unless another audience is given. */
export async function registerIssuer(
  shop: Client,
  { issuer, claims, audience = shop.url, name = 'ci' }: Registered,
): Promise<void> {
  const { id } = await shop.call<{ id: string }>('POST', '/issuers', { name, url: issuer.url, audience });
  await shop.call('POST', `/issuers/${id}/rules`, { name: 'main', claims, role: 'scanner' });
}

interface Registered {
  issuer: { url: string };
  claims: Record<string, string>;
  audience?: string;
  name?: string;
}
