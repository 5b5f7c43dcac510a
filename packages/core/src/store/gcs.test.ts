// SPDX-License-Identifier: Apache-2.0
import { expect, test } from '@jest/globals';
import { Secret } from '../request/index.ts';
import { signGoogle } from './gcs.ts';

// Made by another implementation (of ClickHouse, with the SDK of Amazon).
test('a put under a condition is signed as Google wants it', () => {
  const { headers } = signGoogle(
    {
      method: 'PUT',
      url: new URL('https://storage.googleapis.com/test-bucket/dir/obj.txt'),
      headers: { 'x-goog-if-generation-match': '0', 'x-goog-content-sha256': 'UNSIGNED-PAYLOAD', 'content-type': 'x' },
    },
    { kind: 'hmac', accessKeyId: 'GOOGTESTACCESSKEY', secretAccessKey: new Secret('testsecretkey') },
    new Date('2026-07-03T00:00:00Z'),
  );
  expect(headers['x-goog-date']).toBe('20260703T000000Z');
  expect(headers['authorization']).toBe(
    'GOOG4-HMAC-SHA256 Credential=GOOGTESTACCESSKEY/20260703/auto/storage/goog4_request, SignedHeaders=host;x-goog-content-sha256;x-goog-date;x-goog-if-generation-match, Signature=4f82e49c69753329afd4768ccf1db6b472dbbd86d082a08b5b9f9fe368fb6ef6',
  );
});
