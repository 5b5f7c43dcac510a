// SPDX-License-Identifier: Apache-2.0

/** A secret as it looks after what programs commonly do to text; the text itself first. */
export function formsOf(secret: string): string[] {
  const forms = [jsonForms, markupForms, percentForms, base64Forms].flatMap(toForms => toForms(secret));
  return [...new Set([secret, ...forms])].filter(form => form.length >= 6);
}

const inJson = (text: string) => JSON.stringify(text).slice(1, -1);

/** In JSON, in JSON within JSON, with escaped slashes, and in ASCII alone. */
function jsonForms(text: string): string[] {
  const once = inJson(text);
  const ascii = once.replaceAll(/[\u0080-\uffff]/g, char => `\\u${char.charCodeAt(0).toString(16).padStart(4, '0')}`);
  return [once, inJson(once), once.replaceAll('/', String.raw`\/`), ascii];
}

const named: Record<string, string> = { '&': '&amp;', '<': '&lt;', '>': '&gt;', '"': '&quot;' };

/** In HTML and XML, in Markdown as reports write it, and in CSV. */
function markupForms(text: string): string[] {
  const entities = text.replaceAll(/[&<>"]/g, char => named[char] ?? char);
  return [
    entities.replaceAll("'", '&#39;'),
    entities.replaceAll("'", '&apos;'),
    text.replaceAll(/[&<>"'`\\*_~[\]()!|#@:{}$^]/g, char => `&#${char.codePointAt(0) ?? 0};`),
    text.replaceAll('"', '""'),
  ];
}

/** As in addresses and forms, whichever letters a program leaves as they are. */
function percentForms(text: string): string[] {
  const encode = (keep: RegExp) =>
    [...Buffer.from(text)]
      .map(byte => {
        const char = String.fromCodePoint(byte);
        return byte < 0x80 && keep.test(char) ? char : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
      })
      .join('');
  const forms = [encode(/[A-Za-z0-9\-_.!~*'()]/), encode(/[A-Za-z0-9\-_.~]/), encode(/[A-Za-z0-9\-_.~/:=+@]/)];
  const plus = forms.map(form => form.replaceAll('%20', '+'));
  return [...forms, ...plus].flatMap(form => [form, form.replaceAll(/%[0-9A-F]{2}/g, hex => hex.toLowerCase())]);
}

/** What is sure to stand in the encoding of any text with the secret in it, at each of the three places it can begin. */
function base64Forms(text: string): string[] {
  const bytes = Buffer.from(text);
  const whole = bytes.toString('base64').replace(/=+$/, '');
  const parts = [0, 1, 2].map(before => {
    const encoded = Buffer.concat([Buffer.alloc(before), bytes]).toString('base64');
    return encoded.slice(Math.ceil((before * 8) / 6), Math.floor(((before + bytes.length) * 8) / 6));
  });
  const forms = [whole, ...parts];
  return [...forms, ...forms.map(form => form.replaceAll('+', '-').replaceAll('/', '_'))];
}
