// SPDX-License-Identifier: Apache-2.0
import type { Reader } from '../reader.ts';
import { at, momentOf, someText, textAt } from '../values.ts';
import { checkVersion, isExcused, isVexBom, reasonOf } from './cyclonedx.ts';

// https://cyclonedx.org/capabilities/vex/: statements about components of other documents; it finds nothing itself.
export const cyclonedxVex: Reader = {
  tool: 'cyclonedx-vex',
  title: 'CycloneDX VEX',
  framing: 'one',
  exits: [0],
  fits: ({ document }) => isVexBom(document),
  read: ({ document }, journal) => {
    checkVersion(document, journal);
    const items = journal.needed(at(document, 'vulnerabilities'), 'vulnerabilities');
    if (items.length === 0) journal.problem('not-looked', 'it holds no statement');
    for (const item of items) {
      if (!isExcused(item, journal)) continue;
      const names = [
        textAt(item, 'id'),
        ...journal.objects(item['references'], 'references').map(each => textAt(each, 'id')),
      ];
      for (const affected of journal.objects(item['affects'], 'affects')) {
        const ref = textAt(affected, 'ref');
        const purl = ref.slice(ref.startsWith('urn:cdx:') ? ref.indexOf('#') + 1 : 0);
        if (!purl.startsWith('pkg:'))
          journal.warn('a statement is about something that is not a package URL: it excuses nothing');
        else
          journal.statements.push({
            key: { by: 'statement', names: names.filter(Boolean), purl },
            reason: reasonOf(item),
            origin: 'CycloneDX VEX',
            expires: undefined,
          });
      }
    }
    return {
      tool: 'cyclonedx-vex',
      version: undefined,
      target: someText(document, 'serialNumber'),
      checkedAt: momentOf(textAt(document, 'metadata', 'timestamp')),
      ruleset: 'cyclonedx-vex',
    };
  },
};
