// SPDX-License-Identifier: Apache-2.0
import { checkThreshold, embeddedProfile, mostRequestBytes, ScanError } from '@cinc-scan/core';
import * as z from 'zod';
import { apiTypes } from '../../domain/api-types.ts';
import { namespaceName, slug, version } from '../../domain/ids.ts';
import { toCheck } from '../../store/cluster-checks.ts';
import {
  allClusters,
  clustersOf,
  decideProfile,
  listProfiles,
  listThresholds,
  openCluster,
  registerCluster,
  registerProfile,
  registerThreshold,
} from '../../store/registry.ts';
import { digestOf } from '../../store/scans.ts';
import { cluster, profile, threshold } from '../shapes.ts';
import { platformOf, teamOf } from '../sign-in.ts';
import type { ApiParts, Server } from './routes.ts';

export function addRegistryRoutes(server: Server, parts: ApiParts): void {
  addProfiles(server, parts);
  addThresholds(server, parts);
  addClusters(server, parts);
}

const newProfile = z
  .strictObject({ name: slug, version, files: embeddedProfile.shape.files })
  .register(apiTypes, { id: 'NewProfile' });

type ProfileRow = Awaited<ReturnType<typeof listProfiles>>[number];

const toProfile = ({ slug: name, version: of, digest, state, decided_at, created_at }: ProfileRow) => ({
  name,
  version: of,
  digest,
  state,
  decidedAt: decided_at?.toISOString() ?? null,
  createdAt: created_at.toISOString(),
});

function addProfiles(server: Server, parts: ApiParts): void {
  addProfileList(server, parts);
  addProfileRegistration(server, parts);
  addProfileDecisions(server, parts);
}

function addProfileList(server: Server, { store }: ApiParts): void {
  server.get(
    '/profiles',
    {
      config: { access: { kind: 'team', role: 'viewer', scoped: true } },
      schema: {
        summary: 'Profiles of the team',
        tags: ['profiles'],
        response: { 200: z.object({ items: z.array(profile) }) },
      },
    },
    async request => ({ items: (await store.asTeam(teamOf(request), listProfiles)).map(toProfile) }),
  );
}

function addProfileRegistration(server: Server, { store, blobs }: ApiParts): void {
  server.post(
    '/profiles',
    {
      config: { access: { kind: 'team', role: 'scanner' } },
      bodyLimit: mostRequestBytes,
      schema: {
        summary: 'Register a version of a profile; scans take it once it is approved',
        tags: ['profiles'],
        body: newProfile,
        response: { 201: profile },
      },
    },
    async (request, reply) => {
      const { name, version: of, files } = request.body;
      if (!files.some(({ path }) => path === 'inspec.yml'))
        throw new ScanError('PROFILE_INVALID', `Profile ${name}@${of} has no inspec.yml`);
      const bytes = Buffer.from(
        JSON.stringify({ name, files: files.toSorted((one, other) => (one.path < other.path ? -1 : 1)) }),
      );
      const digest = await blobs.put(bytes);
      const caller = teamOf(request);
      const row = await store.asTeam(caller.team, transaction =>
        registerProfile(transaction, { slug: name, version: of, digest, bytes: bytes.length }, caller),
      );
      await blobs.put(bytes); // it may have lain there unused, and been deleted before the row was there
      return reply.code(201).send(toProfile(row));
    },
  );
}

function addProfileDecisions(server: Server, { store }: ApiParts): void {
  for (const [word, state] of [
    ['approve', 'approved'],
    ['withdraw', 'withdrawn'],
  ] as const)
    server.post(
      `/profiles/:name/:version/${word}`,
      {
        config: { access: { kind: 'team', role: 'approver' } },
        schema: {
          summary: word === 'approve' ? 'Let scans take a version' : 'Let no scan take a version any more',
          tags: ['profiles'],
          params: z.object({ name: slug, version }),
          response: { 200: profile },
        },
      },
      async request => {
        const caller = teamOf(request);
        const { name, version: of } = request.params;
        return toProfile(
          await store.asTeam(caller.team, transaction =>
            decideProfile(transaction, { slug: name, version: of, state }, caller),
          ),
        );
      },
    );
}

type ThresholdRow = Awaited<ReturnType<typeof listThresholds>>[number];

const toThreshold = ({ slug: name, version: of, digest, created_at }: ThresholdRow) => ({
  name,
  version: of,
  digest,
  createdAt: created_at.toISOString(),
});

function addThresholds(server: Server, parts: ApiParts): void {
  addThresholdList(server, parts);
  addThresholdRegistration(server, parts);
}

