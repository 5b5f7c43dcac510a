// SPDX-License-Identifier: Apache-2.0
import { palette, variablesOf } from './palette.ts';
import { printStyle } from './style-print.ts';

const variables = `
:root{color-scheme:light dark;${variablesOf(palette.light)}}
@media (prefers-color-scheme:dark){:root{${variablesOf(palette.dark)}}}
`;

const basics = `
*{box-sizing:border-box}
[hidden]{display:none!important}
html{scroll-padding-top:1rem;-webkit-text-size-adjust:100%}
body{margin:0;background:var(--bg);color:var(--ink);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,"Helvetica Neue",Arial,sans-serif;font-variant-numeric:tabular-nums}
a{color:var(--link);text-underline-offset:.15em;text-decoration-thickness:1px}
a:hover{text-decoration-thickness:2px}
:focus-visible{outline:2px solid var(--focus);outline-offset:2px;border-radius:3px}
code,pre{font-family:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace;font-size:.88em}
code{overflow-wrap:anywhere}
pre{margin:.4rem 0 .6rem;padding:.6rem .8rem;background:var(--code);border:1px solid var(--rule);border-radius:6px;white-space:pre-wrap;overflow-wrap:anywhere;line-height:1.45}
h1,h2,h3,h4,p,dl,ul{margin:0}
ul{padding:0;list-style:none}
small{display:block;font-size:.84em;font-weight:400;color:var(--soft)}
.skip{position:absolute;left:-999px;top:0;padding:.6rem 1rem;background:var(--card);z-index:3}
.skip:focus{left:0}
.hero,.page,footer{max-width:1280px;margin:0 auto;padding:0 24px}
footer{padding:8px 24px 40px;color:var(--soft);font-size:.87em}
.page{display:grid;grid-template-columns:168px minmax(0,1fr);gap:28px;align-items:start}
nav{position:sticky;top:0;padding:22px 0}
nav a{display:block;padding:.28rem .6rem;border-left:2px solid var(--rule);color:var(--soft);text-decoration:none;font-size:.9em}
nav a:hover{color:var(--ink);border-left-color:var(--link)}
section{margin:20px 0;padding:20px 22px 22px;background:var(--card);border:1px solid var(--rule);border-radius:10px}
h2{font-size:1.16rem;letter-spacing:-.005em;margin-bottom:.7rem}
h3{font-size:1rem;margin:1.1rem 0 .4rem}
h4{font-size:.78rem;letter-spacing:.03em;color:var(--soft);margin:1rem 0 .2rem;font-weight:650}
.note,.hint{color:var(--soft);font-size:.9em}
.note{margin:.5rem 0}
`;

const hero = `
.hero{margin-top:24px;display:grid;grid-template-columns:minmax(0,1fr) auto;gap:10px 28px;align-items:center;background:var(--card);border:1px solid var(--rule);border-top:6px solid var(--c);border-radius:10px;padding:22px 28px 0;max-width:1232px}
.hero.p{--c:var(--p)}.hero.f{--c:var(--f)}.hero.e{--c:var(--e)}
.brand{font-size:.82rem;color:var(--soft);letter-spacing:.02em}
h1{font-size:1.4rem;line-height:1.3;font-weight:600;letter-spacing:-.01em}
h1 .colon{display:none}h1 .meaning{display:block}h1 .meaning::first-letter{text-transform:uppercase}h1 .word{display:block;font-size:2.9rem;line-height:1.15;font-weight:750;letter-spacing:-.02em;color:var(--c)}
h1 .word::before{display:inline-block;width:1.05em;content:"\\2713" / ""}
.hero.f h1 .word::before{content:"\\2717" / ""}.hero.e h1 .word::before{content:"!" / "";width:.6em}
.lead{margin-top:.5rem;font-size:1.05rem}
.when{margin-top:.25rem;color:var(--soft);font-size:.92em}
.ring .track{stroke:var(--rule)}.ring .arc{stroke:var(--p);stroke-linecap:butt}
.ring text{fill:var(--ink);font-weight:700;font-family:inherit}.ring .unit{fill:var(--soft);font-weight:400}
.figures{grid-column:1/-1;display:grid;grid-template-columns:repeat(auto-fit,minmax(104px,1fr));margin:12px -28px 0;border-top:1px solid var(--rule)}
.figures div{padding:12px 10px 14px 28px}
.figures div+div{border-left:1px solid var(--rule);padding-left:16px}
.figures dt{font-size:.8rem;color:var(--soft);white-space:nowrap}
.figures dd{margin:0;font-size:1.32rem;font-weight:650;line-height:1.3}
.figures .f dd{color:var(--f)}.figures .e dd{color:var(--e)}.figures .s dd{color:var(--s-ink)}.figures .p dd{color:var(--p)}.figures .n dd{color:var(--n-ink)}.figures .w dd{color:var(--w)}
`;

