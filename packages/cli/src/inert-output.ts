// SPDX-License-Identifier: Apache-2.0
import { breakCommands, makeRedactor, type Redactor, redactTexts, type Secrets, safeJsonText } from '@cinc-scan/core';
import type { Output } from './terminal.ts';

// Line breaks and tabs stay, and so do colours (SGR), which are our own. A name, a path or a message that holds another
// sequence would move the cursor of whoever reads it, or rename their window.
const escape = String.fromCodePoint(27);
const control = new RegExp(String.raw`(?!${escape}\[[0-9;]*m)(?![\n\r\t])\p{Cc}`, 'gu');
const withoutControl = (text: string) => text.replaceAll(control, '');

/**
 * What a command says to people and logs. Whatever is written, nothing in it is a command to a CI system, and nothing in
 * it is a secret. Files and data for other programs do not pass here: their formats have escapes of their own.
 */
export class InertOutput implements Output {
  private readonly output: Output;
  private readonly secrets: Secrets;
  private redactor: Redactor = makeRedactor([]);
  private known = 0;

  constructor(output: Output, secrets: Secrets) {
    this.output = output;
    this.secrets = secrets;
  }

  get isTTY(): boolean {
    return this.output.isTTY === true;
  }

  get columns(): number | undefined {
    return this.output.columns;
  }

  write(text: string, done?: (error?: Error | null) => void): unknown {
    const inert = this.inJson(text) ?? withoutControl(breakCommands(this.currentRedactor().all(text)));
    return done === undefined ? this.output.write(inert) : this.output.write(inert, done);
  }

  /** JSON stays JSON: its texts are redacted one by one, and commands become escapes that mean the same. */
  private inJson(text: string): string | undefined {
    const document = parseJson(text);
    if (document === undefined) return undefined;
    const redacted = redactTexts(document, this.currentRedactor().all);
    if (redacted === document) return safeJsonText(text);
    const indentation = /^[{[]\n/.test(text) ? 2 : undefined;
    return `${safeJsonText(JSON.stringify(redacted, undefined, indentation))}${text.endsWith('\n') ? '\n' : ''}`;
  }

  /** Secrets come as a run goes on. */
  private currentRedactor(): Redactor {
    if (this.known !== this.secrets.size) {
      this.known = this.secrets.size;
      this.redactor = makeRedactor(this.secrets.all());
    }
    return this.redactor;
  }
}

function parseJson(text: string): object | undefined {
  if (!/^[{[]/.test(text)) return undefined;
  try {
    const document: unknown = JSON.parse(text);
    return typeof document === 'object' && document !== null ? document : undefined;
  } catch {
    return undefined;
  }
}
