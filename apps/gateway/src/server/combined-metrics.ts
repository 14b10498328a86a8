// Metrics of several gateways as one page, for processes behind one address.
import { AggregatorRegistry } from 'prom-client'

/** All metrics of a gateway at one moment, as JSON values. */
export type MetricsSnapshot = readonly object[]

/** What goes on counting after its process has ended: gauges tell what is now. */
const lasting = new Set<unknown>(['counter', 'histogram'])

/**
 * Adds up the metrics of several processes. What a process had counted when it was last seen stays counted after its end, so that
 * no counter goes backwards.
 * @example
 * const metrics = new CombinedMetrics()
 * metrics.update(1, await one.metrics())
 * metrics.update(2, await other.metrics())
 * console.log(await metrics.text())
 */
export class CombinedMetrics {
  readonly #latest = new Map<number, MetricsSnapshot>()
  #ended: Promise<MetricsSnapshot> = Promise.resolve([])

  /** The newest metrics of a process, whose number is never used again. */
  update(process: number, snapshot: MetricsSnapshot): void {
    this.#latest.set(process, snapshot)
  }

  /** A process has ended. */
  ended(process: number): void {
    const last = (this.#latest.get(process) ?? []).filter((metric) =>
      lasting.has((metric as { type?: unknown }).type),
    )
    this.#latest.delete(process)
    this.#ended = this.#ended.then((before) => sum([before, last]).getMetricsAsJSON())
  }

  /** All metrics together, in the text format of Prometheus. */
  async text(): Promise<string> {
    return sum([await this.#ended, ...this.#latest.values()]).metrics()
  }
}

const sum = (snapshots: MetricsSnapshot[]) =>
  AggregatorRegistry.aggregate<'text/plain; version=0.0.4; charset=utf-8'>([...snapshots])
