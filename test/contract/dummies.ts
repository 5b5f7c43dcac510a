// SPDX-License-Identifier: Apache-2.0
// A dummy of each kind of thing that CONTRIBUTING says how to add, in the places that it names.
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

interface Place {
  /** As CONTRIBUTING names it. */
  named: string;
  file: string;
  fill: (text: string) => string;
  /** What a check says as long as this place is not filled, and the others are. */
  demanded: RegExp;
}

export interface Dummy {
  /** Its paragraph in CONTRIBUTING starts with it. */
  heading: string;
  places: Place[];
}

const core = 'packages/core/src';
const adapters = 'packages/adapters/src';
const head = '// SPDX-License-Identifier: Apache-2.0\n';

/** Before the first text that matches. */
const before = (at: string, added: string) => (text: string) => {
  if (!text.includes(at)) throw new Error(`no ${at}`);
  return text.replace(at, () => added + at);
};
const make = (text: string) => () => head + text;
const imported = (line: string, change: (text: string) => string) => (text: string) =>
  change(text.replace(head, () => `${head}${line}\n`));

const errorCode: Dummy = {
  heading: 'An error code.',
  places: [
    {
      named: `${core}/errors/catalogue.ts`,
      file: `${core}/errors/catalogue.ts`,
      fill: before(
        '} as const satisfies',
        "  DUMMY_CODE: { exit: 2, meaning: 'A dummy.', remedy: 'Take it away.' },\n",
      ),
      demanded: /DUMMY_CODE/,
    },
    {
      named: 'new ScanError(',
      file: `${core}/audit/missing.ts`,
      fill: text => `${text}\nthrow new ScanError('DUMMY_CODE', 'x');\n`,
      demanded: /unused error code DUMMY_CODE/,
    },
  ],
};

const input: Dummy = {
  heading: 'An input.',
  places: [
    {
      named: `${core}/request/interface.ts`,
      file: `${core}/request/interface.ts`,
      fill: before(
        "  'dry-run': {",
        "  'dummy-input': { group: 'run', type: 'flag', description: 'A dummy', example: 'true', since: '0.1.0' },\n",
      ),
      demanded: /scan-request\.ts.*dummy-input/,
    },
    {
      named: `${core}/run/scan-request.ts`,
      file: `${core}/run/scan-request.ts`,
      fill: before("    dryRun: values['dry-run'],", "    ...(values['dummy-input'] && {}),\n"),
      demanded: /nobody reads the input dummy-input/,
    },
  ],
};

const report: Dummy = {
  heading: 'A report.',
  places: [
    {
      named: `${core}/report/<name>.ts`,
      file: `${core}/report/dummy.ts`,
      fill: make("export const renderDummy = (): string => '';\n"),
      demanded: /registry\.ts.*dummy\.ts/,
    },
    {
      named: `registry.ts`,
      file: `${core}/report/registry.ts`,
      fill: imported(
        "import { renderDummy } from './dummy.ts';",
        before(
          '} as const satisfies',
          "  dummy: { file: 'dummy.txt', about: 'a dummy', render: () => whole(renderDummy()) },\n",
        ),
      ),
      demanded: /Unused files[\s\S]*report\/dummy\.ts/,
    },
  ],
};

const lens: Dummy = {
  heading: 'A lens.',
  places: [
    {
      named: `${core}/request/interface.ts`,
      file: `${core}/request/interface.ts`,
      fill: text => text.replace("lensNames = ['exec',", "lensNames = ['exec', 'dummylens',"),
      demanded: /lens\/view\.ts.*dummylens/,
    },
    {
      named: 'view.ts',
      file: `${core}/lens/view.ts`,
      fill: before("  debug: 'ours',", "  dummylens: 'ours',\n"),
      demanded: /lens\/view\.ts.*dummylens/,
    },
    {
      named: `${core}/lens`,
      file: `${core}/lens/dummylens.ts`,
      fill: make("export { openWithDebug as openWithDummy } from './debug.ts';\n"),
      demanded: /lens\/lens\.ts.*dummylens/,
    },
    {
      named: 'lens.ts',
      file: `${core}/lens/lens.ts`,
      fill: imported(
        "import { openWithDummy } from './dummylens.ts';",
        before('  debug: openWithDebug,', '  dummylens: openWithDummy,\n'),
      ),
      demanded: /lens\/lens\.ts.*dummylens/,
    },
  ],
};

const severity: Dummy = {
  heading: 'A severity.',
  places: [
    {
      named: `${core}/request/interface.ts`,
      file: `${core}/request/interface.ts`,
      fill: text => text.replace("'medium', 'low'] as const", "'medium', 'low', 'slight'] as const"),
      demanded: /severity-words\.ts.*slight/,
    },
    {
      named: `${core}/report/severity-words.ts`,
      file: `${core}/report/severity-words.ts`,
      fill: before(
        "  none: { name: 'None'",
        "  slight: { name: 'Slight', codequality: 'info', checklist: 'low', annotation: 'notice', sarif: 'note', score: [0.1, 0.2] },\n",
      ),
      demanded: /severity-words\.ts.*slight/,
    },
    {
      named: `${core}/findings/severity.ts`,
      file: `${core}/findings/severity.ts`,
      fill: before(' low: 3,', ' slight: 3,'),
      demanded: /findings\/severity\.ts.*slight/,
    },
    {
      named: 'counts.ts',
      file: `${core}/findings/counts.ts`,
      fill: before(' low: 0,', ' slight: 0,'),
      demanded: /counts\.ts.*slight/,
    },
    {
      named: 'schema.ts',
      file: `${core}/findings/schema.ts`,
      fill: before('  low: count,', '  slight: count,\n'),
      demanded: /findings\/schema\.ts.*slight/,
    },
    {
      named: 'html/letters.ts',
      file: `${core}/report/findings/html/letters.ts`,
      fill: before("  low: 'w',", "  slight: 'w',\n"),
      demanded: /letters\.ts.*slight/,
    },
    {
      named: 'ocsf.ts',
      file: `${core}/report/findings/ocsf.ts`,
      fill: text => before("  low: 'Low',", "  slight: 'Other',\n")(before('  low: 2,', '  slight: 99,\n')(text)),
      demanded: /findings\/ocsf\.ts.*slight/,
    },
    {
      named: 'sarif.ts',
      file: `${core}/report/findings/sarif.ts`,
      fill: before(" low: '2.0' }", " slight: '1.0',"),
      demanded: /findings\/sarif\.ts.*slight/,
    },
    {
      named: 'packages/companions/src/results/hdf.ts',
      file: 'packages/companions/src/results/hdf.ts',
      fill: before(' low: 0.3,', ' slight: 0.2,'),
      demanded: /results\/hdf\.ts.*slight/,
    },
  ],
};

