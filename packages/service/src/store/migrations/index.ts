// SPDX-License-Identifier: Apache-2.0
import type { Migration } from 'kysely/migration';
import * as first from './0001-first.ts';
import * as keyScopes from './0002-key-scopes.ts';
import * as issuers from './0003-issuers.ts';
import * as runners from './0004-runners.ts';
import * as retention from './0005-retention.ts';
import * as people from './0006-people.ts';
import * as findings from './0007-findings.ts';
import * as imports from './0008-imports.ts';
import * as questions from './0009-questions.ts';
import * as clusterChecks from './0010-cluster-checks.ts';
import * as askers from './0011-askers.ts';
import * as deliveries from './0012-deliveries.ts';
import * as failedSignIns from './0013-failed-sign-ins.ts';
import * as schedules from './0014-schedules.ts';
import * as obligations from './0015-obligations.ts';
import * as tickets from './0016-tickets.ts';

/** In the order of their names. One that was released is never changed. */
export const migrations: Record<string, Migration> = {
  '0001-first': first,
  '0002-key-scopes': keyScopes,
  '0003-issuers': issuers,
  '0004-runners': runners,
  '0005-retention': retention,
  '0006-people': people,
  '0007-findings': findings,
  '0008-imports': imports,
  '0009-questions': questions,
  '0010-cluster-checks': clusterChecks,
  '0011-askers': askers,
  '0012-deliveries': deliveries,
  '0013-failed-sign-ins': failedSignIns,
  '0014-schedules': schedules,
  '0015-obligations': obligations,
  '0016-tickets': tickets,
};
