// SPDX-License-Identifier: Apache-2.0
// As much of a browser as a sign-in takes: cookies by host, redirects, and what browsers say of where a request comes from.

interface Kept {
  value: string;
  attributes: string;
}

export interface Visit {
  status: number;
  url: string;
  text: string;
  /** Every address on the way. */
  via: string[];
}

export interface Sending {
  method?: string;
  body?: string | undefined;
  type?: string;
  headers?: Record<string, string>;
}

export class Browser {
  private readonly jars = new Map<string, Map<string, Kept>>();

  /** Goes on until a page is no redirect, or `until` says that it is enough. */
  async visit(address: string, until: (url: string) => boolean = () => false): Promise<Visit> {
    const via: string[] = [];
    for (let url = address, n = 0; n < 20; n += 1) {
      via.push(url);
      if (until(url)) return { status: 0, url, text: '', via };
      const response = await this.send(url, { headers: { 'sec-fetch-site': 'none' } });
      const text = await response.text();
      const next = response.headers.get('location');
      if (next === null) return { status: response.status, url, text, via };
      url = new URL(next, url).href;
    }
    throw new Error(`there is no end to redirects: ${via.join(' ')}`);
  }

  async send(address: string, { method = 'GET', body, type, headers }: Sending = {}): Promise<Response> {
    const url = new URL(address);
    const jar = this.jarOf(url);
    const cookie = [...jar].map(([name, { value }]) => `${name}=${value}`).join('; ');
    const response = await fetch(url, {
      method,
      redirect: 'manual',
      headers: {
        ...(cookie !== '' && { cookie }),
        ...(type !== undefined && { 'content-type': type }),
        ...headers,
      },
      ...(body !== undefined && { body }),
    });
    for (const line of response.headers.getSetCookie()) keep(jar, line);
    return response;
  }

  /** From a page of the service itself. */
  async change(address: string, sending: Sending = {}): Promise<Response> {
    return this.send(address, {
      method: 'POST',
      ...sending,
      headers: { 'sec-fetch-site': 'same-origin', ...sending.headers },
    });
  }

  cookie(address: string, name: string): Kept | undefined {
    return this.jarOf(new URL(address)).get(name);
  }

  setCookie(address: string, name: string, value: string): void {
    this.jarOf(new URL(address)).set(name, { value, attributes: '' });
  }

  private jarOf({ host }: URL): Map<string, Kept> {
    const jar = this.jars.get(host) ?? new Map<string, Kept>();
    this.jars.set(host, jar);
    return jar;
  }
}

function keep(jar: Map<string, Kept>, line: string): void {
  const [, name = '', value = '', attributes = ''] = /^([^=]+)=([^;]*);?\s*(.*)$/.exec(line) ?? [];
  const isOver = /expires=Thu, 01 Jan 1970|max-age=0/i.test(attributes);
  if (isOver) jar.delete(name);
  else jar.set(name, { value, attributes });
}
