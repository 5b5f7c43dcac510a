// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { isScanError } from '../errors/index.ts';
import { renderCkl } from './ckl.ts';
import {
  readFixture,
  sampleAudited,
  sampleHdf,
  sampleModel,
  sampleTarget,
  sampleUnreached,
} from './testing/sample-model.ts';
import { xmlProblems } from './testing/validators.ts';

const stig = (n: number) => ({
  gid: `V-${n}`,
  rid: `SV-${n}r1_rule`,
  stig_id: `UBTU-${n}`,
  cci: ['CCI-000366'],
  check: 'look',
  fix: 'mend',
});

const model = () =>
  sampleModel([
    sampleAudited({
      text: sampleHdf([
        { id: 'V-1', impact: 0.7, status: 'failed', message: 'expected <a> & got "b"', tags: stig(1) },
        { id: 'V-2', tags: stig(2) },
        { id: 'V-3', impact: 0, tags: stig(3) },
        { id: 'V-4', status: 'skipped', tags: stig(4) },
        { id: 'V-5', status: 'error', message: 'boom', tags: stig(5) },
        {
          id: 'V-6',
          status: 'failed',
          tags: stig(6),
          waiver: { skipped_due_to_waiver: true, justification: 'ok, owner: ops', expiration_date: '2027-01-01' },
        },
      ]),
    }),
    sampleUnreached(),
  ]);

test('a checklist has one entry per control, with the status of the gate, and none for what was not reached', async () => {
  const files = renderCkl(model());
  expect(files).toHaveLength(1);
  const text = files[0]?.text ?? '';
  const entries = [...text.matchAll(/<VULN>[\s\S]*?<ATTRIBUTE_DATA>(V-\d)<[\s\S]*?<STATUS>(\w+)</g)].map(
    ([, id, status]) => [id, status],
  );
  expect(Object.fromEntries(entries)).toEqual({
    'V-1': 'Open',
    'V-2': 'NotAFinding',
    'V-3': 'Not_Applicable',
    'V-4': 'Not_Reviewed',
    'V-5': 'Not_Reviewed',
    'V-6': 'Not_Applicable',
  });
  expect(text).toContain('<HOST_NAME>prod.shop.deployment-web.app</HOST_NAME>');
  expect(text).toContain(
    '<FINDING_DETAILS>failed: Check of V-1 expected &lt;a&gt; &amp; got &quot;b&quot;</FINDING_DETAILS>',
  );
  expect(text).toContain('<COMMENTS>Could not be evaluated: boom</COMMENTS>');
  expect(text).toContain('<COMMENTS>Waiver: waived until 2027-01-01; owner ops: ok, owner: ops</COMMENTS>');
  expect(await xmlProblems([text])).toEqual([]);
});

test('the elements after the data come in the order that readers want', () => {
  const [, order = ''] = /<\/STIG_DATA>\n(<STATUS>[\s\S]*?)<\/VULN>/.exec(renderCkl(model())[0]?.text ?? '') ?? [];
  expect([...order.matchAll(/^<(\w+)/gm)].map(([, name]) => name)).toEqual([
    'STATUS',
    'FINDING_DETAILS',
    'COMMENTS',
    'SEVERITY_OVERRIDE',
    'SEVERITY_JUSTIFICATION',
  ]);
});

test('controls that are of no STIG are refused by name', () => {
  const refused = () => renderCkl(sampleModel([sampleAudited({ text: readFixture('mix.json') })]));
  expect(refused).toThrow(/gid, rid, stig_id.*p-crit/);
  try {
    refused();
  } catch (error) {
    expect(isScanError(error) && error.code).toBe('USAGE');
  }
});

const infoOf = (text: string) =>
  [...text.matchAll(/<SID_NAME>(\w+)<\/SID_NAME>\s*<SID_DATA>([^<]*)<\/SID_DATA>/g)].map(([, name, data]) => [
    name,
    data,
  ]);

test('every name of the information on the benchmark is there, in the order of STIG Viewer', () => {
  const info = infoOf(renderCkl(model())[0]?.text ?? '');
  expect(info.map(([name]) => name)).toEqual([
    'version',
    'classification',
    'customname',
    'stigid',
    'description',
    'filename',
    'releaseinfo',
    'title',
    'uuid',
    'notice',
    'source',
  ]);
  expect(Object.fromEntries(info)).toMatchObject({ version: '1.0.0', stigid: 'baseline', title: 'baseline' });
});

test('the benchmark is what a control says, and the asset is the workload, whatever its pod is called', () => {
  const tags = { ...stig(1), stigid: 'CAN_Ubuntu_STIG', stig_title: 'Ubuntu STIG', releaseinfo: 'Release: 3' };
  const of = (pod: string) =>
    renderCkl(sampleModel([sampleAudited({ text: sampleHdf([{ id: 'V-1', tags }]), target: sampleTarget(pod) })]))[0]
      ?.text ?? '';
  expect(Object.fromEntries(infoOf(of('web-1')))).toMatchObject({
    stigid: 'CAN_Ubuntu_STIG',
    title: 'Ubuntu STIG',
    releaseinfo: 'Release: 3',
  });
  const host = (text: string) => /<HOST_NAME>([^<]*)</.exec(text)?.[1];
  expect(host(of('web-1'))).toBe(host(of('web-2')));
  expect(of('web-1')).toContain('pod web-1');
});
