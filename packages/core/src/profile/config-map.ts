// SPDX-License-Identifier: Apache-2.0
import * as z from 'zod';
import { apiPath, type Cluster, parseJson } from '../cluster/index.ts';
import { ScanError } from '../errors/index.ts';
import { type ArchiveEntry, refuseArchive, safePath } from './entries.ts';
import { readArchive } from './unpack.ts';

const shape = z.object({
  data: z.record(z.string(), z.string()).nullish(),
  binaryData: z.record(z.string(), z.string()).nullish(),
});

/**
 * The files of a profile in a ConfigMap. Its keys hold no `/`: `controls__files.rb` is `controls/files.rb`, and a Ruby
 * file without a folder is a control file. One key that is an archive is unpacked instead.
 */
export async function readConfigMap(cluster: Cluster, namespace: string, name: string): Promise<ArchiveEntry[]> {
  const what = `reading ConfigMap ${namespace}/${name}`;
  const path = apiPath('api', 'v1', 'namespaces', namespace, 'configmaps', name);
  const answer = await cluster.send({ method: 'GET', path });
  if (answer.status === 404)
    throw new ScanError('PROFILE_MISSING', `There is no ConfigMap ${name} in namespace ${namespace}`);
  const { text: body } = answer.status === 200 ? answer : await cluster.call({ method: 'GET', path }, what);
  const parsed = shape.safeParse(parseJson(body));
  if (!parsed.success)
    throw new ScanError('CLUSTER_REFUSED', `The answer to ${what} is not a ConfigMap`, { cause: parsed.error });
  const { data, binaryData } = parsed.data;
  const files = [
    ...Object.entries(data ?? {}).map(([key, text]): [string, Buffer] => [key, Buffer.from(text, 'utf8')]),
    ...Object.entries(binaryData ?? {}).map(([key, text]): [string, Buffer] => [key, Buffer.from(text, 'base64')]),
  ];
  const [first, second] = files;
  if (first !== undefined && second === undefined && /\.(?:tar|tar\.gz|tgz|zip)$/.test(first[0]))
    return readArchive(first[1]);
  if (!files.some(([key]) => key === 'inspec.yml'))
    throw refuseArchive(`ConfigMap ${namespace}/${name} has neither an inspec.yml nor one archive`);
  return files.map(([key, bytes]) => ({ kind: 'file', path: safePath(toPath(key)), bytes }));
}

/** What the key of a ConfigMap stands for. */
export function toPath(key: string): string {
  return key.includes('__') || !key.endsWith('.rb') ? key.replaceAll('__', '/') : `controls/${key}`;
}
