// Transcript: questions and answers, side by side for several models.
import { signal } from '@preact/signals'
import { useCallback, useEffect, useLayoutEffect, useMemo, useRef } from 'preact/hooks'
import { versions } from '../branches.js'
import { ask, isBusy } from '../chat-session.js'
import { type Conversation, type Turn, textOf } from '../conversation.js'
import { currentPath, removeTurn } from '../conversation-store.js'
import { orTell } from '../notice.js'
import { parameters, toRequestOptions } from '../settings.js'
import { AnswerCard } from './answer.js'
import { AttachmentPreview } from './attachment-preview.js'
import { EmptyState } from './empty-state.js'
import { CopyButton, Icon, IconButton } from './icons.js'
import { Versions } from './versions.js'

export function Transcript({ conversation: { id, turns: all } }: { conversation: Conversation }) {
  const turns = currentPath.value
  const newest = all.at(-1)
  const siblings = useMemo(() => versions(all), [id, all.length, newest?.id])
  const box = useRef<HTMLDivElement>(null)
  const follows = useRef(true)
  const atEnd = useRef(signal(true)).current
  const toEnd = () => {
    follows.current = true
    if (box.current !== null) box.current.scrollTop = box.current.scrollHeight
  }
  useLayoutEffect(() => {
    // Does not scroll while the user reads further up. Before the frame is painted: once laid out, once painted.
    if (follows.current && turns.length > 0) toEnd()
  })
  useEffect(() => {
    if (turns.length > 0) toEnd()
  }, [id])
  useEffect(() => {
    // What was just asked comes into view.
    if (newest?.answers.some(({ state }) => state === 'running') && turns.at(-1) === newest) toEnd()
  }, [newest?.id])
  const leave = useCallback(() => {
    follows.current = false
  }, [])
  const viewOf = (turn: Turn, index: number) => (
    <TurnView
      key={turn.id}
      turn={turn}
      place={index + 1}
      versions={siblings.get(turn.parent) ?? []}
      leave={leave}
    />
  )
  // While the last answer grows, the turns before it are not even compared.
  const before = turns.slice(0, -1)
  const earlier = useMemo(() => before.map(viewOf), [siblings, ...before])
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
        {earlier}
        {turns.slice(-1).map((turn) => viewOf(turn, turns.length - 1))}
      </div>
      {atEnd.value || turns.length === 0 ? null : (
        <button type="button" class="to-end" onClick={toEnd}>
          <Icon name="down" /> To the end
        </button>
      )}
    </div>
  )
}

interface TurnViewProps {
  turn: Turn
  /** Counted from 1. */
  place: number
  /** All versions of the question, this one included. */
  versions: readonly Turn[]
  /** Called before another version is shown. */
  leave(): void
}

/** A turn is drawn anew only when it changed: a long conversation costs what its last turn costs. */
function TurnView({ turn, place, versions, leave }: TurnViewProps) {
  const { answers } = turn
  const idle = answers.every(({ state }) => state !== 'running')
  return useMemo(
    () => (
      <section class="turn" aria-label={`Question ${place}`}>
        <Question turn={turn} />
        <Versions turn={turn.id} all={versions.map(({ id }) => id)} leave={leave} />
        <div class="answers" data-count={answers.length}>
          {answers.map((answer) => (
            <AnswerCard
              key={answer.model}
              answer={answer}
              turn={turn.id}
              compared={answers.length > 1}
              best={turn.best === answer.model}
              idle={idle}
            />
          ))}
        </div>
      </section>
    ),
    [turn, place, versions],
  )
}

const edited = signal('')

/** The question at which the focus goes on, after one was edited. */
let focusAt: string | undefined

function Question({ turn }: { turn: Turn }) {
  const text = textOf(turn.question)
  const actions = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (focusAt !== turn.id || actions.current === null) return
    focusAt = undefined
    actions.current.querySelector<HTMLElement>('[aria-label="Edit question"]')?.focus()
  }, [edited.value])
  if (edited.value === turn.id) return <EditedQuestion turn={turn} text={textOf(turn.question.slice(-1))} />
  return (
    <div class="question-row">
      <div ref={actions} class="actions">
        <CopyButton text={() => text} label="Copy question" />
        <IconButton icon="edit" label="Edit question" onClick={() => (edited.value = turn.id)} />
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
  const close = () => {
    edited.value = ''
    focusAt = turn.id
  }
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
          ask([...turn.question.slice(0, -1), { type: 'text', text: words }], turn.parent)
          focusAt = currentPath.value.at(-1)?.id
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
      <p class="hint">Asks another version. This one stays, with all that followed it.</p>
      <div class="row">
        <span class="grow" />
        <button type="button" onClick={close}>
          Cancel
        </button>
        <button type="submit" class="primary">
          Ask
        </button>
      </div>
    </form>
  )
}
