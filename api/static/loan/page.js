// SPDX-License-Identifier: Apache-2.0
/**
 * The borrower's page: fetches the loan of the pass that stands in the address behind `#`.
 *
 * The pass goes to this site only, and only in the `Authorization` header.
 * @module
 */
import { sealWords } from './dispute.js';

const byId = (id) => document.getElementById(id);
const SHOWN = ['loan', 'ask', 'waiting', 'unreachable'];
const PASS = /lp_[\w-]{10,100}/;

function loanPass() {
  return location.hash.match(PASS)?.[0] ?? '';
}

function authorization() {
  return { Authorization: `Bearer ${loanPass()}` };
}

function show(id) {
  for (const name of SHOWN) byId(name).hidden = name !== id;
  byId('loan').setAttribute('aria-busy', String(id === 'waiting'));
}

function say(text) {
  byId('said').textContent = text;
}

/** Fetches the loan as a document of its own: nothing in it can run, and no text is made markup here. */
function fetchView() {
  return new Promise((resolve, reject) => {
    const request = new XMLHttpRequest();
    request.open('GET', '/loan/view');
    request.responseType = 'document';
    request.setRequestHeader('Accept', 'text/html');
    request.setRequestHeader('Authorization', `Bearer ${loanPass()}`);
    request.onload = () => {
      const document = request.response;
      const part = document?.getElementById('part') ?? document?.getElementById('main');
      if (request.status >= 500 || !part) reject(new Error(`status ${request.status}`));
      else resolve(part);
    };
    request.onerror = () => reject(new Error('no connection'));
    request.send();
  });
}

async function load() {
  if (!loanPass()) {
    show('ask');
    return;
  }
  show('waiting');
  try {
    const part = await fetchView();
    byId('loan').replaceChildren(...document.adoptNode(part).childNodes);
    document.title = byId('loan').querySelector('h1')?.textContent ?? document.title;
    show('loan');
  } catch {
    show('unreachable');
  }
  document.body.dataset.ready = 'true';
}

function save(blob, name) {
  const link = document.createElement('a');
  link.href = URL.createObjectURL(blob);
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

async function saveFrom(button) {
  button.disabled = true;
  try {
    const answer = await fetch(button.dataset.saves, { headers: authorization() });
    if (answer.status >= 500) throw new Error(`status ${answer.status}`);
    // A pass can end while its page is open: what there is to say then, the view says.
    if (!answer.ok) await load();
    else save(await answer.blob(), button.dataset.name);
  } catch {
    show('unreachable');
  } finally {
    button.disabled = false;
  }
}

async function dispute(form) {
  const button = form.querySelector('button');
  button.disabled = true;
  const { record, kept } = sealWords(form.dataset.loan, form.about.value, form.ground.value, form.words.value);
  try {
    const answer = await fetch('/v1/my-loan/records', {
      method: 'POST',
      headers: { ...authorization(), 'Content-Type': 'application/json' },
      body: JSON.stringify(record),
    });
    if (!answer.ok) {
      say((await answer.json()).detail);
      return;
    }
    save(new Blob([JSON.stringify(kept, null, 2)], { type: 'application/json' }), `${record.id}.words.json`);
    save(await answer.blob(), `${record.id}.receipt.json`);
    await load();
    say(byId('dispute').dataset.done);
  } catch {
    show('unreachable');
  } finally {
    button.disabled = false;
  }
}

function listen() {
  byId('paste').addEventListener('submit', (event) => {
    event.preventDefault();
    const found = byId('pass').value.match(PASS);
    byId('pass').value = '';
    // What is no pass is sent too: the answer says what to do.
    location.hash = found ? found[0] : 'lp_0000000000';
  });
  byId('again').addEventListener('click', load);
  byId('loan').addEventListener('click', (event) => {
    const button = event.target.closest('button');
    if (button?.dataset.saves) saveFrom(button);
    else if (button && 'prints' in button.dataset) window.print();
  });
  byId('loan').addEventListener('submit', (event) => {
    event.preventDefault();
    dispute(event.target);
  });
  window.addEventListener('hashchange', load);
  // Another language or appearance is the same loan.
  for (const link of document.querySelectorAll('[data-keeps-place]')) {
    link.addEventListener('click', () => {
      link.hash = location.hash;
    });
  }
}

listen();
load();
