// The versions of a question: which one is shown, and the ones before and after it.
import { useEffect, useRef } from 'preact/hooks'
import { current, showTurn } from '../conversation-store.js'
import { IconButton } from './icons.js'

interface VersionsProps {
  /** The version that is shown. */
  turn: string
  /** Ids of all versions, in the order in which they were asked. */
  all: readonly string[]
  /** Called before another version is shown. */
  leave(): void
}

/** Where the focus goes on: the turn that comes into view has buttons of its own. */
let focusIn: { turn: string; step: 1 | -1 } | undefined

export function Versions({ turn, all, leave }: VersionsProps) {
  const group = useRef<HTMLDivElement>(null)
  const place = all.indexOf(turn)
  useEffect(() => {
    if (focusIn?.turn !== turn || group.current === null) return
    const [previous, next] = group.current.querySelectorAll('button')
    const [first, second] = focusIn.step < 0 ? [previous, next] : [next, previous]
    focusIn = undefined
    ;(first?.disabled === false ? first : second)?.focus()
  }, [turn])
  if (all.length < 2) return null
  const show = (step: 1 | -1) => {
    const other = all[place + step]
    if (other === undefined) return
    leave()
    focusIn = { turn: other, step }
    showTurn(current.value, other)
  }
  const where = `${place + 1} of ${all.length}`
  return (
    // biome-ignore lint/a11y/useSemanticElements: a fieldset is for the fields of a form
    <div ref={group} class="versions" role="group" aria-label={`Version ${where}`}>
      <IconButton
        icon="left"
        label={`Previous version, ${where} is shown`}
        disabled={place === 0}
        onClick={() => show(-1)}
      />
      <span>
        {place + 1}/{all.length}
      </span>
      <IconButton
        icon="right"
        label={`Next version, ${where} is shown`}
        disabled={place === all.length - 1}
        onClick={() => show(1)}
      />
    </div>
  )
}
