// SPDX-License-Identifier: Apache-2.0
import { retention } from '../../domain/retention.ts';
import { readRetention, setRetention } from '../../store/retention.ts';
import { teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

export function addRetentionRoutes(server: Server, { store }: ApiParts): void {
  server.get(
    '/retention',
    {
      config: { access: { kind: 'team', role: 'viewer' } },
      schema: { summary: 'How long the team keeps what', tags: ['retention'], response: { 200: retention } },
    },
    request => store.asTeam(teamOf(request), readRetention),
  );
  server.put(
    '/retention',
    {
      config: { access: { kind: 'team', role: 'admin' } },
      schema: {
        summary: 'Say how long the team keeps what; what is older is deleted within the hour',
        tags: ['retention'],
        body: retention,
        response: { 200: retention },
      },
    },
    request => {
      const caller = teamOf(request);
      return store.asTeam(caller, async transaction => {
        await setRetention(transaction, request.body, caller);
        return readRetention(transaction);
      });
    },
  );
}
