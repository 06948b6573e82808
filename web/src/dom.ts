/** @throws Error when the page has no such element: its HTML and its script do not fit together */
export const find = <E extends Element>(selector: string, type: new () => E): E => {
  const element = document.querySelector(selector);
  if (!(element instanceof type)) throw new Error(`the page has no ${selector}`);
  return element;
};

/** Changes the text only when it differs, because browsers lay out again after each change. */
export const setText = (element: Element, text: string): void => {
  if (element.textContent !== text) element.textContent = text;
};

/** Calls the listener with the present value of a media query, and whenever it changes. */
export const onMedia = (query: string, listener: (matches: boolean) => void): void => {
  const media = matchMedia(query);
  media.addEventListener('change', ({ matches }) => listener(matches));
  listener(media.matches);
};
