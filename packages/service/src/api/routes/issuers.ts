// SPDX-License-Identifier: Apache-2.0
// Whose tokens are taken, and by which rules: for a team by its administrators, for all teams by operators.
import * as z from 'zod';
import { apiTypes } from '../../domain/api-types.ts';
import { claimPatterns } from '../../domain/claim-rule.ts';
import { slug, uuid } from '../../domain/ids.ts';
import { newIssuer, newPlatformRule, newRule, ruleRoles } from '../../domain/issuer.ts';
import { keyScope } from '../../domain/key-scope.ts';
import {
  addRule,
  getIssuer,
  type IssuerRow,
  listIssuers,
  listRules,
  type RuleRow,
  registerIssuer,
  removeIssuer,
  removeRule,
} from '../../store/issuers.ts';
import { idOfTeam } from '../../store/teams.ts';
import { type Door, doorsOf } from '../doors.ts';
import { teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

const moment = z.iso.datetime();

const issuer = z
  .object({
    id: uuid,
    name: slug,
    owner: z.enum(['team', 'platform']),
    url: z.string(),
    audience: z.string(),
    keys: z.enum(['asked', 'given']).describe('asked: the issuer is asked for them'),
    createdAt: moment,
  })
  .register(apiTypes, { id: 'Issuer' });

const rule = z
  .object({
    id: uuid,
    name: slug,
    team: slug,
    claims: claimPatterns,
    role: z.enum(ruleRoles),
    scope: keyScope.nullable(),
    minutes: z.int(),
    createdAt: moment,
  })
  .register(apiTypes, { id: 'ClaimRule' });

export function addIssuerRoutes(server: Server, parts: ApiParts): void {
  const [ofTeam, ofPlatform] = doorsOf(parts.store);
  for (const door of [ofTeam, ofPlatform]) {
    addIssuerList(server, door);
    addIssuerRegistration(server, door, parts);
    addIssuerCheck(server, door, parts);
    addIssuerRemoval(server, door);
    addRuleList(server, door);
    addRuleRemoval(server, door);
  }
  addTeamRule(server, ofTeam);
  addPlatformRule(server, ofPlatform);
}

const tags = ['issuers'];
const byId = z.object({ id: uuid });
const issuers = z.object({ items: z.array(issuer) });
const rules = z.object({ items: z.array(rule) });

function addIssuerList(server: Server, { prefix, read, open }: Door): void {
  server.get(
    `${prefix}/issuers`,
    {
      config: { access: read },
      schema: { summary: 'Issuers whose tokens are taken', tags, response: { 200: issuers } },
    },
    async request => ({ items: (await open(request, listIssuers)).map(toIssuer) }),
  );
}

function addIssuerRegistration(server: Server, { prefix, change, open }: Door, { issuers: keys }: ApiParts): void {
  server.post(
    `${prefix}/issuers`,
    {
      config: { access: change },
      schema: {
        summary: 'Register an issuer of tokens; it has to answer now, unless its keys are given',
        tags,
        body: newIssuer,
        response: { 201: issuer },
      },
    },
    async (request, reply) => {
      const { body } = request;
      if (body.keys === undefined) await keys.count(body.url);
      const made = await open(request, (transaction, by) => registerIssuer(transaction, body, by));
      return reply.code(201).send(toIssuer(made));
    },
  );
}

function addIssuerCheck(server: Server, { prefix, read, open }: Door, { issuers: keys }: ApiParts): void {
  server.post(
    `${prefix}/issuers/:id/check`,
    {
      config: { access: read },
      schema: {
        summary: 'Ask an issuer for its keys now',
        tags,
        params: byId,
        response: { 200: z.object({ keys: z.int() }) },
      },
    },
    async request => {
      const { url, jwks } = await open(request, (transaction, by) => getIssuer(transaction, request.params.id, by));
      return { keys: jwks?.keys.length ?? (await keys.count(url)) };
    },
  );
}

function addIssuerRemoval(server: Server, { prefix, change, open }: Door): void {
  server.delete(
    `${prefix}/issuers/:id`,
    {
      config: { access: change },
      schema: {
        summary: 'Take no more tokens of an issuer; keys that came from them end now',
        tags,
        params: byId,
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await open(request, (transaction, by) => removeIssuer(transaction, request.params.id, by));
      return reply.code(204).send(null);
    },
  );
}

function addRuleList(server: Server, { prefix, read, open }: Door): void {
  server.get(
    `${prefix}/issuers/:id/rules`,
    {
      config: { access: read },
      schema: {
        summary: 'Rules for its tokens, in the order in which they are tried',
        tags,
        params: byId,
        response: { 200: rules },
      },
    },
    async request => ({
      items: (await open(request, (transaction, by) => listRules(transaction, request.params.id, by))).map(toRule),
    }),
  );
}

const ruleSummary = 'Say which of its tokens become which keys; the first rule that takes a token counts';

function addTeamRule(server: Server, { prefix, change, open }: Door): void {
  server.post(
    `${prefix}/issuers/:id/rules`,
    {
      config: { access: change },
      schema: { summary: ruleSummary, tags, params: byId, body: newRule, response: { 201: rule } },
    },
    async (request, reply) => {
      const { team } = teamOf(request);
      const asked = { ...request.body, issuer: request.params.id, team };
      const made = await open(request, (transaction, by) => addRule(transaction, asked, by));
      return reply.code(201).send(toRule(made));
    },
  );
}

function addPlatformRule(server: Server, { prefix, change, open }: Door): void {
  server.post(
    `${prefix}/issuers/:id/rules`,
    {
      config: { access: change },
      schema: { summary: ruleSummary, tags, params: byId, body: newPlatformRule, response: { 201: rule } },
    },
    async (request, reply) => {
      const { team: name, ...body } = request.body;
      const made = await open(request, async (transaction, by) => {
        const team = await idOfTeam(transaction, name);
        return addRule(transaction, { ...body, issuer: request.params.id, team }, by);
      });
      return reply.code(201).send(toRule(made));
    },
  );
}

function addRuleRemoval(server: Server, { prefix, change, open }: Door): void {
  server.delete(
    `${prefix}/issuers/:id/rules/:rule`,
    {
      config: { access: change },
      schema: {
        summary: 'Remove a rule; keys that came from it end now',
        tags,
        params: z.object({ id: uuid, rule: uuid }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { id, rule: of } = request.params;
      await open(request, (transaction, by) => removeRule(transaction, { issuer: id, rule: of }, by));
      return reply.code(204).send(null);
    },
  );
}

const toIssuer = ({ id, team_id, slug: name, url, audience, jwks, created_at }: IssuerRow) => ({
  id,
  name,
  owner: team_id === null ? ('platform' as const) : ('team' as const),
  url,
  audience,
  keys: jwks === null ? ('asked' as const) : ('given' as const),
  createdAt: created_at.toISOString(),
});

const toRule = ({ id, slug: name, team, claims, role, scope, minutes, created_at }: RuleRow) => ({
  id,
  name,
  team,
  claims,
  role,
  scope,
  minutes,
  createdAt: created_at.toISOString(),
});
