// A failed answer: what happened in plain words, the service's own, and a button for the next step.
import { adviceFor, type Step } from '../advice.js'
import type { Answer } from '../conversation.js'
import { startNew } from '../conversation-store.js'
import { models } from '../models.js'

interface FailureProps {
  error: NonNullable<Answer['error']>
  retry(): void
}

const names: Record<Step, string> = {
  retry: 'Try again',
  models: 'Choose another model',
  key: 'Enter a key',
  new: 'Start a new conversation',
  settings: 'Open the settings',
}

export function Failure({ error: { code, message }, retry }: FailureProps) {
  const { what, step } = adviceFor(code)
  const steps: Record<Step, () => void> = {
    retry,
    models: () => focusOn('.model-picker select'),
    key: () => (models.value = { state: 'needsKey', refused: true }),
    new: startNew,
    settings: () => focusOn('#tab-parameters'),
  }
  return (
    <div role="alert" class="failure">
      <p>
        <strong>{what}</strong>
      </p>
      <p class="details">
        <code>{code}</code> {message}
      </p>
      <button type="button" onClick={steps[step]}>
        {names[step]}
      </button>
    </div>
  )
}

function focusOn(selector: string): void {
  const found = document.querySelector<HTMLElement>(selector)
  // On a phone the settings are behind a button.
  if (found !== null && found.offsetParent === null) document.getElementById('open-panel')?.click()
  requestAnimationFrame(() => {
    found?.click()
    found?.focus()
  })
}
