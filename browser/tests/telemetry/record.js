// Runs before the page's own script, and records everything that its event source reports, and each state that it
// shows.
"use strict";

window.record = { notes: [], states: [] };

window.EventSource = class extends EventSource {
  constructor(...args) {
    super(...args);
    for (const type of ["open", "error", "sample", "gap", "message"]) {
      this.addEventListener(type, ({ lastEventId = "", data = "" }) => {
        record.notes.push([type, lastEventId, data]);
      });
    }
  }
};

new MutationObserver(changes => {
  const states = changes.filter(change => change.target.id === "state");
  record.states.push(...states.map(change => change.target.textContent));
}).observe(document, { subtree: true, childList: true });
