// Parts that all views share: waiting, nothing there, failed; and a button that asks before it acts.
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { changes } from './api.js'

interface LoadedProps {
  error: string | undefined
  items: readonly unknown[] | undefined
  /** What to say, and what to do next, where there is nothing. */
  empty: string
  children: ComponentChildren
}

export function Loaded({ error, items, empty, children }: LoadedProps) {
  if (error !== undefined)
    return (
      <div class="card" role="alert">
        <p class="wrong">{error}</p>
        <button
          type="button"
          onClick={() => {
            changes.value++
          }}
        >
          Try again
        </button>
      </div>
    )
  if (items === undefined) return <p class="soft">Loading…</p>
  if (items.length === 0) return <p class="card soft">{empty}</p>
  return <>{children}</>
}

interface ConfirmProps {
  label: string
  /** What it acts on. */
  name: string
  question: string
  act(): Promise<unknown>
  /** Fields of the question. */
  children?: ComponentChildren
}

export function Confirm({ label, name, question, act, children }: ConfirmProps) {
  const [isAsking, setAsking] = useState(false)
  const [problem, setProblem] = useState('')
  const opener = useRef<HTMLButtonElement>(null)
  const canceler = useRef<HTMLButtonElement>(null)
  const wasAsking = useRef(false)
  // The pressed button is gone: without this, the keyboard would begin again at the top of the page.
  useEffect(() => {
    if (isAsking !== wasAsking.current) (isAsking ? canceler : opener).current?.focus()
    wasAsking.current = isAsking
  }, [isAsking])
  if (!isAsking)
    return (
      <button ref={opener} type="button" aria-label={`${label} ${name}`} onClick={() => setAsking(true)}>
        {label}
      </button>
    )
  const confirm = async () => {
    try {
      await act()
      setAsking(false)
    } catch (error) {
      setProblem((error as Error).message)
    }
  }
  const cancel = () => {
    setProblem('')
    setAsking(false)
  }
  return (
    <fieldset class="confirm">
      <legend>{question}</legend>
      {children}
      {problem !== '' && (
        <p role="alert" class="wrong">
          {problem}
        </p>
      )}
      <div class="row">
        <button type="button" class="danger" onClick={confirm}>
          {`${label} ${name}`}
        </button>
        <button ref={canceler} type="button" onClick={cancel}>
          Cancel
        </button>
      </div>
    </fieldset>
  )
}
