// One model's answer: reasoning, text, tool calls, statistics, and what can be done with it.
import type { Message, Part } from '@patchbay/core'
import { retry } from '../chat-session.js'
import { type Answer, averageRate, firstTokenMs } from '../conversation.js'
import { vote } from '../conversation-store.js'
import { inspectorSelection } from '../inspector-selection.js'
import { orTell } from '../notice.js'
import { wordsOf } from '../transfer.js'
import { Failure } from './failure.js'
import { CopyButton, IconButton } from './icons.js'
import { Markdown } from './markdown.js'
import { ToolCalls } from './tool-calls.js'

interface AnswerProps {
  answer: Answer
  turn: string
  /** One of several, which can be compared. */
  compared: boolean
  /** Whether it is the best of them for the reader. */
  best: boolean
  /** No answer to the question is running: it can be asked again. */
  idle: boolean
}

export function AnswerCard({ answer, turn, compared, best, idle }: AnswerProps) {
  const { model, messages, text, reasoning, calls, state, error, numbers } = answer
  const waits = state === 'running' && text === '' && reasoning === ''
  return (
    <article class="answer" aria-label={model} aria-busy={state === 'running'} data-best={best}>
      <h2>{model}</h2>
      {messages.map((message, index) => (
        <MessageView key={index} message={message} thoughtMs={numbers.thoughtMs} />
      ))}
      <Thinking text={reasoning} running={state === 'running' && text === ''} ms={numbers.thoughtMs} />
      {text === '' ? null : <Markdown text={text} />}
      {waits ? <p class="waiting">Waiting for the first token …</p> : null}
      {calls.length > 0 && state === 'done' ? <ToolCalls calls={calls} turn={turn} model={model} /> : null}
      {state === 'stopped' ? <p class="note">Stopped.</p> : null}
      {error === undefined ? null : <Failure error={error} retry={() => orTell(() => retry(turn, model))} />}
      <footer>
        <div class="actions">
          <CopyButton text={() => messages.map(wordsOf).join('\n\n') + text} label="Copy answer" />
          {idle ? (
            <IconButton icon="retry" label="Try again" onClick={() => orTell(() => retry(turn, model))} />
          ) : null}
          {compared && state === 'done' ? (
            <IconButton icon="star" label="Best answer" pressed={best} onClick={() => vote(turn, model)} />
          ) : null}
          <IconButton
            icon="wire"
            label="Inspect"
            onClick={() => (inspectorSelection.value = { turn, model, view: 'wire' })}
          />
          <IconButton
            icon="code"
            label="Copy as code"
            onClick={() => (inspectorSelection.value = { turn, model, view: 'code' })}
          />
        </div>
        <span class="numbers">{summaryOf(answer)}</span>
      </footer>
    </article>
  )
}

function MessageView({ message, thoughtMs }: { message: Message; thoughtMs: number | undefined }) {
  const parts: Part[] =
    typeof message.content === 'string' ? [{ type: 'text', text: message.content }] : message.content
  return (
    <>
      {parts.map((part, index) => (
        <PartView key={index} part={part} thoughtMs={thoughtMs} />
      ))}
    </>
  )
}

function PartView({ part, thoughtMs }: { part: Part; thoughtMs: number | undefined }) {
  switch (part.type) {
    case 'text':
      return <Markdown text={part.text} />
    case 'reasoning':
      return <Thinking text={part.text} running={false} ms={thoughtMs} />
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

function Thinking({ text, running, ms }: { text: string; running: boolean; ms: number | undefined }) {
  if (text === '') return null
  return (
    <details class="thinking" open={running}>
      <summary>
        {running ? 'Thinking …' : ms === undefined ? 'Thought' : `Thought for ${durationOf(ms)}`}
      </summary>
      <p>{text}</p>
    </details>
  )
}

function durationOf(ms: number): string {
  return ms < 1000 ? 'a moment' : `${(ms / 1000).toFixed(1)} s`
}

function summaryOf({ numbers }: Answer): string {
  const { loadMs, ms, usage } = numbers
  const firstMs = firstTokenMs(numbers)
  const rate = averageRate(numbers)
  return [
    loadMs === undefined ? '' : `loaded in ${(loadMs / 1000).toFixed(2)} s`,
    firstMs === undefined ? '' : `first token ${(firstMs / 1000).toFixed(2)} s`,
    rate === undefined ? '' : `${rate.toFixed(1)} tokens/s`,
    ms === undefined ? '' : `${(ms / 1000).toFixed(2)} s`,
    usage?.inputTokens === undefined ? '' : `${usage.inputTokens} in`,
    usage?.outputTokens === undefined ? '' : `${usage.outputTokens} out`,
  ]
    .filter((part) => part !== '')
    .join(' · ')
}