const tables = `
.scroll{overflow-x:auto;margin:0 -22px;padding:0 22px}
.scroll+.scroll{margin-top:18px}
table{border-collapse:collapse;width:100%;font-size:.92em}
caption{text-align:left;color:var(--soft);padding-bottom:.45rem;font-size:.95em}
th,td{padding:.42rem .7rem;text-align:left;vertical-align:top;border-top:1px solid var(--rule)}
th:first-child,td:first-child{padding-left:0}
thead th{border-top:0;border-bottom:1px solid var(--soft);font-size:.86em;font-weight:600;color:var(--soft);vertical-align:bottom;white-space:nowrap}
thead th.num{white-space:normal}
tbody tr:first-child>*{border-top:0}
tbody th{font-weight:600;overflow-wrap:anywhere;min-width:10rem}
tbody tr:hover{background:var(--faint)}
table:not(.matrix) td:not(.num,.picture,.ids){min-width:10rem}
.num{text-align:right;white-space:nowrap}.zero{color:var(--soft);opacity:1;font-weight:400}
td.num:not(.zero){font-weight:600}
.picture{width:20%;min-width:96px}
td.picture{vertical-align:middle}
.sum>*{border-top:1px solid var(--soft)}
svg.bar{display:block;width:100%;height:12px;border-radius:2px}
.overview svg.bar{height:18px}.overview .picture{width:34%}
.overview th,.overview td{padding-top:.55rem;padding-bottom:.55rem}
svg .f{fill:var(--f)}svg .e{fill:var(--e)}svg .s{fill:var(--s)}svg .p{fill:var(--p)}svg .n{fill:var(--n)}svg .w{fill:var(--w)}
svg rect{stroke:var(--card);stroke-width:2;vector-effect:non-scaling-stroke}
svg circle.arc,svg circle.track{fill:none}
.frame th small{display:inline;margin-left:.3rem}
.loud tbody th{min-width:13rem}.targets tbody th{min-width:18rem}.targets .picture{width:12%;min-width:84px}.targets th,.targets td{padding-left:.5rem;padding-right:.5rem}.targets tr>:first-child{padding-left:0}.frame tbody th{min-width:16rem}
svg.trend{width:100%;height:auto;display:block;margin-bottom:14px}
svg.trend text{fill:var(--soft);font-family:inherit}svg.trend .grid{stroke:var(--rule)}svg.trend .line{stroke:var(--p)}
svg.trend circle{stroke:var(--card);stroke-width:1.5}
td.key{white-space:nowrap}td.ids{min-width:13rem}.changes tbody th{min-width:15rem}.changes td.ids{min-width:10rem}
.rest{display:inline}.rest>summary{display:inline;cursor:pointer;color:var(--link);white-space:nowrap;list-style:none}.rest>summary::before{content:"\\25B8 " / ""}.rest[open]>summary::before{content:"\\25BE " / ""}
.pods{font-size:.84em;font-weight:400;color:var(--soft);overflow-wrap:anywhere}
.digest{word-break:break-all}
`;

