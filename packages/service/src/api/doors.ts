// SPDX-License-Identifier: Apache-2.0
// Some routes there are twice: for a team and its administrators, for the platform and its operators.
import type { FastifyRequest } from 'fastify';
import type { Registrar } from '../store/issuers.ts';
import type { AnyTransaction, Store } from '../store/store.ts';
import { type Access, platformOf, teamOf } from './sign-in.ts';

export interface Door {
  prefix: '' | '/platform';
  read: Access;
  change: Access;
  open: <T>(request: FastifyRequest, work: (transaction: AnyTransaction, by: Registrar) => Promise<T>) => Promise<T>;
}

export const doorsOf = (store: Store): [team: Door, platform: Door] => [
  {
    prefix: '',
    read: { kind: 'team', role: 'admin' },
    change: { kind: 'team', role: 'admin' },
    open: (request, work) => {
      const { team, principal } = teamOf(request);
      return store.asTeam(team, transaction => work(transaction, { team, principal }));
    },
  },
  {
    prefix: '/platform',
    read: { kind: 'platform', role: 'auditor' },
    change: { kind: 'platform', role: 'operator' },
    open: (request, work) => {
      const { principal } = platformOf(request);
      return store.asPlatform(transaction => work(transaction, { team: null, principal }));
    },
  },
];
