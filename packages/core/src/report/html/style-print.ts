// SPDX-License-Identifier: Apache-2.0

/** Black on white, with the colours of statuses; `stamp` may hold only what is safe in a quoted string. */
export const printStyle = (stamp: string): string => `
@page{margin:16mm 14mm 18mm;@bottom-left{content:"cinc-scan ${stamp}";font:8pt system-ui,sans-serif;color:#444}@bottom-right{content:counter(page) " / " counter(pages);font:8pt system-ui,sans-serif;color:#444}}
@media print{
:root{color-scheme:light;--bg:#fff;--card:#fff;--ink:#000;--soft:#3c444c;--rule:#c6ccd3;--faint:#fff;--link:#000;--code:#fff;
--f:#b3341f;--f-bg:#fbeae6;--e:#7440a8;--e-bg:#fff;--s:#c98a00;--s-ink:#6f4b00;--s-bg:#fdf3dc;--p:#0b6e69;--p-bg:#e3f3f1;--n:#98a2ae;--n-ink:#4a545f;--n-bg:#edf0f3;--w:#2b6cb0;--w-bg:#e6f0fa;--on:#fff}
body{font-size:9.5pt}
nav,#filter,.skip{display:none!important}
.page{display:block;padding:0;max-width:none}
.hero{margin:0;padding:10px 0 0;border-width:6px 0 1px;border-radius:0;max-width:none}
.figures{margin:10px 0 0;grid-template-columns:repeat(8,auto)}
.figures div,.figures div+div{padding:6px 8px 8px 0;border:0}
#matrix{content-visibility:visible}
section{border:0;border-radius:0;padding:0;margin:18px 0 0}
.scroll{overflow:visible;margin:0;padding:0}
.matrix caption,.matrix tr>:first-child{position:static;padding-left:0}
h2,h3,h4,summary,caption{break-after:avoid}
thead{display:table-header-group}
tr,.lost li,.control>summary{break-inside:avoid}
details::details-content{content-visibility:visible!important;display:block!important;block-size:auto!important}
pre{break-inside:auto}
a{text-decoration:none}
.overview{break-inside:avoid}
.st::before,.matrix td::before,svg.bar,.v::before,.hero,.lost li{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
