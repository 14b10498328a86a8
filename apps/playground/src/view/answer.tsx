// One model's answer: reasoning, text, tool calls, statistics.
import type { Message, Part } from '@patchbay/core'
import { type Answer, averageRate } from '../conversation.js'
import { inspectorSelection } from '../inspector-selection.js'
import { Markdown } from './markdown.js'
import { ToolCalls } from './tool-calls.js'

export function AnswerCard({ answer, turn }: { answer: Answer; turn: string }) {
  const { model, messages, text, reasoning, calls, state, error } = answer
  return (
    <article class="answer" aria-label={model} aria-busy={state === 'running'}>
      <h2>{model}</h2>
      {messages.map((message, index) => (
        <MessageView key={index} message={message} />
      ))}
      <Thinking text={reasoning} open={state === 'running' && text === ''} />
      {text === '' ? null : <Markdown text={text} />}
      {state === 'running' && text === '' && reasoning === '' ? (
        <p class="waiting">Waiting for the first token …</p>
      ) : null}
      {calls.length > 0 && state === 'done' ? <ToolCalls calls={calls} turn={turn} model={model} /> : null}
      {state === 'stopped' ? <p class="note">Stopped.</p> : null}
      {error === undefined ? null : (
        <p role="alert" class="error">
          <code>{error.code}</code> {error.message}
        </p>
      )}
      <footer>
        <span>{summaryOf(answer)}</span>
        <button
          type="button"
          class="quiet"
          onClick={() => (inspectorSelection.value = { turn, model, view: 'wire' })}
        >
          Inspect
        </button>
        <button
          type="button"
          class="quiet"
          onClick={() => (inspectorSelection.value = { turn, model, view: 'code' })}
        >
          Copy as code
        </button>
      </footer>
    </article>
  )
}

function MessageView({ message }: { message: Message }) {
  const parts: Part[] =
    typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
  return (
    <>
      {parts.map((part, index) => (
        <PartView key={index} part={part} />
      ))}
    </>
  )
}

function PartView({ part }: { part: Part }) {
  switch (part.type) {
    case 'text':
      return <Markdown text={part.text} />
    case 'reasoning':
      return <Thinking text={part.text} open={false} />
    case 'refusal':
      return <p class="note">Declined: {part.text}</p>
    case 'tool-call':
      return (
        <div class="call">
          <b>{part.name}</b> <code>{JSON.stringify(part.input)}</code>
        </div>
      )
    case 'tool-result':
      return (
        <div class="call result">
          <span>result</span>{' '}
          <code>{typeof part.output === 'string' ? part.output : JSON.stringify(part.output)}</code>
        </div>
      )
    default:
      return null
  }
}

function Thinking({ text, open }: { text: string; open: boolean }) {
  if (text === '') return null
  return (
    <details class="thinking" open={open}>
      <summary>Thinking</summary>
      <p>{text}</p>
    </details>
  )
}

function summaryOf({ numbers }: Answer): string {
  const { firstMs, ms, usage } = numbers
  const rate = averageRate(numbers)
  return [
    firstMs === undefined ? '' : `first token ${(firstMs / 1000).toFixed(2)} s`,
    rate === undefined ? '' : `${rate.toFixed(1)} tokens/s`,
    ms === undefined ? '' : `${(ms / 1000).toFixed(2)} s`,
    usage?.inputTokens === undefined ? '' : `${usage.inputTokens} in`,
    usage?.outputTokens === undefined ? '' : `${usage.outputTokens} out`,
  ]
    .filter((part) => part !== '')
    .join(' · ')
}
