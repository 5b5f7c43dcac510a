// SPDX-License-Identifier: Apache-2.0
import { Agent, request } from 'node:https';
import { load } from 'js-yaml';

/** One question to the authorizer, as an access review puts it. */
export interface Question {
  verb: string;
  group: string;
  resource: string;
  subresource?: string;
  namespace?: string;
  name?: string;
}

/** A kubeconfig as `cinc-scan grant` writes it. */
export interface GrantKubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { name: string; user: { token: string } }[];
  contexts: { name: string; context: { namespace: string; user: string } }[];
  'current-context': string;
}

export const parseGrantKubeconfig = (text: string): GrantKubeconfig => load(text) as GrantKubeconfig;

export interface TokenClient {
  send(method: string, path: string, body?: unknown): Promise<{ status: number; text: string }>;
  isAllowed(question: Question): Promise<boolean>;
  close(): void;
}

/** Speaks to the API server with nothing but a token, over connections that are kept: thousands of questions are asked. */
export function openWithToken({ clusters }: GrantKubeconfig, token: string): TokenClient {
  const [{ cluster }] = clusters as [GrantKubeconfig['clusters'][number]];
  const ca = Buffer.from(cluster['certificate-authority-data'], 'base64').toString();
  const agent = new Agent({ keepAlive: true, maxSockets: 8, ca });
  const headers = { authorization: `Bearer ${token}`, accept: 'application/json' };
  const send: TokenClient['send'] = (method, path, body) =>
    new Promise((resolve, reject) => {
      const type = method === 'PATCH' ? 'application/merge-patch+json' : 'application/json';
      const content = body === undefined ? {} : { 'content-type': type };
      const sent = request(new URL(path, cluster.server), { agent, method, headers: { ...headers, ...content } });
      sent.on('error', reject);
      sent.on('response', response => {
        let text = '';
        response.setEncoding('utf8').on('data', (part: string) => (text += part));
        response.on('end', () => resolve({ status: response.statusCode ?? 0, text }));
      });
      sent.end(body === undefined ? undefined : JSON.stringify(body));
    });
  return {
    send,
    async isAllowed(resourceAttributes) {
      const { status, text } = await send('POST', '/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', {
        apiVersion: 'authorization.k8s.io/v1',
        kind: 'SelfSubjectAccessReview',
        spec: { resourceAttributes },
      });
      if (status !== 201) throw new Error(`access review: ${status} ${text}`);
      const review = JSON.parse(text) as { status: { allowed: boolean; evaluationError?: string } };
      if (review.status.evaluationError !== undefined) throw new Error(review.status.evaluationError);
      return review.status.allowed;
    },
    close: () => agent.destroy(),
  };
}
