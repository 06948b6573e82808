import type { Admin } from 'kafkajs';
import { DURABLE, type TopicDefinition } from '../../config/topics.ts';
import type { Logger } from '../../log.ts';
import type { KafkaAdmin } from './admin.ts';
import { topicProblems } from './topic-settings.ts';

interface Options {
  /** The topics whose settings are checked, if they exist. */
  topics: readonly TopicDefinition[];
  log: Logger;
  /** How often (ms) the settings are checked. */
  settingsEveryMs?: number;
}

/** Timeout (ms) of the check, and of reading the settings. */
const WITHIN_MS = 2000;
const SETTINGS_EVERY_MS = 30_000;

/** The settings that exact counts need. Retention is not one: it may be shortened on purpose. */
const needed = ({ topic, config }: TopicDefinition) =>
  new Set([...Object.keys(config), ...Object.keys(DURABLE.config)].map((setting) => `${topic} ${setting}`));

/** Checks the broker by requesting its metadata. */
export class BrokerCheck {
  readonly #admin: KafkaAdmin;
  readonly #options: Options;
  #settings: { askedAt: number; problems: string[] } | undefined;

  constructor(admin: KafkaAdmin, options: Options) {
    this.#admin = admin;
    this.#options = options;
  }

  /**
   * Returns a sentence for each wrong topic setting. One call at a time.
   * @throws when no broker answers
   */
  async check(): Promise<string[]> {
    await this.#admin.ask((admin) => admin.describeCluster(), WITHIN_MS);
    const { topics, log, settingsEveryMs = SETTINGS_EVERY_MS } = this.#options;
    const askedAt = performance.now();
    if (this.#settings && askedAt - this.#settings.askedAt < settingsEveryMs) return this.#settings.problems;
    let problems = this.#settings?.problems ?? [];
    try {
      problems = await this.#admin.ask((admin) => wrongSettings(admin, topics), WITHIN_MS);
    } catch (error) {
      // The broker is up, but may not allow reading settings.
      log.warn('kafka: topic settings could not be read', { error });
    }
    this.#settings = { askedAt, problems };
    return problems;
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
