/** The server says something every second; after this silence the connection is taken for dead. */
const SILENCE_LIMIT = 8000;
/** A page that is hidden for so long stops listening, and gets a snapshot when it is seen again. */
const HIDDEN_LIMIT = 10_000;
const RETRY_DELAY = 2000;

/**
 * Listens to the dashboard for as long as the page is open, through its restarts.
 *
 * @template M
 * @param {string} path Where the messages come from.
 * @param {(message: M) => void} onMessage
 * @param {() => void} onLost Called each time that the dashboard does not answer.
 */
export function listen(path, onMessage, onLost) {
  /** @type {EventSource | undefined} */
  let source;
  /** Fires when the dashboard is silent, or when it is time to try again. */
  let timer = 0;
  let hiding = 0;

  function open() {
    close();
    source = new EventSource(path);
    source.onmessage = ({ data }) => {
      expect(SILENCE_LIMIT);
      onMessage(JSON.parse(data));
    };
    source.onerror = () => {
      onLost();
      expect(RETRY_DELAY);
    };
    expect(SILENCE_LIMIT);
  }

  function close() {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  }

  /** @param {number} limit */
  function expect(limit) {
    clearTimeout(timer);
    timer = setTimeout(() => {
      onLost();
      open();
    }, limit);
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(close, HIDDEN_LIMIT);
    else if (source === undefined) open();
  });
  open();
}
