// SPDX-License-Identifier: Apache-2.0
import { join } from 'node:path';
import { ScanError } from '@cinc-scan/core';
import type { Command } from 'commander';
import type { AskCluster } from '../doctor/check.ts';
import { type Diagnosis, examine, exitOf } from '../doctor/doctor.ts';
import { answerQuestion } from '../executors/answer-question.ts';
import { credentialPath } from '../executors/credential-path.ts';
import { Store } from '../store/store.ts';
import { openPlace, type PlaceOptions, withData } from './data-place.ts';

export function addDoctorCommand(program: Command): void {
  withData(program.command('doctor'))
    .description('look over what the service keeps; with an embedded database the service has to be stopped for it')
    .option('--credentials <folder>', 'kubeconfigs of the clusters, by name (default: credentials in the data folder)')
    .option('--audit-anchor <entry>', 'entry that the audit log ended with at an earlier time, as N:HASH')
    .action(diagnose);
}

interface DoctorOptions extends Omit<PlaceOptions, 'isNew'> {
  auditAnchor?: string;
  credentials?: string;
}

async function diagnose({ auditAnchor, credentials, ...place }: DoctorOptions): Promise<void> {
  await using opened = await openPlace({ ...place, isNew: false });
  const { kysely } = opened.database;
  const askCluster = askWith(credentials ?? join(place.data, 'credentials'));
  const found = await examine({ store: new Store(kysely), kysely, anchor: auditAnchor, askCluster });
  for (const each of found) process.stdout.write(`${toldOf(each)}\n`);
  process.exitCode = exitOf(found);
}

/** By the credentials of this machine: a runner cannot be asked where the service is stopped. */
const askWith =
  (credentials: string): AskCluster =>
  async ({ slug, credential, context, region, namespaces }) => {
    if (region !== null)
      throw new ScanError(
        'CLUSTER_UNASKED',
        `${slug}: its runner in region ${region} asks for work at the running service`,
        {
          remedy: `Ask the service: POST /api/v1/clusters/${slug}/check`,
        },
      );
    const kubeconfig = credential === null ? undefined : credentialPath(credentials, credential);
    const place = { kubeconfig, context: context ?? undefined, milliseconds: answerMs };
    const answer = await answerQuestion({ ask: { kind: 'check', namespaces }, ...place }, new AbortController().signal);
    if (answer.kind === 'check') return answer.findings;
    const { message, remedy } =
      answer.kind === 'failed' ? answer.failure : { message: 'it gave another answer', remedy: '' };
    throw new ScanError('CLUSTER_UNASKED', `${slug}: ${message}`, { remedy });
  };

const answerMs = 30_000;

function toldOf({ check, examined }: Diagnosis): string {
  switch (examined.kind) {
    case 'fine':
      return `fine       ${check}: ${examined.said}`;
    case 'noticed':
      return `noticed    ${check}: ${examined.said}\n           ${examined.remedy}`;
    case 'broken':
      return `broken     ${check}: ${examined.said}\n           ${examined.remedy}`;
    case 'unchecked': {
      const { code, message, remedy } = examined.error;
      return `unchecked  ${check}: ${code}: ${message}\n           ${remedy}`;
    }
  }
}
