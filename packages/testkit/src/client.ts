// SPDX-License-Identifier: Apache-2.0
import { type RequestOptions, request } from 'node:https';
import { KubeConfig } from '@kubernetes/client-node';

export interface Reply {
  status: number;
  body: Body;
}

/** As much of any Kubernetes object as tests look at. */
export interface Body {
  metadata?: {
    name?: string;
    namespace?: string;
    uid?: string;
    labels?: Record<string, string>;
    annotations?: Record<string, string>;
  };
  items?: Body[];
  spec?: Record<string, unknown>;
  status?: Record<string, unknown>;
  message?: string;
  reason?: string;
}

export interface Api {
  /** Any answer; throws only where there is none. */
  send(method: string, path: string, body?: unknown): Promise<Reply>;
  /** The body of an answer that has to be a success. */
  call(method: string, path: string, body?: unknown): Promise<Body>;
  close(): void;
}

/** A plain client for setting up and looking at any cluster a kubeconfig names; tests do not use the product's own. */
export function openApi(kubeconfig: string): Api {
  const config = new KubeConfig();
  config.loadFromString(kubeconfig);
  const server = config.getCurrentCluster()?.server ?? '';
  const agents = new Set<{ destroy(): void }>();
  const send = async (method: string, path: string, body?: unknown): Promise<Reply> => {
    const options: RequestOptions = {};
    await config.applyToHTTPSOptions(options);
    if (typeof options.agent === 'object') agents.add(options.agent);
    const text = body === undefined ? undefined : JSON.stringify(body);
    const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
    const { authorization } = parseHeaders(options.headers);
    const headers = {
      ...(authorization !== undefined && { authorization }),
      accept: 'application/json',
      'content-type': type,
    };
    return exchange(new URL(path, server), { ...options, method, headers }, text);
  };
  return {
    send,
    async call(method, path, body) {
      const reply = await send(method, path, body);
      if (reply.status < 300) return reply.body;
      throw new Error(`${method} ${path}: ${reply.status} ${reply.body.message ?? ''}`);
    },
    close: () => agents.forEach(agent => agent.destroy()),
  };
}

function parseHeaders(headers: RequestOptions['headers']): { authorization?: string } {
  const found = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === 'authorization')?.[1];
  return typeof found === 'string' ? { authorization: found } : {};
}

function exchange(url: URL, options: RequestOptions, text: string | undefined): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const sent = request(url, options, response => {
      const chunks: Buffer[] = [];
      response.on('data', (chunk: Buffer) => chunks.push(chunk));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, body: parseBody(Buffer.concat(chunks).toString()) }),
      );
      response.on('error', reject);
    });
    sent.on('error', reject);
    sent.end(text);
  });
}

function parseBody(text: string): Body {
  try {
    // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- every field of Body is optional and tests assert what they read
    return JSON.parse(text) as Body;
  } catch {
    return { message: text };
  }
}
