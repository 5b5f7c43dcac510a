// SPDX-License-Identifier: Apache-2.0
import { appendFile, stat } from 'node:fs/promises';
import { fitMarkdown, markdownCode, type Scan, type WrittenReport } from '@cinc-scan/core';
import { NotHere } from './not-here.ts';

/** Where more of the result lies. */
export interface Link {
  text: string;
  url: string;
}

// GitHub drops a summary of more than 1,024 KiB as a whole, silently for the reader.
const mostBytes = 900 * 1024;

/** The result of a scan on the page of the job, as much as fits. */
export const summarizeScan = ({ model, reports }: Scan, links: Link[]): Promise<Link[]> =>
  summarize(limit => fitMarkdown(model, limit).text, reports, links);

/** A page of at most so many bytes on that of the job. */
export async function summarize(
  page: (limit: number) => string,
  reports: readonly Pick<WrittenReport, 'path'>[],
  links: Link[],
): Promise<Link[]> {
  const path = summaryFile();
  const files = reports.filter(report => report.path !== '-').map(report => report.path);
  const end = endOfPage(links, files);
  const used = await stat(path).then(
    ({ size }) => size,
    () => 0,
  );
  await appendFile(path, `${page(Math.max(0, mostBytes - used - Buffer.byteLength(end)))}\n${end}`);
  return [];
}

const mostFiles = 200;

function endOfPage(links: Link[], files: string[]): string {
  const list = files.slice(0, mostFiles).map(path => `- ${markdownCode(path)}`);
  const more = files.length > mostFiles ? [`- ${files.length - mostFiles} more`] : [];
  const shown = links.map(({ text, url }) => `[${text}](${encodeURI(url)})`).join(' · ');
  const folded = `<details><summary>Reports on the runner</summary>\n\n${[...list, ...more].join('\n')}\n\n</details>`;
  return [...(shown === '' ? [] : [shown]), ...(files.length === 0 ? [] : [folded])].join('\n\n').concat('\n');
}

interface Failure {
  code: string;
  /** May hold text from wherever. */
  message: string;
  remedy: string;
}

/** A run that gave no result says why on the page of the job. */
export async function summarizeFailure({ code, message, remedy }: Failure): Promise<void> {
  const path = process.env['GITHUB_STEP_SUMMARY'] ?? '';
  if (path === '') return;
  const text = `## cinc-scan: ERROR\n\nNothing was judged.\n\n**${code}**: ${markdownCode(message)}\n\n${markdownCode(remedy)}\n`;
  await appendFile(path, text).catch(() => undefined); // it is an annotation as well
}

function summaryFile(): string {
  const path = process.env['GITHUB_STEP_SUMMARY'] ?? '';
  if (path === '') throw new NotHere('This runner does not support job summaries (GITHUB_STEP_SUMMARY is not set).');
  return path;
}
