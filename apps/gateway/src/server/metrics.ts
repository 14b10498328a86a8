// Prometheus metrics of requests.
import { Counter, Gauge, Histogram, Registry } from 'prom-client'
import { ignoredLabel } from '../body/fields.js'
import type { MetricsSnapshot } from './combined-metrics.js'
import type { RequestListener } from './request-record.js'

const seconds = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 120, 300]

/** What the metrics show of a database. */
interface WatchedDatabase {
  readonly isUp: boolean
  readonly records: { readonly waiting: number; readonly written: number; readonly lost: number }
}

export class Metrics {
  readonly #registry = new Registry()
  readonly #running = this.#gauge('patchbay_requests_running', 'Requests that have not ended.')
  readonly #requests = new Counter({
    name: 'patchbay_requests_total',
    help: 'Requests that have ended, by path, status, provider and key.',
    labelNames: ['path', 'status', 'provider', 'model', 'key'],
    registers: [this.#registry],
  })
  readonly #errors = new Counter({
    name: 'patchbay_errors_total',
    help: 'Requests that failed, by the code of the failure.',
    labelNames: ['path', 'code', 'key'],
    registers: [this.#registry],
  })
  readonly #seconds = this.#histogram('patchbay_request_seconds', 'From the arrival of a request to its end.')
  readonly #first = this.#histogram(
    'patchbay_first_token_seconds',
    'From the arrival of a request to the first piece of its answer.',
  )
  readonly #tokens = new Counter({
    name: 'patchbay_tokens_total',
    help: 'Tokens, by kind: input, output; cached_input and reasoning are part of those.',
    labelNames: ['kind', 'provider', 'model', 'key'],
    registers: [this.#registry],
  })
  readonly #cost = new Counter({
    name: 'patchbay_cost_usd_total',
    help: 'US dollars, if the price is known.',
    labelNames: ['provider', 'model', 'key'],
    registers: [this.#registry],
  })

  readonly #ignored = new Counter({
    name: 'patchbay_ignored_total',
    help: 'Request fields that were ignored, by name.',
    labelNames: ['path', 'field'],
    registers: [this.#registry],
  })

  /** Adds the metrics of the gateway's database. */
  watch(database: WatchedDatabase): void {
    const registers = [this.#registry]
    new Gauge({
      name: 'patchbay_database_up',
      help: 'Whether the database can be read and written.',
      registers,
      // Of several processes, one that cannot is enough.
      aggregator: 'min',
      collect() {
        this.set(Number(database.isUp))
      },
    })
    new Gauge({
      name: 'patchbay_database_waiting',
      help: 'Records of requests that are not written yet. A killed process loses these.',
      registers,
      collect() {
        this.set(database.records.waiting)
      },
    })
    new Counter({
      name: 'patchbay_database_records_total',
      help: 'Records of requests, written or lost.',
      labelNames: ['result'],
      registers,
      collect() {
        this.reset()
        for (const result of ['written', 'lost'] as const) this.inc({ result }, database.records[result])
      },
    })
  }

  /** Counts a request that has arrived. */
  began(): void {
    this.#running.inc()
  }

  /** Counts that it has ended here, whoever answers it. */
  endedHere(): void {
    this.#running.dec()
  }

  /** Counts a request that has ended. */
  readonly ended: RequestListener = (record) => {
    const {
      path,
      status,
      provider = '',
      answeredBy: model = '',
      key = '',
      ms,
      firstMs,
      usage,
      cost,
      error,
      ignored = [],
    } = record
    this.#requests.inc({ path, status: String(status), provider, model, key })
    this.#seconds.observe({ path }, ms / 1000)
    if (firstMs !== undefined) this.#first.observe({ path }, firstMs / 1000)
    if (error !== undefined) this.#errors.inc({ path, code: error, key })
    for (const field of ignored) this.#ignored.inc({ path, field: ignoredLabel(field) })
    const labels = { provider, model, key }
    if (cost !== undefined) this.#cost.inc(labels, cost)
    const kinds = {
      input: usage?.inputTokens,
      output: usage?.outputTokens,
      cached_input: usage?.cachedInputTokens,
      reasoning: usage?.reasoningTokens,
    }
    for (const [kind, tokens] of Object.entries(kinds))
      if (tokens !== undefined) this.#tokens.inc({ kind, ...labels }, tokens)
  }

  readonly contentType = this.#registry.contentType

  /** All metrics in the text format of Prometheus. */
  text(): Promise<string> {
    return this.#registry.metrics()
  }

  /** All metrics as JSON values. */
  snapshot(): Promise<MetricsSnapshot> {
    return this.#registry.getMetricsAsJSON()
  }

  #gauge(name: string, help: string): Gauge {
    return new Gauge({ name, help, registers: [this.#registry] })
  }

  #histogram(name: string, help: string): Histogram<'path'> {
    return new Histogram({ name, help, labelNames: ['path'], buckets: seconds, registers: [this.#registry] })
  }
}
