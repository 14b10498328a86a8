// Sheets: on a narrow screen the list and the settings lie over the conversation. Escape, Back and a swipe close them.
import { signal } from '@preact/signals'

export type Sheet = 'list' | 'panel'

/** The open sheet; empty: none. */
export const sheet = signal<Sheet | ''>('')

const isNarrow = () => matchMedia('(max-width: 900px)').matches

export function open(next: Sheet): void {
  if (!isNarrow()) return
  // Back closes the sheet instead of leaving the page.
  if (sheet.peek() === '') history.pushState({ sheet: true }, '')
  sheet.value = next
}

export function close(): void {
  if (sheet.value === '') return
  sheet.value = ''
  if ((history.state as { sheet?: boolean } | null)?.sheet === true) history.back()
}

export function toggle(which: Sheet): void {
  if (sheet.value === which) close()
  else open(which)
}

addEventListener('popstate', () => (sheet.value = ''))

const swipeDistance = 60

/** Handlers of an element that a swipe in this direction closes. */
export function swipe(direction: 'left' | 'right') {
  let from: { x: number; y: number } | undefined
  return {
    onTouchStart({ touches: [touch] }: TouchEvent) {
      from = touch && { x: touch.clientX, y: touch.clientY }
    },
    onTouchEnd({ changedTouches: [touch] }: TouchEvent) {
      if (from === undefined || touch === undefined) return
      const x = (touch.clientX - from.x) * (direction === 'left' ? -1 : 1)
      const y = Math.abs(touch.clientY - from.y)
      if (x > swipeDistance && y < x / 2) close()
    },
  }
}
