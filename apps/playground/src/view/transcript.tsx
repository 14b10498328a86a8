// Transcript: questions and answers, side by side for several models.
import { signal } from '@preact/signals'
import { useEffect, useMemo, useRef } from 'preact/hooks'
import { ask, isBusy } from '../chat-session.js'
import { type Conversation, type Turn, textOf } from '../conversation.js'
import { branchBefore, removeTurn } from '../conversation-store.js'
import { orTell } from '../notice.js'
import { parameters, toRequestOptions } from '../settings.js'
import { AnswerCard } from './answer.js'
import { AttachmentPreview } from './attachment-preview.js'
import { EmptyState } from './empty-state.js'
import { CopyButton, Icon, IconButton } from './icons.js'

export function Transcript({ conversation: { id, turns } }: { conversation: Conversation }) {
  const box = useRef<HTMLDivElement>(null)
  const follows = useRef(true)
  const atEnd = useRef(signal(true)).current
  const toEnd = () => {
    follows.current = true
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }
  useEffect(() => {
    // Does not scroll while the user reads further up.
    if (follows.current && turns.length > 0) toEnd()
  })
  useEffect(() => {
    if (turns.length > 0) toEnd()
  }, [id])
  return (
    <div class="thread-box">
      <div
        ref={box}
        class="thread"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard (WCAG 2.1.1)
        tabIndex={0}
        role="log"
        aria-label="Conversation"
        onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
          follows.current = scrollHeight - scrollTop - clientHeight < 40
          atEnd.value = follows.current
        }}
      >
        {turns.length === 0 ? <EmptyState /> : null}
        {turns.map((turn, index) => (
          <TurnView key={turn.id} turn={turn} place={index + 1} last={index === turns.length - 1} />
        ))}
      </div>
      {atEnd.value || turns.length === 0 ? null : (
        <button type="button" class="to-end" onClick={toEnd}>
          <Icon name="down" /> To the end
        </button>
      )}
    </div>
  )
}

/** A turn is drawn anew only when it changed: a long conversation costs what its last turn costs. */
function TurnView({ turn, place, last }: { turn: Turn; place: number; last: boolean }) {
  const several = turn.answers.length > 1
  return useMemo(
    () => (
      <section class="turn" aria-label={`Question ${place}`}>
        <Question turn={turn} />
        <div class="answers" data-count={turn.answers.length}>
          {turn.answers.map((answer) => (
            <AnswerCard
              key={answer.model}
              answer={answer}
              turn={turn.id}
              compared={several}
              best={turn.best === answer.model}
              last={last}
            />
          ))}
        </div>
      </section>
    ),
    [turn, place, last],
  )
}

const edited = signal('')

function Question({ turn }: { turn: Turn }) {
  const text = textOf(turn.question)
  if (edited.value === turn.id) return <EditedQuestion turn={turn} text={textOf(turn.question.slice(-1))} />
  return (
    <div class="question-row">
      <div class="actions">
        <CopyButton text={() => text} label="Copy question" />
        <IconButton icon="edit" label="Edit in a branch" onClick={() => (edited.value = turn.id)} />
        <IconButton icon="trash" label="Delete question" onClick={() => removeTurn(turn.id)} />
      </div>
      <div class="question">
        <span class="unseen">You: </span>
        {turn.question.map((part, index) => (
          <AttachmentPreview key={index} part={part} />
        ))}
        <p>{text}</p>
      </div>
    </div>
  )
}

function EditedQuestion({ turn, text }: { turn: Turn; text: string }) {
  const field = useRef<HTMLTextAreaElement>(null)
  useEffect(() => field.current?.focus(), [])
  const close = () => (edited.value = '')
  return (
    <form
      class="edited"
      onSubmit={(event) => {
        event.preventDefault()
        const words = field.current?.value.trim() ?? ''
        if (words === '' || isBusy()) return
        orTell(() => {
          // Settings that cannot be sent leave the text where it is.
          toRequestOptions(parameters.value)
          close()
          branchBefore(turn.id)
          ask([...turn.question.slice(0, -1), { type: 'text', text: words }])
        })
      }}
      onKeyDown={({ key }) => {
        if (key === 'Escape') close()
      }}
    >
      <label>
        <span class="unseen">Edited question</span>
        <textarea ref={field} rows={3} defaultValue={text} />
      </label>
      <p class="hint">The conversation up to here is copied; this one stays as it is.</p>
      <div class="row">
        <span class="grow" />
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="primary">
          Ask in a branch
        </button>
      </div>
    </form>
  )
}
