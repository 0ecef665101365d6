/** The silence after which the connection is given up, in ms: the server sends every second. */
const SILENCE_LIMIT = 8000;
/**
 * A page that is hidden for longer disconnects, in ms. It gets a snapshot when it is shown again.
 */
const HIDDEN_LIMIT = 10_000;
const RETRY_DELAY = 2000;

/**
 * Listens to the dashboard while the page is open, also after a restart of the dashboard. Draws at
 * most once per animation frame: after messages, and when the dashboard does not answer.
 *
 * @template M
 * @param {string} path The path of the messages.
 * @param {(message: M) => void} onMessage
 * @param {(isLost: boolean) => void} draw Gets whether the dashboard does not answer.
 */
export function listen(path, onMessage, draw) {
  let isLost = false;
  let isDrawing = false;
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
      drawSoon(false);
    };
    source.onerror = () => {
      drawSoon(true);
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
      drawSoon(true);
      open();
    }, limit);
  }

  /** @param {boolean} isSilent */
  function drawSoon(isSilent) {
    isLost = isSilent;
    if (isDrawing) return;
    isDrawing = true;
    requestAnimationFrame(() => {
      isDrawing = false;
      draw(isLost);
    });
  }

  document.addEventListener("visibilitychange", () => {
    clearTimeout(hiding);
    if (document.hidden) hiding = setTimeout(close, HIDDEN_LIMIT);
    else if (source === undefined) open();
  });
  open();
}
