// SPDX-License-Identifier: Apache-2.0
// Public keys of an issuer (RFC 7517): of all that such a set may hold, what checks a signature.
import * as z from 'zod';

const text = z.string().max(3000);
const id = { kid: text.exactOptional(), alg: text.exactOptional(), use: text.exactOptional() };
const usable = z.discriminatedUnion('kty', [
  z.object({ kty: z.literal('RSA'), n: text, e: text, ...id }),
  z.object({ kty: z.literal('EC'), crv: text, x: text, y: text, ...id }),
  z.object({ kty: z.literal('OKP'), crv: text, x: text, ...id }),
]);

const isForSignatures = ({ use }: z.infer<typeof usable>): boolean => use === undefined || use === 'sig';

/** Keys of other kinds are left out, those that are no secret of the issuer's above all; one has to be left. */
export const keySet = z.object({
  keys: z
    .array(z.unknown())
    .max(100)
    .transform(keys => keys.flatMap(key => usable.safeParse(key).data ?? []).filter(isForSignatures))
    .refine(keys => keys.length > 0, 'expected at least one public key for signatures'),
});

export type KeySet = z.infer<typeof keySet>;
