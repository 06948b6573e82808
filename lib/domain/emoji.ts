/**
 * Exactly one emoji as Unicode recommends it for interchange (RGI): skin tones, flags, keycaps and ZWJ families
 * included. The Unicode version is that of the running Node.js.
 * Built from a string because TypeScript checks the `v` flag against a newer target than Node 20.
 */
const RGI = new RegExp('^\\p{RGI_Emoji}$', 'v');
const EMOJI_VARIATION = '\u{FE0F}';
/** The longest RGI sequence has 10 code points; longer texts are rejected without a match. */
const MAX_UNITS = 40;
const REMEMBERED = 10_000;

const isTextByDefault = (char: string) => /\p{Emoji}/u.test(char) && !/\p{Emoji_Presentation}/u.test(char);

/** Adds the variation selectors of the fully qualified form: `❤` → `❤️`. */
const fullyQualify = (text: string): string => {
  const chars = [...text.replaceAll(EMOJI_VARIATION, '')];
  return chars
    .map((char, n) =>
      isTextByDefault(char) && !/\p{Emoji_Modifier}/u.test(chars[n + 1] ?? '') ? char + EMOJI_VARIATION : char,
    )
    .join('');
};

const canonicalise = (text: string): string | undefined => {
  if (text.length > MAX_UNITS) return undefined;
  if (RGI.test(text)) return text;
  const qualified = fullyQualify(text);
  return RGI.test(qualified) ? qualified : undefined;
};

/**
 * Creates the function that maps a client's text to the canonical spelling under which it is counted, or to undefined
 * when it is neither exactly one emoji nor one of the short codes. Results are cached, up to a limit.
 */
export const emojiCanonicaliser = (shortCodes: readonly string[] = []): ((text: string) => string | undefined) => {
  const known = new Map<string, string>(shortCodes.map((code) => [code, code]));
  return (text) => {
    const seen = known.get(text);
    if (seen !== undefined) return seen;
    const canonical = canonicalise(text);
    if (canonical !== undefined && known.size < REMEMBERED) known.set(text, canonical);
    return canonical;
  };
};
