// SPDX-License-Identifier: Apache-2.0
// Which way arrows point. Without `parser: 'swc'` dependency-cruiser finds no TypeScript 7, reads nothing and passes
// everything (it still prints a note about the missing transpiler; test/contract/boundaries.test.ts seeds violations).
import visitor from '@swc/core/Visitor.js';

// swc's visitor knows no `using`: it throws on the whole file (@swc/core 1.16.22, where it is deprecated and frozen).
const { visitStatement } = visitor.Visitor.prototype;
visitor.Visitor.prototype.visitStatement = function (statement) {
  if (statement.type !== 'UsingDeclaration') return visitStatement.call(this, statement);
  statement.decls = this.visitVariableDeclarators(statement.decls);
  return statement;
};

// The folders of packages/core/src in the order of the data flow; an arrow points only to an earlier one.
const flow = [
  'request',
  'http',
  'store',
  'kubeconfig',
  'cluster',
  'plan',
  'grant',
  'lens',
  'broker',
  'engine',
  'profile',
  'outcome',
  'audit',
  'gate',
  'findings',
  'report',
  'results',
  'run',
  'remote',
];
const core = '^packages/core/src/';
const tests = String.raw`\.test\.ts$|/testing/`;

// The same of packages/service/src.
const serviceFlow = [
  'domain',
  'findings',
  'results',
  'store',
  'identity',
  'blobs',
  'queue',
  'schedules',
  'obligations',
  'deliveries',
  'backup',
  'export',
  'upkeep',
  'doctor',
  'executors',
  'runner',
  'pages',
  'api',
];
const service = '^packages/service/src/';

const inOrder = (folders, place, name) =>
  folders.slice(0, -1).map((folder, index) => ({
    name: `${name}-${folder}`,
    comment: `${folder} comes before ${folders.slice(index + 1).join(', ')} in the data flow.`,
    severity: 'error',
    from: { path: `${place}${folder}/`, pathNot: tests },
    to: { path: `${place}(?:${folders.slice(index + 1).join('|')})/` },
  }));

const directions = [...inOrder(flow, core, 'direction'), ...inOrder(serviceFlow, service, 'service-direction')];

const unsorted = {
  name: 'core-folder-without-a-place',
  comment: 'A folder of core needs a place in the data flow: add it to the list in .dependency-cruiser.mjs.',
  severity: 'error',
  from: {},
  to: { path: `${core}[^/]+/`, pathNot: `${core}(?:errors|testing|${flow.join('|')})/` },
};

/** A package of ours that imports core, itself, and no other place of this repository. */
const onCoreAlone = (folder, { name, comment, and = [] }) => ({
  name,
  comment,
  severity: 'error',
  from: { path: `^packages/${folder}/` },
  to: { path: `^(?:packages/(?!${['core', folder, ...and].map(each => `${each}/`).join('|')})|src/|test/)` },
});

export default {
  forbidden: [
    {
      name: 'no-cycles',
      comment: 'Two modules that need each other, be it only for a type, cannot be understood one at a time.',
      severity: 'error',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-resolvable',
      comment: 'An import that cannot be found is invisible to every other rule.',
      severity: 'error',
      from: { pathNot: '^packages/(?:cli|service)/bin/' }, // which starts what the build makes
      to: { couldNotResolve: true },
    },
    ...directions,
    unsorted,
    {
      name: 'errors-stand-alone',
      comment: 'Every folder may import errors/; it imports none.',
      severity: 'error',
      from: { path: `${core}errors/`, pathNot: tests },
      to: { path: core, pathNot: `${core}errors/` },
    },
    {
      name: 'core-has-rooms',
      comment: 'The root of core holds the list of its public names and nothing else.',
      severity: 'error',
      from: { path: `${core}[^/]+[.]ts$`, pathNot: `${core}index[.]ts$` },
      to: {},
    },
    {
      name: 'report-is-pure',
      comment: 'A report is text made of a model: what is read, written or sent belongs in results/.',
      severity: 'error',
      from: { path: `${core}report/`, pathNot: tests },
      to: { dependencyTypes: ['core'], path: '^(?:node:)?(?:fs|http|https|net|tls|child_process)(?:/|$)' },
    },
    {
      name: 'folders-by-their-list',
      comment: 'What a folder of core shows to the others is named in its index.ts.',
      severity: 'error',
      from: { path: `${core}([^/]+)/`, pathNot: tests },
      to: { path: `${core}[^/]+/`, pathNot: `${core}(?:$1/|[^/]+/index[.]ts$)` },
    },
    {
      name: 'core-stands-alone',
      comment: 'core takes its effects as arguments: it knows no other package of this repository and no CI system.',
      severity: 'error',
      from: { path: '^packages/core/src/' },
      to: { path: '^(?:packages/(?!core/)|src/|test/)|(?:^|node_modules/)@actions/' },
    },
    onCoreAlone('sidecar', {
      name: 'sidecar-needs-core-alone',
      comment: 'Injection serves a command, charts and a webhook alike: it knows none of them.',
    }),
    onCoreAlone('companions', {
      name: 'companions-need-core-alone',
      comment: 'Readers of results are used by the command and the service: they know core and no other package.',
    }),
    onCoreAlone('service', {
      name: 'service-needs-core-and-companions',
      comment: 'The service is published apart from the command and knows nothing of it.',
      and: ['companions'],
    }),
    {
      name: 'testkit-is-for-tests',
      comment: 'The embedded cluster belongs to tests and to ./dev; nothing that is shipped imports it.',
      severity: 'error',
      from: { path: '^(?:packages|src)/', pathNot: `^packages/testkit/|${tests}` },
      to: { path: '^packages/testkit/' },
    },
    {
      name: 'tests-are-not-imported',
      comment: 'Code that is shipped imports neither tests nor what only tests need.',
      severity: 'error',
      from: { path: '^(?:packages|src)/', pathNot: `^packages/testkit/|${tests}` },
      to: { path: `^test/|${tests}` },
    },
    {
      name: 'packages-by-name',
      comment: 'A package is imported by its name, so that it is loaded once and shows what is public.',
      severity: 'error',
      from: { path: '^packages/([^/]+)/' },
      to: {
        path: '^packages/([^/]+)/',
        pathNot: '^packages/$1/',
        dependencyTypes: ['local'],
        dependencyTypesNot: ['aliased'],
      },
    },
  ],
  options: {
    parser: 'swc',
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    doNotFollow: { path: 'node_modules' },
    exclude: { path: ['(?:^|/)node_modules/.*/node_modules/', '^packages/[^/]+/(?:lib|dist)/', '^packages/oracles/'] },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['source', 'import', 'default'] },
  },
};
