// SPDX-License-Identifier: Apache-2.0

/** The whole script of the page: it hides what the reader filters out, and keeps the filter in the address. */
export const script = `'use strict';
(() => {
  const form = document.getElementById('filter');
  if (form === null) return;
  const fields = [...form.querySelectorAll('input, select')];
  const shown = document.getElementById('shown');
  const unfold = document.getElementById('unfold');
  const rows = new Map([...document.querySelectorAll('tr[data-c]')].map(row => [row.dataset.c, row]));
  const controls = [...document.querySelectorAll('details.control')].map(element => ({
    element, item: element.parentElement, row: rows.get(element.dataset.c), text: undefined,
    marks: element.dataset.s, severity: element.dataset.v, profile: element.dataset.p,
  }));
  const groups = [...document.querySelectorAll('.group')].map(group => ({
    group, number: group.querySelector('.n'), items: [...group.querySelectorAll('.controls > li')],
  }));
  const names = Object.fromEntries(fields.map(field => [field.name, field]));
  const value = name => (names[name] ? names[name].value : '');

  const hasMark = (marks, target, status) => {
    const seen = target === '' ? marks : marks[Number(target)] || '-';
    return status === '' ? /[^-]/.test(seen) : seen.includes(status);
  };
  const hasText = (control, words) => {
    if (words.length === 0) return true;
    control.text = control.text || control.element.textContent.toLowerCase();
    return words.every(word => control.text.includes(word));
  };
  const fits = (control, wanted) =>
    (wanted.severity === '' || control.severity === wanted.severity) &&
    (wanted.profile === '' || control.profile === wanted.profile) &&
    hasMark(control.marks, wanted.target, wanted.status) && hasText(control, wanted.words);

  const apply = () => {
    const wanted = {
      severity: value('severity'), profile: value('profile'), target: value('target'), status: value('status'),
      words: value('q').toLowerCase().split(/\\s+/).filter(word => word !== ''),
    };
    let number = 0;
    for (const control of controls) {
      const keep = fits(control, wanted);
      if (keep) number += 1;
      control.item.hidden = !keep;
      if (control.row) control.row.hidden = !keep;
    }
    for (const { group, number: badge, items } of groups) {
      const kept = items.filter(item => !item.hidden).length;
      group.hidden = kept === 0;
      badge.textContent = String(kept);
    }
    shown.textContent = number === controls.length
      ? number + ' controls' : number + ' of ' + controls.length + ' controls';
  };

  const save = () => {
    const state = new URLSearchParams(fields.filter(field => field.value !== '').map(field => [
      field.name, field.name === 'target' || field.name === 'profile' ? field.selectedOptions[0].text : field.value,
    ]));
    history.replaceState(null, '', '#' + (state.size > 0 ? state : 'controls'));
  };
  const load = state => {
    for (const field of fields) {
      const saved = state.get(field.name) || '';
      const option = field.options && [...field.options].find(each => each.value !== '' && (each.text === saved || each.value === saved));
      field.value = field.options ? (option ? option.value : '') : saved;
    }
    apply();
  };
  const visit = () => {
    const fragment = location.hash.slice(1);
    if (fragment.includes('=')) { load(new URLSearchParams(fragment)); return; }
    const place = document.getElementById(fragment);
    if (place === null || !place.matches('details.control')) return;
    if (place.parentElement.hidden) load(new URLSearchParams());
    place.open = true;
    place.scrollIntoView();
  };

  form.addEventListener('submit', event => event.preventDefault());
  form.addEventListener('input', () => { apply(); save(); });
  form.addEventListener('reset', () => { for (const field of fields) field.value = ''; apply(); save(); });
  unfold.addEventListener('click', () => {
    const open = unfold.textContent === 'Open all';
    for (const { element, item } of controls) if (!item.hidden) element.open = open;
    unfold.textContent = open ? 'Close all' : 'Open all';
  });
  document.addEventListener('keydown', event => {
    const typing = event.target instanceof Element && event.target.matches('input, select');
    if (event.key === '/' && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); names.q.focus(); }
    if (event.key === 'Escape' && event.target === names.q) form.reset();
  });
  addEventListener('hashchange', visit);
  let closed = [];
  addEventListener('beforeprint', () => {
    closed = [...document.querySelectorAll('details:not([open])')].filter(each => !each.matches('.source') && each.closest('.brief') === null);
    for (const element of closed) element.open = true;
  });
  addEventListener('afterprint', () => { for (const element of closed) element.open = false; closed = []; });
  form.hidden = false;
  visit();
})();
`;
