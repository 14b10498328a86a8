// Transcript: questions and answers, side by side for several models.
import { useEffect, useRef } from 'preact/hooks'
import { type Conversation, type Turn, textOf } from '../conversation.js'
import { AnswerCard } from './answer.js'
import { ImagePreview } from './image-preview.js'

export function Transcript({ conversation: { id, turns } }: { conversation: Conversation }) {
  const box = useRef<HTMLDivElement>(null)
  const follows = useRef(true)
  useEffect(() => {
    // Does not scroll while the user reads further up.
    if (follows.current && box.current !== null) box.current.scrollTop = box.current.scrollHeight
  })
  return (
    <div
      ref={box}
      class="thread"
      // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard (WCAG 2.1.1)
      tabIndex={0}
      role="log"
      aria-label="Conversation"
      onScroll={({ currentTarget: { scrollHeight, scrollTop, clientHeight } }) => {
        follows.current = scrollHeight - scrollTop - clientHeight < 40
      }}
    >
      {turns.length === 0 ? (
        <p class="hint">Ask something. Enter sends, Shift+Enter begins a line, Escape stops.</p>
      ) : null}
      {turns.map((turn) => (
        <TurnView key={turn.id} turn={turn} conversation={id} />
      ))}
    </div>
  )
}

function TurnView({ turn }: { turn: Turn; conversation: string }) {
  return (
    <section class="turn" aria-label="Turn">
      <div class="question">
        <span class="unseen">You: </span>
        {turn.question.map((part, index) =>
          part.type === 'image' ? <ImagePreview key={index} part={part} /> : null,
        )}
        <p>{textOf(turn.question)}</p>
      </div>
      <div class="answers" data-count={turn.answers.length}>
        {turn.answers.map((answer) => (
          <AnswerCard key={answer.model} answer={answer} turn={turn.id} />
        ))}
      </div>
    </section>
  )
}
