// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { apiTypes } from '../../domain/api-types.ts';
import { slug } from '../../domain/ids.ts';
import { ruleRoles } from '../../domain/issuer.ts';
import { keyScope } from '../../domain/key-scope.ts';
import { mostTokenBytes } from '../../domain/token.ts';
import { exchangeToken } from '../../identity/exchange.ts';
import { limitFailures } from '../limit-failures.ts';
import type { ApiParts, Server } from './routes.ts';

const tokenBody = z
  .strictObject({
    token: z.string().min(1).max(mostTokenBytes).describe('The token that the CI system or the cluster gave'),
    team: slug.optional().describe('Where rules of several teams take the token'),
  })
  .register(apiTypes, { id: 'TokenExchange' });

const exchangedKey = z
  .object({
    key: z.string().describe('Shown this once'),
    expiresAt: z.iso.datetime(),
    team: z.string(),
    role: z.enum(ruleRoles),
    scope: keyScope.nullable(),
    issuer: z.string(),
    rule: z.string(),
  })
  .register(apiTypes, { id: 'ExchangedKey' });

export function addTokenRoutes(server: Server, { store, issuers, mostFailures }: ApiParts): void {
  server.post(
    '/token',
    {
      config: { access: { kind: 'anyone' } },
      ...limitFailures(store, mostFailures),
      bodyLimit: 2 * mostTokenBytes,
      schema: {
        summary: 'Exchange a token of a CI system or a cluster for a key that lasts as long as its rule says',
        tags: ['keys'],
        security: [],
        body: tokenBody,
        response: { 201: exchangedKey },
      },
    },
    async (request, reply) => {
      const { token, team } = request.body;
      try {
        const { text, expiresAt, rule, issuer } = await exchangeToken({ store, issuers }, { token, team });
        const { role, scope } = rule;
        const answer = { key: text.reveal(), expiresAt: expiresAt.toISOString(), team: rule.team, role, scope };
        return await reply.code(201).send({ ...answer, issuer, rule: rule.slug });
      } catch (error) {
        request.log.warn({ err: error }, 'a token was not exchanged');
        throw error;
      }
    },
  );
}
