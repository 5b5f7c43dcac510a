// SPDX-License-Identifier: Apache-2.0
import * as fc from 'fast-check';
import type { Finding, RawFinding } from '../finding.ts';
import { type Attribution, toFinding } from '../merge.ts';

export const aFinding: RawFinding = {
  kind: 'vulnerability',
  rule: 'CVE-2019-18276',
  aliases: [],
  title: 'bash: effective UID',
  rating: { severity: 'high', raw: 'HIGH', source: 'debian' },
  place: { package: 'bash' },
};

export const attribution = (source: string): Attribution => ({
  source,
  tool: 'trivy',
  target: 'image:shop/web',
  area: 'images',
});

/** One of few rules and packages, reported by one of two sources. */
export const anyFinding: fc.Arbitrary<Finding> = fc
  .record({
    kind: fc.constantFrom('vulnerability' as const, 'misconfiguration' as const),
    rule: fc.constantFrom('R1', 'R2', 'R3'),
    name: fc.constantFrom('bash', 'zsh'),
    severity: fc.constantFrom('critical' as const, 'low' as const, 'unknown' as const),
    source: fc.constantFrom('a', 'b'),
  })
  .map(({ kind, rule, name, severity, source }) =>
    toFinding(
      { ...aFinding, kind, rule, place: { package: name }, rating: { severity, raw: severity, source: 'test' } },
      attribution(source),
    ),
  );
