// Inspector: HTTP traffic of one answer, and a code sample for the same request.
import { useSignal } from '@preact/signals'
import { codeSample, type Language, languages } from '../code-sample.js'
import type { Conversation, WireExchange } from '../conversation.js'
import { historyFor } from '../history.js'
import { inspectorSelection } from '../inspector-selection.js'
import { parameters, toRequestOptions } from '../settings.js'

export function Inspector({ conversation }: { conversation: Conversation }) {
  const chosen = inspectorSelection.value
  const turn = conversation.turns.find(({ id }) => id === chosen?.turn)
  const answer = turn?.answers.find(({ model }) => model === chosen?.model)
  if (chosen === undefined || turn === undefined || answer === undefined)
    return <p class="hint">Choose “Inspect” or “Copy as code” below an answer.</p>
  return (
    <div class="inspector">
      <h2>{answer.model}</h2>
      {chosen.view === 'code' ? (
        <Code conversation={conversation} turn={turn.id} model={answer.model} />
      ) : (
        answer.wire.map((exchange, index) => <Exchange key={index} exchange={exchange} />)
      )}
    </div>
  )
}

function Exchange({
  exchange: { method, url, headers, body, status, responseHeaders, lines },
}: {
  exchange: WireExchange
}) {
  return (
    <section>
      <h3>
        {method} {new URL(url, location.href).pathname} {status === undefined ? '' : `→ ${status}`}
      </h3>
      <Part name="Request headers" text={linesOf(headers)} />
      <Part name="Request" text={pretty(body)} open />
      <Part name="Response headers" text={linesOf(responseHeaders ?? {})} />
      <Part
        name={`Response, ${lines.length} lines`}
        text={lines.map(({ at, text }) => `${at.toFixed(0).padStart(6)} ms  ${text}`).join('\n')}
        open
      />
    </section>
  )
}

function Part({ name, text, open = false }: { name: string; text: string; open?: boolean }) {
  return (
    <details open={open}>
      <summary>{name}</summary>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard (WCAG 2.1.1) */}
      <pre tabIndex={0}>{text}</pre>
    </details>
  )
}

function Code({ conversation, turn, model }: { conversation: Conversation; turn: string; model: string }) {
  const language = useSignal<Language>('patchbay')
  const copied = useSignal(false)
  const messages = historyFor(conversation, turn, model)
  const question = messages.findLastIndex(({ role }) => role === 'user')
  const text = codeSample(
    language.value,
    model,
    messages.slice(0, question + 1),
    toRequestOptions(parameters.value),
    location.origin,
  )
  return (
    <section>
      <label>
        For
        <select
          value={language.value}
          onChange={({ currentTarget }) => (language.value = currentTarget.value as Language)}
        >
          {Object.entries(languages).map(([name, title]) => (
            <option key={name} value={name}>
              {title}
            </option>
          ))}
        </select>
      </label>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard (WCAG 2.1.1) */}
      <pre tabIndex={0}>{text}</pre>
      <button
        type="button"
        onClick={async () => {
          await navigator.clipboard.writeText(text)
          copied.value = true
        }}
      >
        {copied.value ? 'Copied' : 'Copy'}
      </button>
    </section>
  )
}

function linesOf(headers: Record<string, string>): string {
  return Object.entries(headers)
    .map(([name, value]) => `${name}: ${value}`)
    .join('\n')
}

function pretty(body: string): string {
  try {
    return JSON.stringify(JSON.parse(body), null, 2)
  } catch {
    return body
  }
}
