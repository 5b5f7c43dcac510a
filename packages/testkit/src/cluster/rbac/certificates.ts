// SPDX-License-Identifier: Apache-2.0
import { randomBytes, type webcrypto } from 'node:crypto';
import type * as X509 from '@peculiar/x509';
import { masters } from './rbac.ts';

interface Certified {
  certificate: string;
  key: string;
}

export interface Certificates {
  ca: string;
  server: Certified;
  admin: Certified;
}

const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const day = 86_400_000;

/** Loaded late: the package does not load before `Reflect` is complete. */
async function loadX509(): Promise<typeof X509> {
  await import('../api/reflect.ts');
  return import('@peculiar/x509');
}

export async function makeCertificates(now: Date): Promise<Certificates> {
  const x509 = await loadX509();
  const dates = { notBefore: new Date(now.getTime() - day), notAfter: new Date(now.getTime() + 365 * day) };
  const keys = await makeKeys();
  const ca = await x509.X509CertificateGenerator.createSelfSigned({
    ...dates,
    serialNumber: serial(),
    name: 'CN=embedded-cluster-ca',
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign, true),
    ],
  });
  const issue = (subject: string, extensions: X509.Extension[]): Promise<Certified> =>
    certify({ subject, extensions, dates, ca, signingKey: keys.privateKey });
  const [server, admin] = await Promise.all([
    issue('CN=kube-apiserver', [
      new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
      new x509.SubjectAlternativeNameExtension([
        { type: 'ip', value: '127.0.0.1' },
        { type: 'dns', value: 'localhost' },
      ]),
    ]),
    issue(`CN=kubernetes-admin,O=${masters}`, [new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.clientAuth])]),
  ]);
  return { ca: ca.toString('pem'), server, admin };
}

async function certify(wish: {
  subject: string;
  extensions: X509.Extension[];
  dates: { notBefore: Date; notAfter: Date };
  ca: X509.X509Certificate;
  signingKey: webcrypto.CryptoKey;
}): Promise<Certified> {
  const x509 = await loadX509();
  const keys = await makeKeys();
  const certificate = await x509.X509CertificateGenerator.create({
    ...wish.dates,
    serialNumber: serial(),
    subject: wish.subject,
    issuer: wish.ca.subject,
    publicKey: keys.publicKey,
    signingKey: wish.signingKey,
    signingAlgorithm: algorithm,
    extensions: [new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true), ...wish.extensions],
  });
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64');
  const lines = pkcs8.match(/.{1,64}/g) ?? [];
  const key = `-----BEGIN PRIVATE KEY-----\n${lines.join('\n')}\n-----END PRIVATE KEY-----\n`;
  return { certificate: certificate.toString('pem'), key };
}

async function makeKeys(): Promise<webcrypto.CryptoKeyPair> {
  return crypto.subtle.generateKey(algorithm, true, ['sign', 'verify']);
}

function serial(): string {
  return `0${randomBytes(15).toString('hex').slice(1)}`;
}
