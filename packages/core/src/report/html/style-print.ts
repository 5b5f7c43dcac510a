// SPDX-License-Identifier: Apache-2.0
import { palette, variablesOf } from './palette.ts';

/** Black on white, with the colours of statuses; `stamp` may hold only what is safe in a quoted string. */
export const printStyle = (stamp: string): string => `
@page{margin:16mm 14mm 18mm;@bottom-left{content:"cinc-scan ${stamp}";font:8pt system-ui,sans-serif;color:#444}@bottom-right{content:counter(page) " / " counter(pages);font:8pt system-ui,sans-serif;color:#444}}
@media print{
:root{color-scheme:light;${variablesOf(palette.print)}}
body{font-size:8.5pt;line-height:1.4}
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
details:not(.source,.brief *)::details-content{content-visibility:visible!important;display:block!important;block-size:auto!important}
pre{break-inside:auto;margin:.2rem 0 .3rem;padding:.25rem .5rem;line-height:1.3}
h4{margin:.5rem 0 .1rem}
.body{padding-bottom:.3rem;margin-bottom:.3rem}
.text{max-width:none}
.seen{margin:.2rem 0 .3rem}.seen.p>:not(p),.seen.n>:not(p),.results>li:has(>.p){display:none}
.results li{padding:0}
.facts{grid-template-columns:1fr 1fr 1fr}.facts div{grid-template-columns:7rem minmax(0,1fr);padding:.05rem 0}
th,td{padding-top:.2rem;padding-bottom:.2rem}
.matrix th,.matrix td{padding:0 .35rem}.matrix th,.matrix .v{line-height:14px}.matrix td:not(.v){padding:1px 2px}.matrix td:not(.v)::before{font-size:10px;line-height:13px}
.source:not([open]){display:none}
.brief>.controls{columns:2;column-gap:6mm;font-size:8pt}
.brief .control>summary{grid-template-columns:4.6rem auto minmax(0,1fr);padding:.1rem 0}.brief .where{display:none}
.rest>summary{display:none}
a{text-decoration:none}
.overview{break-inside:avoid}
.st::before,.matrix td::before,svg.bar,.v::before,.hero,.lost li{print-color-adjust:exact;-webkit-print-color-adjust:exact}
}
`;
