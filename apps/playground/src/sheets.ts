// Sheets: on a narrow screen the list and the settings lie over the conversation. Escape, Back and a swipe close them.
import { signal } from '@preact/signals'

export type Sheet = 'list' | 'panel'

/** The open sheet; empty: none. */
export const sheet = signal<Sheet | ''>('')

const narrow = matchMedia('(max-width: 900px)')
const isNarrow = () => narrow.matches

/** What had the focus before: it has it again after the sheet. */
let opener: Element | null = null

export function open(next: Sheet): void {
  if (!isNarrow()) return
  if (sheet.peek() === '') opener = document.activeElement
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

// In a wide window nothing lies over anything.
narrow.addEventListener('change', close)

/** The attributes of an element that is a sheet. */
export const sheetOf = (which: Sheet) => ({ id: `sheet-${which}`, tabIndex: -1 })

/** Leads the focus into the sheet that was opened, and back once there is none. Called when the page is drawn. */
export function moveFocus(): void {
  const [to, from] =
    sheet.value === '' ? [opener, document.activeElement] : [document.getElementById(`sheet-${sheet.value}`)]
  if (sheet.value === '') opener = null
  // Not away from where the reader has gone on.
  const isElsewhere = from != null && from !== document.body && from.closest('[id^=sheet-], .scrim') === null
  if (to instanceof HTMLElement && !isElsewhere) to.focus({ preventScroll: true })
}

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