const statuses = `
.st{white-space:nowrap;font-weight:600}
.st::before{display:inline-block;width:1.25em;height:1.25em;margin-right:.35em;border-radius:3px;text-align:center;line-height:1.25;font-size:.86em;color:var(--on);background:var(--b)}
.st{color:var(--t)}
.p{--b:var(--p);--t:var(--p)}.f{--b:var(--f);--t:var(--f)}.e{--b:var(--e);--t:var(--e)}.s{--b:var(--s-ink);--t:var(--s-ink)}.n{--b:var(--n-ink);--t:var(--n-ink)}.w{--b:var(--w);--t:var(--w)}.x{--b:var(--e);--t:var(--e)}.a{--b:transparent;--t:var(--soft)}
:is(.st,.matrix td).p::before{content:"\\2713" / ""}:is(.st,.matrix td).f::before{content:"\\2717" / ""}:is(.st,.matrix td).e::before{content:"!" / ""}:is(.st,.matrix td).s::before{content:"?" / ""}:is(.st,.matrix td).n::before{content:"\\2013" / ""}:is(.st,.matrix td).w::before{content:"w" / ""}:is(.st,.matrix td).x::before{content:"!" / ""}:is(.st,.matrix td).a::before{content:"\\B7" / ""}
.v{font-size:.78rem;font-weight:650;color:var(--soft);white-space:nowrap}
.v.critical,.v.high{color:var(--ink)}
.v::before{content:"\\25AE\\25AE\\25AE\\25AE" / "";letter-spacing:1px;margin-right:.4em;font-size:.62em;vertical-align:.12em;color:var(--f)}
.v.high::before{content:"\\25AE\\25AE\\25AE\\25AF" / ""}.v.medium::before{content:"\\25AE\\25AE\\25AF\\25AF" / "";color:var(--s)}.v.low::before{content:"\\25AE\\25AF\\25AF\\25AF" / "";color:var(--w)}.v.none::before{content:"\\25AF\\25AF\\25AF\\25AF" / "";color:var(--n)}
.lost li{margin-top:12px;padding:12px 16px;border:1px solid var(--e);border-left-width:6px;border-radius:6px;background:var(--e-bg)}
.lost h3{margin:0}.lost .code{color:var(--e)}
.lost .message{white-space:pre-wrap;overflow-wrap:anywhere}
.lost .hint{color:var(--ink)}
td.code{font-weight:650;color:var(--e)}
.warnings li{padding:.4rem 0 .4rem 1.6rem;border-top:1px solid var(--rule);position:relative;overflow-wrap:anywhere}
.warnings li:first-child{border-top:0}
.warnings li::before{content:"\\25B2" / "";position:absolute;left:0;color:var(--s)}
.state{font-weight:600}.state.expired{color:var(--f)}.state.active{color:var(--w)}
#why{border-color:var(--f)}#not-judged{border-color:var(--e)}
`;

const matrixStyle = `
.legend{display:flex;flex-wrap:wrap;gap:.3rem 1.2rem;font-size:.9em}
.matrix{width:auto}
.matrix th,.matrix td{padding:.2rem .35rem}
.scroll:has(>.matrix){padding-left:0}
.matrix caption,.matrix tr>:first-child{padding-left:22px}
.matrix tr>:first-child{position:sticky;left:0;background:var(--card);max-width:22rem;overflow:hidden;text-overflow:ellipsis}
.matrix tbody th{font-weight:400;white-space:nowrap;min-width:0}
.matrix thead th{vertical-align:bottom}
.matrix .turned{padding:.2rem 0;width:30px}
.matrix .turned span{writing-mode:vertical-rl;transform:rotate(180deg);max-height:17rem;overflow:hidden;text-overflow:ellipsis;display:block;margin:0 auto;font-weight:500;line-height:30px}
.matrix td:not(.v){font-size:0;width:30px;min-width:30px;text-align:center;padding:2px;vertical-align:middle}
.matrix td:not(.v)::before{display:block;font-size:12px;line-height:20px;border-radius:3px;font-weight:700}
.matrix td.x::before{background:var(--e-bg);color:var(--e)}.matrix td.f::before,.matrix td.e::before{background:var(--b);color:var(--on)}
.matrix td.p::before{background:var(--p-bg);color:var(--p)}.matrix td.s::before{background:var(--s-bg);color:var(--s-ink)}.matrix td.n::before{background:var(--n-bg);color:var(--n-ink)}.matrix td.w::before{background:var(--w-bg);color:var(--w)}
`;

