// SPDX-License-Identifier: Apache-2.0
// Which people are what: for a team by its administrators, for the platform by operators.
import * as z from 'zod';
import { apiTypes } from '../../domain/api-types.ts';
import { claimPatterns, requireOwner } from '../../domain/claim-rule.ts';
import { slug, uuid } from '../../domain/ids.ts';
import { platformRoles, teamRoles } from '../../domain/roles.ts';
import { newPlatformSignInRule, newSignInRule } from '../../domain/sign-in-rule.ts';
import { addSignInRule, listSignInRules, removeSignInRule, type SignInRuleRow } from '../../store/sign-in-rules.ts';
import { idOfTeam } from '../../store/teams.ts';
import { type Door, doorsOf } from '../doors.ts';
import { teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

const rule = z
  .object({
    id: uuid,
    name: slug,
    team: slug.nullable().describe('null: it gives a role of the platform'),
    claims: claimPatterns,
    role: z.enum([...teamRoles, ...platformRoles]),
    createdAt: z.iso.datetime(),
  })
  .register(apiTypes, { id: 'SignInRule' });

const tags = ['people'];

export function addSignInRuleRoutes(server: Server, parts: ApiParts): void {
  const [ofTeam, ofPlatform] = doorsOf(parts.store);
  for (const door of [ofTeam, ofPlatform]) {
    addList(server, door);
    addRemoval(server, door);
  }
  addTeamRule(server, ofTeam, parts);
  addPlatformRule(server, ofPlatform, parts);
}

function addList(server: Server, { prefix, read, open }: Door): void {
  server.get(
    `${prefix}/sign-in-rules`,
    {
      config: { access: read },
      schema: {
        summary: 'Which people are what, by the claims of those who sign in',
        tags,
        response: { 200: z.object({ items: z.array(rule) }) },
      },
    },
    async request => ({ items: (await open(request, listSignInRules)).map(toRule) }),
  );
}

const summary = 'Give a role to people with these claims; it holds from the next time that they sign in';

function addTeamRule(server: Server, { prefix, change, open }: Door, { providerIssuer }: ApiParts): void {
  server.post(
    `${prefix}/sign-in-rules`,
    { config: { access: change }, schema: { summary, tags, body: newSignInRule, response: { 201: rule } } },
    async (request, reply) => {
      const { team } = teamOf(request);
      const { body } = request;
      if (providerIssuer !== undefined) requireOwner(body.claims, providerIssuer);
      const made = await open(request, (transaction, by) => addSignInRule(transaction, { ...body, team }, by));
      return reply.code(201).send(toRule(made));
    },
  );
}

function addPlatformRule(server: Server, { prefix, change, open }: Door, { providerIssuer }: ApiParts): void {
  server.post(
    `${prefix}/sign-in-rules`,
    { config: { access: change }, schema: { summary, tags, body: newPlatformSignInRule, response: { 201: rule } } },
    async (request, reply) => {
      const { body } = request;
      if (providerIssuer !== undefined) requireOwner(body.claims, providerIssuer);
      const made = await open(request, async (transaction, by) => {
        const team = 'team' in body ? await idOfTeam(transaction, body.team) : null;
        return addSignInRule(transaction, { ...body, team }, by);
      });
      return reply.code(201).send(toRule(made));
    },
  );
}

function addRemoval(server: Server, { prefix, change, open }: Door): void {
  server.delete(
    `${prefix}/sign-in-rules/:id`,
    {
      config: { access: change },
      schema: {
        summary: 'Remove a rule; what people are by it they are no more',
        tags,
        params: z.object({ id: uuid }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      await open(request, (transaction, by) => removeSignInRule(transaction, request.params.id, by));
      return reply.code(204).send(null);
    },
  );
}

const toRule = ({ id, slug: name, team, claims, role, created_at }: SignInRuleRow) => ({
  id,
  name,
  team,
  claims,
  role,
  createdAt: created_at.toISOString(),
});
