import { createReactions, type Counts, type Reactions, type State, type TokenSource, type Totals } from './index.ts';
import { messageOf } from './messages.ts';

const DEFAULT_EMOJIS = '🔥 ❤️ 👏 😂 😮 😢';
const FLOAT_MS = 2500;
/** Emojis that float at once, and that one event adds. */
const MAX_FLOATING = 120;
const MAX_ADDED = 30;

const STYLE = `
  :host { display: flex; flex-direction: column; position: relative; min-block-size: 12rem; font: inherit; }
  :host([hidden]) { display: none; }
  .stage { flex: 1; position: relative; overflow: hidden; pointer-events: none; }
  .stage span { position: absolute; inset-block-end: 0; font-size: 2rem; will-change: transform, opacity; }
  .bar { display: flex; flex-wrap: wrap; gap: .5rem; justify-content: center; }
  button { font: inherit; font-size: 1.25rem; min-inline-size: 3rem; min-block-size: 3rem; padding: .25rem .75rem;
    border: 1px solid currentColor; border-radius: 1.5rem; background: transparent; color: inherit; cursor: pointer; }
  button:focus-visible { outline: 3px solid Highlight; outline-offset: 2px; }
  button small { font-variant-numeric: tabular-nums; }
  .state { text-align: center; font-size: .8rem; min-block-size: 1.2em; }
`;

/** Classes of browsers; importing this module on a server does nothing. */
const Base = globalThis.HTMLElement ?? (class {} as typeof HTMLElement);

/**
 * `<live-reactions url room socket-url emojis>`: emojis that float, a bar of buttons with totals, and a line that says
 * what is wrong. `part` names for styling: stage, bar, button, state.
 */
export class LiveReactionsElement extends Base {
  static readonly observedAttributes = ['url', 'room', 'socket-url', 'emojis'];
  /** A token, or a function that returns one. Set it before the element is inserted. */
  token: TokenSource | undefined;
  #reactions: Reactions | undefined;
  #isUpdating = false;
  readonly #stage = part('div', 'stage');
  readonly #bar = part('div', 'bar');
  readonly #state = part('div', 'state');

  constructor() {
    super();
    const root = this.attachShadow({ mode: 'open' });
    // Allowed by a strict Content-Security-Policy, unlike a style element.
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(STYLE);
    root.adoptedStyleSheets = [sheet];
    this.#stage.setAttribute('aria-hidden', 'true');
    this.#bar.setAttribute('role', 'group');
    this.#bar.setAttribute('aria-label', 'Reactions');
    this.#state.setAttribute('role', 'status');
    root.append(this.#stage, this.#bar, this.#state);
  }

  /** The client behind the element, while it is in a document. */
  get reactions(): Reactions | undefined {
    return this.#reactions;
  }

  connectedCallback(): void {
    this.#buildBar();
    this.#start();
  }

  disconnectedCallback(): void {
    this.#reactions?.close();
    this.#reactions = undefined;
    this.#stage.replaceChildren();
  }

  attributeChangedCallback(name: string, before: string | null, value: string | null): void {
    if (!this.isConnected || before === value) return;
    if (name === 'room' && this.#reactions) return this.#reactions.setRoom(value ?? 'global');
    if (name === 'emojis') return this.#buildBar();
    if (this.#isUpdating) return;
    // Attributes that are set together cause one new connection.
    this.#isUpdating = true;
    queueMicrotask(() => {
      this.#isUpdating = false;
      if (this.isConnected) this.#start();
    });
  }

  #start(): void {
    this.#reactions?.close();
    this.#reactions = undefined;
    const url = this.getAttribute('url');
    if (!url) return;
    const reactions = createReactions({
      url,
      room: this.getAttribute('room') ?? 'global',
      socketUrl: this.getAttribute('socket-url') ?? undefined,
      token: this.token,
    });
    reactions.on('totals', (totals) => this.#showTotals(totals));
    reactions.on('counts', (counts) => this.#float(counts));
    reactions.on('state', (state) => this.#showState(state));
    this.#reactions = reactions;
    this.#showTotals(reactions.current.totals);
  }

  #buildBar(): void {
    const emojis = (this.getAttribute('emojis') ?? DEFAULT_EMOJIS).split(/[\s,]+/).filter(Boolean);
    const buttons = emojis.map((emoji) => {
      const button = part('button', 'button');
      button.type = 'button';
      button.dataset.emoji = emoji;
      button.append(emoji, ' ', document.createElement('small'));
      button.addEventListener('click', () => this.#reactions?.tap(emoji));
      return button;
    });
    this.#bar.replaceChildren(...buttons);
    this.#showTotals(this.#reactions?.current.totals ?? {});
  }

  #showTotals(totals: Totals): void {
    const compact = new Intl.NumberFormat(this.lang || undefined, { notation: 'compact' });
    for (const button of this.#bar.querySelectorAll('button')) {
      const emoji = button.dataset.emoji ?? '';
      const total = totals[emoji] ?? 0;
      button.setAttribute('aria-label', `${emoji} ${total}`);
      const small = button.querySelector('small');
      if (small) small.textContent = total > 0 ? compact.format(total) : '';
    }
  }

  #showState({ status, reason }: State): void {
    this.#state.textContent = status === 'live' || status === 'connecting' || !reason ? '' : messageOf(reason);
  }

  #float({ added, ratio, windowMs, own }: Counts): void {
    if (document.visibilityState === 'hidden') return;
    const isStill = globalThis.matchMedia?.('(prefers-reduced-motion: reduce)').matches;
    for (const [emoji, taps = 0] of Object.entries(added)) {
      const shown = Math.min(Math.ceil(taps / ratio), MAX_ADDED);
      for (let n = 0; n < shown; n++) {
        if (isStill || this.#stage.childElementCount >= MAX_FLOATING) return;
        this.#add(emoji, own ? 0 : Math.random() * windowMs);
      }
    }
  }

  /** Lets one emoji float, after a delay that spreads a window's emojis over its length. */
  #add(emoji: string, delay: number): void {
    const span = document.createElement('span');
    span.textContent = emoji;
    span.style.insetInlineStart = `${5 + Math.random() * 85}%`;
    this.#stage.append(span);
    const sway = (Math.random() - 0.5) * 60;
    span.animate?.(
      [
        { transform: 'translate(0, 100%) scale(.6)', opacity: 0 },
        { opacity: 1, offset: 0.15 },
        { transform: `translate(${sway}px, -${this.#stage.clientHeight}px)`, opacity: 0 },
      ],
      { duration: FLOAT_MS, delay, easing: 'ease-out', fill: 'backwards' },
    );
    setTimeout(() => span.remove(), delay + FLOAT_MS);
  }
}

const part = <K extends 'div' | 'button'>(tag: K, name: string): HTMLElementTagNameMap[K] => {
  const element = document.createElement(tag);
  element.className = name;
  element.setAttribute('part', name);
  return element;
};

declare global {
  interface HTMLElementTagNameMap {
    'live-reactions': LiveReactionsElement;
  }
}

if (globalThis.customElements && !customElements.get('live-reactions')) {
  customElements.define('live-reactions', LiveReactionsElement);
}
