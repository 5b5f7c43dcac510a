// SPDX-License-Identifier: Apache-2.0
import { describe, expect, test } from '@jest/globals';
import { parseHdf } from './hdf.ts';

const min = { version: '5.22.0', statistics: {}, controls: [{ id: 'c', profile_id: 'p', status: 'passed' }] };
const profile = { name: 'p', sha256: 'x', supports: [], attributes: [], groups: [], controls: [] };
const v3 = { baselines: [{ name: 'b', requirements: [] }] };

describe('a file of another format is called by its name', () => {
  test.each<[string, string, RegExp]>([
    ['json-min', JSON.stringify(min), /json-min.*expected exec-JSON.*reporter `json`/],
    ['a profile', JSON.stringify(profile), /this is a profile/],
    ['HDF v3', JSON.stringify(v3), /HDF v3/],
    ['a list', JSON.stringify([{}, {}]), /a list of 2 documents/],
    ['SARIF', JSON.stringify({ version: '2.1.0', runs: [] }), /SARIF/],
    ['a manifest', JSON.stringify({ schemaVersion: 1, targets: [], run: {} }), /scan\.json/],
    ['outputs', JSON.stringify({ verdict: 'pass', 'exit-code': 0 }), /outputs\.json/],
    ['JUnit', '<?xml version="1.0"?>\n<testsuites><testsuite/></testsuites>', /JUnit/],
    ['a checklist', '<CHECKLIST><ASSET/></CHECKLIST>', /checklist/],
    ['XCCDF', '<cdf:Benchmark xmlns:cdf="x"/>', /XCCDF/],
    ['a page', '<!doctype html><html>', /web page/],
    ['nothing', ' \n', /empty/],
    ['a number', '3', /^expected an object$/],
  ])('%s', (_, text, problem) => {
    const read = parseHdf(text);
    expect(read).toMatchObject({ kind: 'refused', problem: expect.stringMatching(problem) });
  });

  test('what is nearly exec-JSON is told where it is not', () => {
    expect(parseHdf(JSON.stringify({ profiles: [], version: '1', statistics: {} }))).toMatchObject({
      problem: 'platform: expected an object',
    });
  });
});
