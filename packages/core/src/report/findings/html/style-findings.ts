// SPDX-License-Identifier: Apache-2.0

/** What only the page of findings has: marks of what unfolds, and the areas. */
export const findingsStyle = `
.hero,.page,footer{overflow-wrap:break-word}
.hero .lead,.hero .when,.lost h3,.lost .message,.note,footer p{overflow-wrap:anywhere}
.runs tbody th{white-space:nowrap;font-weight:500}
.looked{font-weight:400;font-size:.88em;margin-left:.5rem}
.tree .control>summary{position:relative;padding-left:1.5rem}
.tree .control>summary::before{position:absolute;left:.35rem;top:.5rem;content:"\\25B8" / "";color:var(--soft)}
.tree .control[open]>summary::before{content:"\\25BE" / ""}
.tree .id{overflow-wrap:anywhere}
.tree .facts:empty{display:none}
#not-looked{border-color:var(--e)}
.hint code{font-size:.95em}
@media print{.tree .control>summary{padding-left:.4rem}.tree .control>summary::before{content:none}}
`;
