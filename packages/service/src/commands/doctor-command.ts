// SPDX-License-Identifier: Apache-2.0
import type { Command } from 'commander';
import { type Diagnosis, examine, exitOf } from '../doctor/doctor.ts';
import { Store } from '../store/store.ts';
import { openPlace, type PlaceOptions, withData } from './data-place.ts';

export function addDoctorCommand(program: Command): void {
  withData(program.command('doctor'))
    .description('look over what the service keeps; with an embedded database the service has to be stopped for it')
    .option('--audit-anchor <entry>', 'entry that the audit log ended with at an earlier time, as N:HASH')
    .action(diagnose);
}

interface DoctorOptions extends Omit<PlaceOptions, 'isNew'> {
  auditAnchor?: string;
}

async function diagnose({ auditAnchor, ...place }: DoctorOptions): Promise<void> {
  await using opened = await openPlace({ ...place, isNew: false });
  const { kysely } = opened.database;
  const found = await examine({ store: new Store(kysely), kysely, anchor: auditAnchor });
  for (const each of found) process.stdout.write(`${toldOf(each)}\n`);
  process.exitCode = exitOf(found);
}

function toldOf({ check, examined }: Diagnosis): string {
  switch (examined.kind) {
    case 'fine':
      return `fine       ${check}: ${examined.said}`;
    case 'broken':
      return `broken     ${check}: ${examined.said}\n           ${examined.remedy}`;
    case 'unchecked': {
      const { code, message, remedy } = examined.error;
      return `unchecked  ${check}: ${code}: ${message}\n           ${remedy}`;
    }
  }
}
