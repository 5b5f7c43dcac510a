// SPDX-License-Identifier: Apache-2.0
import { Readable } from 'node:stream';
import { exportTeam } from '../../export/export-team.ts';
import { ownVersion } from '../../own-package.ts';
import { audit } from '../../store/audit-log.ts';
import { teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

export function addExportRoute(server: Server, { store, blobs }: ApiParts): void {
  server.get(
    '/export',
    {
      config: { access: { kind: 'team', role: 'admin' } },
      schema: {
        summary:
          'All that the team owns, as an archive (tar, compressed with zstd); it holds no key and no hash of one',
        tags: ['teams'],
      },
    },
    async (request, reply) => {
      const { team, teamSlug: name, principal, name: by } = teamOf(request);
      reply
        .type('application/zstd')
        .header('content-disposition', `attachment; filename="${name}.cinc-scan-export.tar.zst"`);
      if (request.method === 'HEAD') return reply.send(Readable.from([]));
      await store.asTeam(team, transaction =>
        audit(transaction, { team, principal, action: 'team.export', object: name }),
      );
      return reply.send(exportTeam({ store, blobs, team, name, by, service: ownVersion() }));
    },
  );
}