const colour: Dummy = {
  heading: 'A colour of the pages.',
  places: [
    {
      named: `${core}/report/html/palette.ts`,
      file: `${core}/report/html/palette.ts`,
      fill: text =>
        text
          .replace("  on: '#fff',\n} as const", "  on: '#fff',\n  dummy: '#abcdef',\n} as const")
          .replace("    on: '#10161c',\n", "    on: '#10161c',\n    dummy: '#abcdef',\n"),
      demanded: /no colour dummy in the palette/,
    },
    {
      named: 'style.ts',
      file: `${core}/report/html/style.ts`,
      fill: before('*{box-sizing:border-box}', 'b{color:var(--dummy)}\n'),
      demanded: /no style uses the colour dummy/,
    },
  ],
};

const platform: Dummy = {
  heading: 'A CI system.',
  places: [
    {
      named: `${adapters}/<platform>/`,
      file: `${adapters}/dummyci/dummyci.ts`,
      fill: make(
        "import type { GeneratedFile } from '../docs.ts';\n\nexport const renderDummy = (): GeneratedFile[] => [{ path: 'packages/adapters/dummyci/x.yml', text: 'a: 1\\n' }];\n",
      ),
      demanded: /adapters\.ts.*dummyci/,
    },
    {
      named: 'src/ci/adapters.ts',
      file: `${adapters}/ci/adapters.ts`,
      fill: imported(
        "import { renderDummy } from '../dummyci/dummyci.ts';",
        before('  renderGitlab,\n  renderJenkins', '  renderDummy,\n'),
      ),
      demanded: /Unused files[\s\S]*dummyci\.ts/,
    },
    {
      named: 'platforms.ts',
      file: `${adapters}/ci/platforms.ts`,
      fill: text =>
        `${text.trimEnd().slice(0, -2)}  { folder: 'dummyci', title: 'D', about: 'd', starters: ['dummyci'], spell: kebab, states: ['a', 'b', 'c'], secrets: 's', outputs: 'o', tested: 't' },\n];\n`,
      demanded: /no page shows the starter dummyci/,
    },
    {
      named: 'starters.ts',
      file: `${adapters}/starters/starters.ts`,
      fill: before('  bamboo: {', "  dummyci: { title: 'D', files: { 'x.yml': as('dummyci/x.yml') }, next: ['n'] },\n"),
      demanded: /no starter dummyci/,
    },
  ],
};

const reader: Dummy = {
  heading: 'A reader of another scanner',
  places: [
    {
      named: 'src/readers/<tool>.ts',
      file: 'packages/companions/src/readers/dummytool.ts',
      fill: make(
        "import { kubesec } from './kubesec.ts';\n\nexport const dummytool = {\n  ...kubesec,\n  tool: 'dummytool',\n};\n",
      ),
      demanded: /table\.ts.*dummytool/,
    },
    {
      named: 'table.ts',
      file: 'packages/companions/src/readers/table.ts',
      fill: imported("import { dummytool } from './dummytool.ts';", before('  clair,\n', '  dummytool,\n')),
      demanded: /Unused files[\s\S]*dummytool\.ts/,
    },
    {
      named: 'src/testing/samples.ts',
      file: 'packages/companions/src/testing/samples.ts',
      fill: before("  ['clair/error.json', 'clair'],", "  ['kubesec/dummy.json', 'dummytool'],\n"),
      demanded: /no sample of dummytool/,
    },
  ],
};

const control: Dummy = {
  heading: 'A control of container-baseline.',
  places: [
    {
      named: 'profiles/container-baseline/controls',
      file: 'profiles/container-baseline/controls/system.rb',
      fill: text => `${text}\ncontrol 'dummy-control' do\nend\n`,
      demanded: /the page names dummy-control, which is not there/,
    },
    {
      named: 'README',
      file: 'profiles/container-baseline/README.md',
      fill: before('| `system-no-preload` |', '| `dummy-control` | low | A dummy |\n'),
      demanded: /the page does not name dummy-control/,
    },
  ],
};

export const dummies: Dummy[] = [errorCode, input, report, lens, severity, colour, platform, reader, control];

/** Writes all dummies into a copy of the tree, but for one place of each. */
export function plant(tree: string, left?: number): void {
  for (const { places } of dummies)
    for (const [index, { file, fill }] of places.entries())
      if (index !== left) {
        const path = join(tree, file);
        mkdirSync(dirname(path), { recursive: true });
        writeFileSync(path, fill(existsSync(path) ? readFileSync(path, 'utf8') : ''));
      }
}
