// SPDX-License-Identifier: Apache-2.0
// The whole content of a file: the script that asks a shell of the target, and the judgement of its answer.
import { type CommandAnswer, quote } from '../lens/index.ts';
import { endOf, firstLine, isClosed, isNothing, reasonIn, toolTrouble } from './reasons.ts';
import { makeScript, type Script, sections } from './script.ts';

export type ReadAnswer =
  | { kind: 'content'; content: Buffer; truncated: boolean }
  /** There is no such file, or nothing that has content. */
  | { kind: 'nothing' }
  | { kind: 'closed'; reason: string }
  | { kind: 'tool-missing'; tool: string }
  | { kind: 'failed'; reason: string }
  /** Fewer bytes came than the file has. */
  | { kind: 'short'; reason: string; content: Buffer };

/** `stat` first: a file that grows meanwhile is read to its end of then. The kernel's own files have no size to speak of. */
export function readScript(path: string): Script {
  return makeScript(
    separate => `
LC_ALL=C; export LC_ALL
p=${quote(path)}; size='' measured=0
case $p in /proc/* | /sys/*) ;; *) if [ -f "$p" ]; then size=$(stat -L -c %s -- "$p" 2>/dev/null); measured=$?; fi ;; esac
cat -- "$p"; copied=$?
${separate}; printf '%s %s %s' $copied $measured "$size"`,
  );
}

export function parseRead(answer: CommandAnswer, { separator }: Script): ReadAnswer {
  if (answer.truncated) return { kind: 'content', content: answer.stdout, truncated: true };
  const [content = Buffer.alloc(0), end] = sections(answer, separator);
  const told = /^(\d+) (\d+) (\d*)$/.exec(end?.toString('utf8') ?? '');
  if (answer.status !== 0 || told === null) return { kind: 'failed', reason: endOf('the shell', answer.status) };
  const [, copied, measured, size] = told;
  return copied === '0' ? checkSize(content, Number(measured), Number(size)) : notRead(answer, Number(copied));
}

/** A container without `stat` cannot tell the size; then `cat` is the only witness. */
function checkSize(content: Buffer, measured: number, size: number): ReadAnswer {
  const trouble = toolTrouble('stat', measured);
  if (trouble?.kind === 'tool-failed') return { kind: 'failed', reason: trouble.reason };
  if (trouble === undefined && (measured !== 0 || content.length < size))
    return { kind: 'short', reason: `${content.length} bytes of ${size} came`, content };
  return { kind: 'content', content, truncated: false };
}

/** The helper's answer: it reads to the end or says why not. 1 is the file's own error; anything above is the helper's. */
export function parseHelperRead(answer: CommandAnswer): ReadAnswer {
  if (answer.status === 0) return { kind: 'content', content: answer.stdout, truncated: answer.truncated };
  return answer.status === 1 ? notRead(answer, 1) : { kind: 'failed', reason: firstLine(answer) };
}

function notRead(answer: CommandAnswer, status: number): ReadAnswer {
  const trouble = toolTrouble('cat', status);
  if (trouble?.kind === 'tool-missing') return trouble;
  if (trouble !== undefined) return { kind: 'failed', reason: trouble.reason };
  const reason = reasonIn(answer.stderr.toString('utf8'));
  if (isNothing(reason) || reason === 'Not a regular file') return { kind: 'nothing' };
  return isClosed(reason) ? { kind: 'closed', reason } : { kind: 'failed', reason: reason || endOf('cat', status) };
}

// linux/magic.h: proc, sysfs, configfs, debugfs, tracefs, securityfs, selinuxfs, pstore, bpf, cgroup, cgroup2, efivarfs.
const kernels =
  '9fa0|62656572|62656570|64626720|74726163|73636673|f97cff8c|6165676c|cafe4a11|27e0eb|63677270|de5e81e4'.split('|');

/** Of which kind the file system of a path is, where the kernel has a number for it. */
export const kindCommand = (path: string): string => `stat -L -f -c %t -- ${quote(path)}`;

/** Whether the files of that file system are made by the kernel when they are read: their sizes promise nothing. */
export const isOfKernel = ({ status, stdout }: CommandAnswer): boolean =>
  status === 0 && kernels.includes(stdout.toString('utf8').trim());
