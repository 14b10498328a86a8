// OpenTelemetry spans of requests, below the span that the client names in `traceparent`.
// Source: opentelemetry.io/docs/specs/semconv/http/http-spans, November 2026.
import { context as active, propagation, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api'
import type { Context, Next } from 'hono'
import type { RequestRecorder } from './request-record.js'

export async function traceRequest(context: Context, recorder: RequestRecorder, next: Next): Promise<void> {
  const { method, headers } = context.req.raw
  const carrier = Object.fromEntries(headers)
  const parent = propagation.extract(active.active(), carrier)
  const span = trace
    .getTracer('@patchbay/gateway')
    .startSpan(method, { kind: SpanKind.SERVER, attributes: { 'http.request.method': method } }, parent)
  recorder.note({ traceId: span.spanContext().traceId })
  // Also of a request whose answer is made elsewhere, in a span of its own.
  recorder.onLeave(({ path, status, key, error }) => {
    span.updateName(`${method} ${path}`)
    span.setAttributes({
      'http.route': path,
      'http.response.status_code': status,
      ...(key !== undefined && { 'patchbay.key': key }),
      ...(error !== undefined && { 'error.type': error }),
    })
    if (status >= 500) span.setStatus({ code: SpanStatusCode.ERROR })
    span.end()
  })
  await active.with(trace.setSpan(parent, span), next)
}
