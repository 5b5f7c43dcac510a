// SPDX-License-Identifier: Apache-2.0
// One object of every kind that routes of teams name: a new route with an object in its path needs its line here.
import { toObligation } from '../domain/obligation.ts';
import { toTiming } from '../domain/schedule.ts';
import { addCallback, listDeliveries } from '../store/deliveries.ts';
import { recordFindings } from '../store/findings.ts';
import { addRule, registerIssuer } from '../store/issuers.ts';
import { createTeamKey } from '../store/keys.ts';
import { createObligation, type ObligationRow } from '../store/obligations.ts';
import { registerProfile } from '../store/registry.ts';
import { requestCancel } from '../store/scans.ts';
import { createSchedule, type ScheduleRow } from '../store/schedules.ts';
import { addSignInRule } from '../store/sign-in-rules.ts';
import { runOf } from './run-findings.ts';
import { testSealer } from './sealer.ts';
import type { TestStore } from './stores.ts';
import { askFor, submit, type World } from './world.ts';

/** What the team shop has and the team bank has not. */
export interface Owned {
  scan: string;
  key: string;
  issuer: string;
  rule: string;
  signInRule: string;
  delivery: string;
  /** Its fingerprint. */
  finding: string;
}

export const nobodys = '01920000-0000-7000-8000-000000000000';

/**
 * For each route of teams that names an object: one of shop's, and one that nobody has. A new route needs its line.
 * Those who try have keys of an administrator, so that nothing but the team is in their way.
 */
export const objects: Record<string, (own: Owned) => [own: string, missing: string]> = {
  'GET /scans/:id': ({ scan }) => [`/scans/${scan}`, `/scans/${nobodys}`],
  'GET /scans/:id/reports': ({ scan }) => [`/scans/${scan}/reports`, `/scans/${nobodys}/reports`],
  'GET /scans/:id/results': ({ scan }) => [`/scans/${scan}/results`, `/scans/${nobodys}/results`],
  'GET /scans/:id/events': ({ scan }) => [`/scans/${scan}/events`, `/scans/${nobodys}/events`],
  'POST /scans/:id/cancel': ({ scan }) => [`/scans/${scan}/cancel`, `/scans/${nobodys}/cancel`],
  'GET /findings/:fingerprint': ({ finding }) => [`/findings/${finding}`, `/findings/${'0'.repeat(64)}`],
  'POST /profiles/:name/:version/approve': () => ['/profiles/mine/1.0.0/approve', '/profiles/none/1.0.0/approve'],
  'POST /profiles/:name/:version/withdraw': () => ['/profiles/mine/1.0.0/withdraw', '/profiles/none/1.0.0/withdraw'],
  'POST /issuers/:id/check': ({ issuer }) => [`/issuers/${issuer}/check`, `/issuers/${nobodys}/check`],
  'GET /issuers/:id/rules': ({ issuer }) => [`/issuers/${issuer}/rules`, `/issuers/${nobodys}/rules`],
  'POST /issuers/:id/rules': ({ issuer }) => [`/issuers/${issuer}/rules`, `/issuers/${nobodys}/rules`],
  'DELETE /issuers/:id/rules/:rule': ({ issuer, rule }) => [
    `/issuers/${issuer}/rules/${rule}`,
    `/issuers/${nobodys}/rules/${nobodys}`,
  ],
  'DELETE /issuers/:id': ({ issuer }) => [`/issuers/${issuer}`, `/issuers/${nobodys}`],
  'DELETE /sign-in-rules/:id': ({ signInRule }) => [`/sign-in-rules/${signInRule}`, `/sign-in-rules/${nobodys}`],
  'POST /deliveries/:id/resend': ({ delivery }) => [`/deliveries/${delivery}/resend`, `/deliveries/${nobodys}/resend`],
  'GET /schedules/:name': () => ['/schedules/of-shop', '/schedules/none'],
  'GET /schedules/:name/firings': () => ['/schedules/of-shop/firings', '/schedules/none/firings'],
  'PUT /schedules/:name': () => ['/schedules/of-shop', '/schedules/none'],
  'POST /schedules/:name/pause': () => ['/schedules/of-shop/pause', '/schedules/none/pause'],
  'POST /schedules/:name/resume': () => ['/schedules/of-shop/resume', '/schedules/none/resume'],
  'DELETE /schedules/:name': () => ['/schedules/of-shop', '/schedules/none'],
  'GET /obligations/:name': () => ['/obligations/of-shop', '/obligations/none'],
  'GET /obligations/:name/workloads': () => ['/obligations/of-shop/workloads', '/obligations/none/workloads'],
  'PUT /obligations/:name': () => ['/obligations/of-shop', '/obligations/none'],
  'POST /obligations/:name/list': () => ['/obligations/of-shop/list', '/obligations/none/list'],
  'DELETE /obligations/:name': () => ['/obligations/of-shop', '/obligations/none'],
  'DELETE /keys/:id': ({ key }) => [`/keys/${key}`, `/keys/${nobodys}`],
};

