// A short notice at the bottom of the page, with a way back.
import { signal } from '@preact/signals'

const shownMs = 8000

export interface Notice {
  text: string
  undo?: () => void
}

export const notice = signal<Notice | undefined>(undefined)
let timer: ReturnType<typeof setTimeout> | undefined

export function tell(text: string): void {
  show({ text })
}

/** Says what was done; `undo` takes it back, as long as the notice is shown. */
export function offerUndo(text: string, undo: () => void): void {
  show({
    text,
    undo() {
      undo()
      notice.value = undefined
    },
  })
}

/** Does it; what it throws is told. */
export function orTell(action: () => void): void {
  try {
    action()
  } catch (error) {
    tell(error instanceof Error ? error.message : String(error))
  }
}

function show(next: Notice): void {
  clearTimeout(timer)
  notice.value = next
  timer = setTimeout(() => {
    notice.value = undefined
  }, shownMs)
}
