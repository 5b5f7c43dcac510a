// SPDX-License-Identifier: Apache-2.0
// A module of its own so that it can be loaded late: few machines have a proxy.
import { rootCertificates } from 'node:tls';

export { HttpProxyAgent } from 'http-proxy-agent';
export { HttpsProxyAgent } from 'https-proxy-agent';
export { SocksProxyAgent } from 'socks-proxy-agent';

/** A proxy may be vouched for by the authority of the cluster, as kubectl wants it, or by a public one. */
export const authorities = (own: string | Buffer): (string | Buffer)[] => [own, ...rootCertificates];
