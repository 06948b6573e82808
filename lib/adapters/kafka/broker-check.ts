import type { Admin, Kafka } from 'kafkajs';
import { DURABLE, type TopicDefinition } from '../../config/topics.ts';
import type { Logger } from '../../log.ts';
import { inTime } from '../in-time.ts';
import { topicProblems } from './topic-settings.ts';

interface Options {
  /** The topics whose settings are checked, if they exist. */
  topics: readonly TopicDefinition[];
  log: Logger;
  /** How often (ms) the settings are checked. */
  settingsEveryMs?: number;
}

const WITHIN_MS = 2000;
const SETTINGS_EVERY_MS = 30_000;
/**
 * A connection that was not used for this long (ms) is replaced: brokers close idle ones, unseen by a frozen process.
 */
const IDLE_MS = 60_000;

/** The settings that exact counts need. Retention is not one: it may be shortened on purpose. */
const needed = ({ topic, config }: TopicDefinition) =>
  new Set([...Object.keys(config), ...Object.keys(DURABLE.config)].map((setting) => `${topic} ${setting}`));

/** Checks the broker by requesting its metadata, over one persistent connection. */
export class BrokerCheck {
  readonly #kafka: Kafka;
  readonly #options: Options;
  #kept: { admin: Admin; usedAt: number } | undefined;
  #settings: { askedAt: number; problems: string[] } | undefined;

  constructor(kafka: Kafka, options: Options) {
    this.#kafka = kafka;
    this.#options = options;
  }

  /**
   * Returns a sentence for each wrong topic setting. One call at a time.
   * @throws when no broker answers
   */
  async check(): Promise<string[]> {
    if (this.#kept && performance.now() - this.#kept.usedAt > IDLE_MS) this.#drop();
    const isKept = this.#kept !== undefined;
    const began = performance.now();
    return this.#ask().catch((error: unknown) => {
      // An old connection that fails at once had been closed; only a new one shows whether the broker answers.
      if (isKept && performance.now() - began < WITHIN_MS / 2) return this.#ask();
      throw error;
    });
  }

  close(): void {
    this.#drop();
  }

  async #ask(): Promise<string[]> {
    const { admin } = (this.#kept ??= { admin: this.#kafka.admin({ retry: { retries: 0 } }), usedAt: 0 });
    try {
      // `connect` does nothing on a connection that is open.
      await inTime(
        admin.connect().then(() => admin.describeCluster()),
        WITHIN_MS,
      );
      if (this.#kept) this.#kept.usedAt = performance.now();
    } catch (error) {
      this.#drop();
      throw error;
    }
    return this.#problems(admin);
  }

  async #problems(admin: Admin): Promise<string[]> {
    const { topics, log, settingsEveryMs = SETTINGS_EVERY_MS } = this.#options;
    const askedAt = performance.now();
    if (this.#settings && askedAt - this.#settings.askedAt < settingsEveryMs) return this.#settings.problems;
    let problems = this.#settings?.problems ?? [];
    try {
      problems = await inTime(wrongSettings(admin, topics), WITHIN_MS);
    } catch (error) {
      // The broker is up, but may not allow reading settings.
      log.warn('kafka: topic settings could not be read', { error });
    }
    this.#settings = { askedAt, problems };
    return problems;
  }

  #drop(): void {
    // An unfinished request must neither end the process nor keep the connection open.
    this.#kept?.admin.disconnect().catch(() => undefined);
    this.#kept = undefined;
  }
}

const wrongSettings = async (admin: Admin, definitions: readonly TopicDefinition[]): Promise<string[]> => {
  const existing = new Set(await admin.listTopics());
  const there = definitions.filter(({ topic }) => existing.has(topic));
  const relevant = new Set(there.flatMap((definition) => [...needed(definition)]));
  return (await topicProblems(admin, there))
    .filter(({ topic, setting }) => relevant.has(`${topic} ${setting}`))
    .map(({ topic, setting, is, shouldBe }) => `${setting} of ${topic} must be ${shouldBe} (it is ${is})`);
};
