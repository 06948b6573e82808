const VARIATION = '\uFE0F';
const TEXT_BY_DEFAULT = /(?=\p{Emoji})\P{Emoji_Presentation}(?!\p{Emoji_Modifier})/gu;

/** The fully qualified spelling, under which the server counts an emoji: `❤` → `❤️`. */
export const qualified = (text: string): string =>
  /[a-z:_]/i.test(text) // a short code, such as `:goal:`
    ? text
    : text.replaceAll(VARIATION, '').replace(TEXT_BY_DEFAULT, `$&${VARIATION}`);
