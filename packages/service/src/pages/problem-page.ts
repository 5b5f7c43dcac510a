// SPDX-License-Identifier: Apache-2.0
import { html } from '@cinc-scan/core';
import { renderPage } from './page.ts';

interface Shown {
  title: string;
  /** What happened. */
  detail: string;
  remedy: string;
  code: string;
}

/** An error as people read it: the same words that programs get. */
export const renderProblemPage = ({ title, detail, remedy, code }: Shown): string =>
  renderPage(
    `${title} · cinc-scan service`,
    html`<main><section aria-labelledby="title"><h1 id="title">${title}</h1>
<p>${detail}</p>
<p>${remedy}</p>
${code === 'SERVICE_SIGN_IN_REFUSED' ? html`<p><a href="/auth/sign-in">Sign in again</a></p>\n` : undefined}<p class="note">Code: <code>${code}</code></p>
</section></main>`,
  );
