// SPDX-License-Identifier: Apache-2.0
import { type Agent, type AgentOptions, type ClientRequest, Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Environment } from '../request/index.ts';
import { proxyOf } from './proxy.ts';

/** How requests and streams to a server leave this machine: straight, or through a proxy. */
export interface Route extends Disposable {
  agent: Agent;
  /** The proxy, without its credentials. */
  via: string | undefined;
}

export interface RouteOptions {
  /** Names proxies; not asked where one is given. */
  environment: Environment;
  proxy?: URL | undefined;
  /** Connections are kept for further requests until the route is closed. */
  keepAlive?: boolean;
  /** For a proxy that itself is spoken to over TLS. */
  ca?: string | Buffer | undefined;
}

/** Opens nothing yet: connections are made, and ended, with the requests. */
export async function openRoute(url: URL, options: RouteOptions): Promise<Route> {
  const proxy = options.proxy ?? proxyOf(url, options.environment);
  const closing = new AbortController();
  const own: AgentOptions = { keepAlive: options.keepAlive ?? false };
  const isSecure = url.protocol === 'https:';
  const agent =
    proxy === undefined
      ? new (isSecure ? HttpsAgent : HttpAgent)(own)
      : await throughProxy(proxy, { ...own, signal: closing.signal }, { isSecure, ca: options.ca });
  return {
    agent,
    via: proxy && `${proxy.protocol}//${proxy.host}`,
    [Symbol.dispose]() {
      agent.destroy();
      closing.abort(); // of connections that a proxy has not made yet, the agent does not know
    },
  };
}

interface RouteKind {
  isSecure: boolean;
  ca: string | Buffer | undefined;
}

/** The clients of proxies are read only where there is one. */
async function throughProxy(
  proxy: URL,
  own: AgentOptions & { signal: AbortSignal },
  { isSecure, ca }: RouteKind,
): Promise<Agent> {
  const { HttpProxyAgent, HttpsProxyAgent, SocksProxyAgent, authorities } = await import(
    /* webpackMode: "eager" */ './proxy-agents.ts'
  );
  // Names are for the proxy to resolve: often only it can.
  if (proxy.protocol.startsWith('socks5')) return new SocksProxyAgent(toSocks(proxy), own);
  const settings = { ...own, ...(proxy.protocol === 'https:' && ca !== undefined && { ca: authorities(ca) }) };
  if (!isSecure) return new HttpProxyAgent(proxy, settings);
  const agent = new HttpsProxyAgent(proxy, settings);
  agent.on('proxyConnect', ({ statusCode }: { statusCode: number }, request: ClientRequest) => {
    // Else its answer would be taken for the server's.
    if (statusCode !== 200) request.destroy(new Error(`the proxy ${proxy.host} answered ${statusCode}`));
  });
  return agent;
}

const toSocks = (proxy: URL): string => proxy.href.replace(/^socks5:/, 'socks5h:');
