// SPDX-License-Identifier: Apache-2.0
/**
 * Follows an audit that is not over: takes over the page's own newer state now and then, until it says that it is over.
 * @module
 */
const EVERY = 1500;

/** Fetches this page as a document: nothing in it can run, and no text is made markup here. */
function newest() {
  return new Promise((resolve) => {
    const request = new XMLHttpRequest();
    request.open('GET', location.pathname);
    request.responseType = 'document';
    request.setRequestHeader('Accept', 'text/html');
    request.onload = () => resolve(request.status === 200 ? request.response?.getElementById('audit') : null);
    request.onerror = () => resolve(null);
    request.send();
  });
}

async function look() {
  const shown = document.getElementById('audit');
  // Somebody who is about to cancel is not interrupted.
  const found = shown.querySelector('details[open]') ? null : await newest();
  if (found) shown.replaceWith(document.adoptNode(found));
  if (document.getElementById('audit').hasAttribute('data-follow')) setTimeout(look, EVERY);
}

setTimeout(look, EVERY);