function addThresholdList(server: Server, { store }: ApiParts): void {
  server.get(
    '/thresholds',
    {
      config: { access: { kind: 'team', role: 'viewer', scoped: true } },
      schema: {
        summary: 'Thresholds of the team',
        tags: ['thresholds'],
        response: { 200: z.object({ items: z.array(threshold) }) },
      },
    },
    async request => ({ items: (await store.asTeam(teamOf(request), listThresholds)).map(toThreshold) }),
  );
}

function addThresholdRegistration(server: Server, { store }: ApiParts): void {
  server.post(
    '/thresholds',
    {
      config: { access: { kind: 'team', role: 'approver' } },
      schema: {
        summary: 'Register a threshold; other content is the next version',
        tags: ['thresholds'],
        body: z
          .strictObject({ name: slug, content: z.string().max(262_144) })
          .register(apiTypes, { id: 'NewThreshold' }),
        response: { 201: threshold },
      },
    },
    async (request, reply) => {
      const { name, content } = request.body;
      checkThreshold(content, name);
      const caller = teamOf(request);
      const row = await store.asTeam(caller.team, transaction =>
        registerThreshold(transaction, { slug: name, content, digest: digestOf(content) }, caller),
      );
      return reply.code(201).send(toThreshold(row));
    },
  );
}

const newCluster = z
  .strictObject({
    name: slug,
    credential: slug
      .optional()
      .describe('Name of a kubeconfig in the folder of credentials; without one, the cluster that the service runs in'),
    context: z.string().max(200).optional(),
    region: slug.optional().describe('Whose runners serve it; without one, those of the service itself'),
    mostRuns: z.int().min(1).max(1000).optional(),
  })
  .register(apiTypes, { id: 'NewCluster' });

const namespaces = z.array(namespaceName).min(1).max(1000);

function addClusters(server: Server, parts: ApiParts): void {
  addClusterList(server, parts);
  addClusterRegistration(server, parts);
  addClusterAccess(server, parts);
}

function addClusterList(server: Server, { store }: ApiParts): void {
  const clusters = z.object({ items: z.array(cluster) });
  server.get(
    '/clusters',
    {
      config: { access: { kind: 'signed-in', scoped: true } },
      schema: {
        summary: 'Clusters that the team may scan in; all of them for the platform',
        tags: ['clusters'],
        response: { 200: clusters },
      },
    },
    async request => {
      if (request.caller?.kind === 'platform') {
        const rows = await store.asPlatform(allClusters);
        return {
          items: rows.map(row => ({ ...toCluster({ ...row, namespaces: null }), lastCheck: lastCheckOf(row) })),
        };
      }
      const rows = await store.asTeam(teamOf(request), clustersOf);
      return { items: rows.map(toCluster) };
    },
  );
}

type ClusterRow = Awaited<ReturnType<typeof clustersOf>>[number];

const toCluster = ({ slug: name, region, most_runs: mostRuns, namespaces: where }: ClusterRow) => ({
  name,
  region,
  mostRuns,
  namespaces: where,
  lastCheck: null,
});

const lastCheckOf = ({ checked_at: at, findings }: Awaited<ReturnType<typeof allClusters>>[number]) =>
  at === null || findings === null ? null : toCheck(at, findings);

function addClusterRegistration(server: Server, { store, queue }: ApiParts): void {
  server.post(
    '/clusters',
    {
      config: { access: { kind: 'platform', role: 'operator' } },
      schema: {
        summary: 'Register a cluster',
        tags: ['clusters'],
        body: newCluster,
        response: { 201: z.object({ name: z.string() }) },
      },
    },
    async (request, reply) => {
      const { name, credential, context, region, mostRuns } = request.body;
      const by = platformOf(request).principal;
      const id = await store.asPlatform(transaction =>
        registerCluster(transaction, { slug: name, credential, context, region, mostRuns }, by),
      );
      await queue.addCluster(id);
      return reply.code(201).send({ name });
    },
  );
}

function addClusterAccess(server: Server, { store }: ApiParts): void {
  server.put(
    '/clusters/:name/teams/:team',
    {
      config: { access: { kind: 'platform', role: 'operator' } },
      schema: {
        summary: 'Say where in a cluster a team may scan',
        tags: ['clusters'],
        params: z.object({ name: slug, team: slug }),
        body: z
          .strictObject({ namespaces: z.union([namespaces, z.literal('all')]) })
          .register(apiTypes, { id: 'ClusterAccess' }),
        response: { 204: z.null() },
      },
    },
    async (request, reply) => {
      const { name, team } = request.params;
      const given = request.body.namespaces;
      const access = { cluster: name, team, namespaces: given === 'all' ? undefined : given };
      await store.asPlatform(transaction => openCluster(transaction, access, platformOf(request).principal));
      return reply.code(204).send(null);
    },
  );
}
