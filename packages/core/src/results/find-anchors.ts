// SPDX-License-Identifier: Apache-2.0
import { readdir, realpath, stat } from 'node:fs/promises';
import { join, relative, resolve, sep } from 'node:path';
import {
  type Anchor,
  type Anchors,
  anchorKey,
  byText,
  noAnchors,
  type ReportModel,
  type Row,
  toViews,
} from '../report/index.ts';
import { isInside } from '../store/index.ts';

/** Looks which sources lie in the workspace; paths from results are only ever compared, never opened. */
export async function findAnchors(model: ReportModel, workspace: string): Promise<Anchors> {
  const root = await realpath(workspace);
  const controls = new Map<string, Anchor>();
  const wanted = new Map<string, Row>();
  for (const row of toViews(model).flatMap(view => view.rows)) if (row.source) wanted.set(anchorKey(row), row);
  for (const [key, row] of wanted) {
    const { source } = row.outcome.profile;
    const ref = row.control.source_location.ref ?? '';
    const path = await firstFile(root, [join(source, ref), ref]);
    if (path !== undefined) controls.set(key, { path, line: 1 });
  }
  const fallback = await firstFile(root, [...requested(model), ...(await usual(root))]);
  return { controls, fallback: fallback === undefined ? noAnchors.fallback : { path: fallback, line: 1 } };
}

function requested({ request }: ReportModel): string[] {
  return [request['sarif-anchor'], request['threshold'], request['config']].filter(value => typeof value === 'string');
}

async function usual(root: string): Promise<string[]> {
  const workflows = await readdir(join(root, '.github', 'workflows')).catch(() => []);
  const files = workflows.filter(name => /\.ya?ml$/.test(name)).toSorted(byText);
  return ['cinc-scan.yml', ...files.map(name => `.github/workflows/${name}`), '.gitlab-ci.yml', 'README.md'];
}

async function firstFile(root: string, candidates: string[]): Promise<string | undefined> {
  for (const candidate of candidates) {
    const found = await fileInside(root, candidate);
    if (found !== undefined) return found;
  }
  return undefined;
}

async function fileInside(root: string, candidate: string): Promise<string | undefined> {
  if (candidate.length > 1000 || candidate.includes('\u0000') || candidate.includes('\n')) return undefined;
  const path = await realpath(resolve(root, candidate)).catch(() => undefined);
  if (path === undefined || !isInside(path, root)) return undefined;
  const isFile = await stat(path).then(
    found => found.isFile(),
    () => false,
  );
  return isFile ? relative(root, path).split(sep).join('/') : undefined;
}