const controlsStyle = `
#filter{position:sticky;top:0;z-index:2;display:grid;grid-template-columns:minmax(12rem,2fr) repeat(auto-fit,minmax(8rem,1fr));gap:10px;align-items:end;margin:0 -22px 6px;padding:10px 22px 8px;background:var(--card);border-bottom:1px solid var(--rule)}
#filter label{display:block;font-size:.8rem;color:var(--soft)}
input,select,button{font:inherit;font-size:.93em;color:inherit;background:var(--bg);border:1px solid var(--n);border-radius:6px;padding:.35rem .6rem;width:100%;min-height:34px}
button{width:auto;cursor:pointer;white-space:nowrap}
button:hover{border-color:var(--link);color:var(--link)}
.buttons{display:flex;gap:6px}
#shown{grid-column:1/-1;color:var(--soft);font-size:.88em}
.group h3{display:flex;align-items:baseline;gap:.5rem;margin:1.2rem 0 .3rem}
.group h3 .n{font-weight:400;color:var(--soft)}
.controls{border-top:1px solid var(--rule)}
.controls>li{border-bottom:1px solid var(--rule)}
.control>summary{display:grid;grid-template-columns:5.6rem minmax(6rem,auto) minmax(0,1fr) auto;gap:.3rem .9rem;align-items:baseline;padding:.5rem .4rem;cursor:pointer;list-style:none}
.control>summary::-webkit-details-marker{display:none}
.control>summary:hover{background:var(--faint)}
.control{scroll-margin-top:8.5rem}
.control .id{font-weight:650;max-width:22rem}
.control .title{overflow-wrap:anywhere}
.control .where{font-size:.84em;color:var(--soft);white-space:nowrap}
.control[open]>summary{background:var(--faint)}
.control:target>summary{box-shadow:inset 3px 0 0 var(--link)}
.body{padding:.2rem .4rem 1.2rem 1.2rem;border-left:2px solid var(--rule);margin:.2rem 0 1rem .4rem}
.text{white-space:pre-wrap;overflow-wrap:anywhere;max-width:78ch}
.seen{margin:.4rem 0 .8rem}
.seen>p{margin-bottom:.2rem}
.names{color:var(--soft);font-size:.92em;overflow-wrap:anywhere}
.results{padding-left:1.1rem}
.results li{padding:.15rem 0;overflow-wrap:anywhere}
.facts{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(100%,22rem),1fr));gap:.1rem 2rem;font-size:.93em}
.facts div{display:grid;grid-template-columns:10.5rem minmax(0,1fr);gap:.8rem;padding:.22rem 0}
.facts dt{color:var(--soft)}.facts dd{margin:0;overflow-wrap:anywhere}
.facts+.scroll{margin-top:18px}
.more,.source{margin-top:.9rem}
.more>summary,.source>summary{cursor:pointer;color:var(--link)}
`;

const narrow = `
@media (max-width:960px){.page{display:block}nav{position:static;padding:14px 0 0}nav ul{display:flex;flex-wrap:wrap;gap:.1rem .9rem}nav a{border:0;padding:.2rem 0;color:var(--link)}}
@media (max-width:640px){body{font-size:14.5px}.hero,.page,footer{padding-left:14px;padding-right:14px}.hero{margin:10px 10px 0;grid-template-columns:minmax(0,1fr);padding-top:16px}.figures{grid-template-columns:1fr 1fr;margin:12px -14px 0}.figures div,.figures div+div{padding:8px 14px;border-left:0}.page{padding:0 10px}h1 .word{font-size:2.3rem}h1{font-size:1.15rem}
section{padding:16px 14px 18px;margin:12px 0}.scroll>table:not(.matrix){min-width:600px}caption{max-width:calc(100vw - 60px)}.targets tbody th{min-width:14rem}.scroll,#filter{margin-left:-14px;margin-right:-14px;padding-left:14px;padding-right:14px}.matrix caption,.matrix tr>:first-child{padding-left:14px}.matrix tr>:first-child{max-width:9rem}
#filter{position:static;grid-template-columns:1fr 1fr}#filter div:first-child,.buttons{grid-column:1/-1}
.control>summary{grid-template-columns:auto minmax(0,1fr)}.control .title,.control .where{grid-column:1/-1}.control .where{white-space:normal}.facts div{grid-template-columns:8rem minmax(0,1fr)}.body{padding-left:.7rem;margin-left:0}}
`;

export interface Stamp {
  id: string;
  finished: string;
}

/** The style sheet of a report with so many controls; every printed page carries the run's id and time. */
export function styleFor(run: Stamp, controls: number): string {
  const screen = [variables, basics, hero, tables, statuses, matrixStyle, controlsStyle, narrow, laidOutLate(controls)];
  return [...screen, printStyle(stampText(run))].join('');
}

/** The largest table is laid out when it comes into view; a good guess of its height keeps links from missing. */
function laidOutLate(controls: number): string {
  return `
#matrix{content-visibility:auto;contain-intrinsic-size:auto ${Math.round(430 + 28.75 * controls)}px}
`;
}

// It stands inside a quoted string of the style sheet: nothing but these characters gets in.
function stampText({ id, finished }: Stamp): string {
  const plain = (text: string) => text.replaceAll(/[^A-Za-z0-9:. _-]/g, '').slice(0, 80);
  return `run ${plain(id)}, ${plain(finished)}`;
}
