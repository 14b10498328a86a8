// A tracer that writes each ended span as a line of JSON.
import { BasicTracerProvider, type ReadableSpan } from '@opentelemetry/sdk-trace-base'
import type { TraceOptions } from '../src/index.js'

export function spansAndMetrics(lines: string[]): TraceOptions {
  const onEnd = ({ name, attributes, events, status }: ReadableSpan) =>
    lines.push(JSON.stringify({ name, attributes, events, status }))
  const processor = { onStart() {}, onEnd, forceFlush: async () => {}, shutdown: async () => {} }
  return { tracerProvider: new BasicTracerProvider({ spanProcessors: [processor] }) }
}
