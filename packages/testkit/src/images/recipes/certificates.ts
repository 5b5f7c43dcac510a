// SPDX-License-Identifier: Apache-2.0
// Certificates whose keys were thrown away: they prove nothing but how they are read.

const pem = (lines: string[]) => ['-----BEGIN CERTIFICATE-----', ...lines, '-----END CERTIFICATE-----', ''].join('\n');

/** An authority that ends in 2120. */
export const testAuthority = pem([
  'MIIBSDCB8KADAgECAgEBMAoGCCqGSM49BAMCMCMxITAfBgNVBAMMGGNpbmMtc2Nh',
  'biB0ZXN0IGF1dGhvcml0eTAgFw0yMDAxMDEwMDAwMDBaGA8yMTIwMDEwMTAwMDAw',
  'MFowIzEhMB8GA1UEAwwYY2luYy1zY2FuIHRlc3QgYXV0aG9yaXR5MFkwEwYHKoZI',
  'zj0CAQYIKoZIzj0DAQcDQgAE7hU4Z0Yvv8OFLqdju8O1EYGlKUTTQVwUtu8u0qPT',
  'tujlxGy36hrwZBlnvt6FJhuEeQC5gUsyCBsCaT8Xp0XtG6MTMBEwDwYDVR0TAQH/',
  'BAUwAwEB/zAKBggqhkjOPQQDAgNHADBEAiBXfqZCfY5tKm2G3bS0seBbLVA/L16q',
  '7PemwKplB2DEKwIgHL2gVB92XCIYGaeeTq5uilWZWnWf+E2cD6psvEkxTH0=',
]);

/** An authority that ended in 2020. */
export const expiredAuthority = pem([
  'MIIBVzCB/qADAgECAgEBMAoGCCqGSM49BAMCMCsxKTAnBgNVBAMMIEV4cGlyZWQg',
  'Y2luYy1zY2FuIHRlc3QgYXV0aG9yaXR5MB4XDTEwMDEwMTAwMDAwMFoXDTIwMDEw',
  'MTAwMDAwMFowKzEpMCcGA1UEAwwgRXhwaXJlZCBjaW5jLXNjYW4gdGVzdCBhdXRo',
  'b3JpdHkwWTATBgcqhkjOPQIBBggqhkjOPQMBBwNCAAS+cz8l2SqVvgIHA6DkGO/H',
  'E+i4LKd3HsuYBG4BODCYRjklVPAe6pcbCAVlAXMLLJTH9dXhH925dI5crGViZARQ',
  'oxMwETAPBgNVHRMBAf8EBTADAQH/MAoGCCqGSM49BAMCA0gAMEUCICWoMAYLpinG',
  'tO4Ixh2S81JSPX6Z39oHNSPA6qMgmyZoAiEA9RcKsc7SO1yh4XJ+KRV+Rin7/FJr',
  'GYz3bCRWDnbd2r8=',
]);

/** The certificate of a service that ended in 2020. */
export const expiredCertificate = pem([
  'MIIBQTCB56ADAgECAgEBMAoGCCqGSM49BAMCMCExHzAdBgNVBAMMFmV4cGlyZWQu',
  'Y2luYy1zY2FuLnRlc3QwHhcNMTkwMTAxMDAwMDAwWhcNMjAwMTAxMDAwMDAwWjAh',
  'MR8wHQYDVQQDDBZleHBpcmVkLmNpbmMtc2Nhbi50ZXN0MFkwEwYHKoZIzj0CAQYI',
  'KoZIzj0DAQcDQgAE6Xc9iILx99fqnhE2HEKJO30Jq72L1+xecj0qGjM/LnscbcXh',
  'jBvIt9dhP7xI8IVM6iGsexKpp4haz4hWFnxdqaMQMA4wDAYDVR0TAQH/BAIwADAK',
  'BggqhkjOPQQDAgNJADBGAiEAjM6H2J25AHdcr4JybdKr8Xq06qdpjxPhTBSPaXJq',
  'sfgCIQD56woK6LvN5mTHGsR7LkbBp3SFEdZcz71UXfBdpsB4qA==',
]);
