// SPDX-License-Identifier: Apache-2.0
/**
 * Follows an upload: while it is in progress, its part of the page is fetched anew as a document, and taken over.
 * @module
 */
const EVERY = 1000;

function follow() {
  const shown = document.getElementById('progress');
  if (!('refreshes' in shown.dataset)) return;
  const request = new XMLHttpRequest();
  request.open('GET', location.href);
  request.responseType = 'document';
  request.onload = () => {
    const fresh = request.response?.getElementById('progress');
    // Whoever is about to press a button keeps it.
    if (fresh && !shown.contains(document.activeElement)) shown.replaceWith(document.adoptNode(fresh));
    setTimeout(follow, EVERY);
  };
  request.onerror = () => setTimeout(follow, 5 * EVERY);
  request.send();
}

setTimeout(follow, EVERY);