/** What those that take one need to get as far as the object. */
export const bodies: Record<string, object> = {
  'POST /issuers/:id/rules': { name: 'tags', claims: { sub: 'tags' }, role: 'viewer' },
  'PUT /obligations/:name': { profile: 'base', withinDays: 30 },
  'PUT /schedules/:name': { every: '6h', scan: { ...askFor('pod/of-shop'), cluster: 'east' } },
};

const inAnHour = () => new Date(Date.now() + 3_600_000);

export async function makeObjects(parts: TestStore, world: World): Promise<Owned> {
  const { id: scan } = await submit(parts, world.shop, askFor('pod/of-shop'));
  const key = await parts.store.asTeam(world.shop.team, async transaction => {
    const digest = await parts.blobs.put(Buffer.from('{}'));
    await registerProfile(transaction, { slug: 'mine', version: '1.0.0', digest, bytes: 2 }, world.shop);
    return createTeamKey(transaction, { name: 'x', role: 'viewer', expiresAt: inAnHour() }, world.shop);
  });
  const by = { principal: world.shop.principal, team: world.shop.team };
  const [issuer, rule] = await parts.store.asTeam(world.shop.team, async transaction => {
    const given = { name: 'ci-of-shop', url: 'https://ci.example', audience: 'scans', keys: { keys: [] } };
    const { id } = await registerIssuer(transaction, given, by);
    const main = { name: 'main', claims: { sub: 'main' }, role: 'viewer' as const, minutes: 60 };
    return [id, (await addRule(transaction, { ...main, issuer: id, team: by.team }, by)).id];
  });
  const { id: signInRule } = await parts.store.asTeam(world.shop.team, transaction =>
    addSignInRule(transaction, { name: 'ops-of-shop', claims: { groups: 'ops' }, role: 'viewer', team: by.team }, by),
  );
  const run = runOf(Date.now(), { failed: ['of-shop'] });
  await parts.store.forTeam(by.team, transaction => recordFindings(transaction, { cluster: 'east', scan: null, run }));
  const finding = run.sources[0]?.findings[0]?.fingerprint ?? '';
  const delivery = await makeDelivery(parts, world);
  await makeSchedule(parts, world);
  await makeObligation(parts, world);
  return { scan, key: key.id, issuer, rule, signInRule, finding, delivery };
}

/** Scans pod/of-shop every day. */
export function makeSchedule({ store }: TestStore, { shop }: Pick<World, 'shop'>): Promise<ScheduleRow> {
  const now = new Date();
  const body = { every: '24h', scan: askFor('pod/of-shop') };
  const content = { slug: 'of-shop', ...toTiming(body, now), ask: body.scan, address: undefined };
  return store.asTeam(shop.team, transaction =>
    createSchedule(transaction, content, { by: shop, sealer: testSealer, now }),
  );
}

export const makeObligation = ({ store }: TestStore, { shop }: Pick<World, 'shop'>): Promise<ObligationRow> =>
  store.asTeam(shop.team, transaction =>
    createObligation(transaction, { slug: 'of-shop', ...toObligation({ profile: 'base', withinDays: 30 }) }, shop),
  );

/** Of a scan that was cancelled. */
async function makeDelivery(parts: TestStore, world: World): Promise<string> {
  const { id } = await submit(parts, world.shop, askFor('pod/told-of'));
  return parts.store.asTeam(world.shop.team, async transaction => {
    await addCallback(transaction, id, { address: { url: 'https://ci.example/of-shop' }, sealer: testSealer });
    await requestCancel(transaction, { id, asker: undefined }, world.shop);
    const [made] = await listDeliveries(transaction, { state: undefined, after: undefined, limit: 1 });
    return made?.id ?? '';
  });
}
