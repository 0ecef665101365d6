/**
 * Returns the element of the page with an id.
 *
 * @template {HTMLElement} [E=HTMLElement]
 * @param {string} id
 * @returns {E}
 */
export function byId(id) {
  const element = document.getElementById(id);
  if (element === null) throw new Error(`The page has no element '${id}'`);
  return /** @type {E} */ (element);
}

/**
 * Creates an element. Content of the stream is inserted as text only.
 *
 * @template {keyof HTMLElementTagNameMap} N
 * @param {N} name
 * @param {string} [className]
 * @param {readonly (Node | string)[]} [children]
 * @returns {HTMLElementTagNameMap[N]}
 */
export function make(name, className = "", children = []) {
  const element = document.createElement(name);
  if (className !== "") element.className = className;
  element.append(...children);
  return element;
}

/**
 * Sets the text of an element, if it has changed.
 *
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent !== text) node.textContent = text;
}

/**
 * Shows a name of the stream in full as a tooltip, and points the link at `href`, if it is given.
 *
 * @param {HTMLAnchorElement} link
 * @param {string} text
 * @param {string | undefined} href
 */
export function setLink(link, text, href) {
  setText(link, text);
  if (link.title !== text) link.title = text;
  if (href === undefined) link.removeAttribute("href");
  else if (link.getAttribute("href") !== href) link.href = href;
}

/** @returns {HTMLAnchorElement} A link that gives the other page no access to this one. */
export function makeLink() {
  const link = make("a");
  link.target = "_blank";
  link.rel = "noopener noreferrer";
  link.dir = "auto";
  return link;
}

/**
 * Makes the keyed children of `parent` those of `items`, in their order. Items that stay keep their
 * element, and with it focus, selection and transitions. Children without a key stay in front.
 *
 * @template T
 * @param {HTMLElement} parent
 * @param {readonly T[]} items
 * @param {(item: T) => string} keyOf
 * @param {() => HTMLElement} create
 * @param {(element: HTMLElement, item: T) => void} update
 */
export function keyed(parent, items, keyOf, create, update) {
  const old = /** @type {Map<string, HTMLElement>} */ (new Map());
  for (const child of /** @type {HTMLElement[]} */ ([...parent.children])) {
    if (child.dataset.key !== undefined) old.set(child.dataset.key, child);
  }
  let at = parent.childElementCount - old.size;
  for (const item of items) {
    const key = keyOf(item);
    const element = old.get(key) ?? create();
    old.delete(key);
    element.dataset.key = key;
    update(element, item);
    if (parent.children[at] !== element) parent.insertBefore(element, parent.children[at] ?? null);
    at++;
  }
  for (const element of old.values()) element.remove();
}
