// Icons, drawn with one stroke in the colour of the text around them.
import { useSignal } from '@preact/signals'

const paths = {
  add: 'M8 3v10M3 8h10',
  attach: 'M13 7.5 8 12.5a3 3 0 0 1-4.3-4.3l5.3-5.2a2 2 0 0 1 2.9 2.9L6.7 11a1 1 0 0 1-1.4-1.4L9.8 5',
  check: 'm3 8.5 3.5 3.5L13 5',
  close: 'm4 4 8 8M12 4l-8 8',
  code: 'm5.5 5-3 3 3 3m5-6 3 3-3 3',
  copy: 'M6 6h7v7H6zM3 10V3h7',
  down: 'm4 6 4 4 4-4',
  edit: 'm3 13 .6-2.6L11 3l2 2-7.4 7.4z',
  left: 'm10 4-4 4 4 4',
  list: 'M3 4.5h10M3 8h10M3 11.5h10',
  more: 'M3.5 8h.01M8 8h.01M12.5 8h.01',
  pin: 'M6 3h4l-.5 4 2 2h-7l2-2zM8 9v4',
  retry: 'M13 8a5 5 0 1 1-1.5-3.5M13 2.5v3h-3',
  right: 'm6 4 4 4-4 4',
  search: 'M7 11.5a4.5 4.5 0 1 0 0-9 4.5 4.5 0 0 0 0 9M10.5 10.5 13.5 13.5',
  send: 'M8 13V3m0 0L4 7m4-4 4 4',
  settings: 'M2.5 5h5m3 0h3M2.5 11h2m3 0h6M9 3.4v3.2M6 9.4v3.2',
  star: 'm8 2.5 1.7 3.5 3.8.5-2.8 2.7.7 3.8L8 11.2 4.6 13l.7-3.8L2.5 6.5l3.8-.5z',
  stop: 'M4.5 4.5h7v7h-7z',
  trash: 'M3 4.5h10M6.5 4V2.5h3V4M4.5 4.5l.6 9h5.8l.6-9',
  wire: 'M2.5 8h2.5l1.5-4 3 8 1.5-4h2.5',
} as const

export type IconName = keyof typeof paths

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 16 16" width="16" height="16" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  )
}

interface IconButtonProps {
  icon: IconName
  /** Its name, for everybody: shown on hover, read by screen readers. */
  label: string
  onClick(): void
  pressed?: boolean
  disabled?: boolean
}

export function IconButton({ icon, label, onClick, pressed, disabled }: IconButtonProps) {
  return (
    <button
      type="button"
      class="icon-button"
      aria-label={label}
      title={label}
      aria-pressed={pressed}
      disabled={disabled}
      onClick={onClick}
    >
      <Icon name={icon} />
    </button>
  )
}

/** Copies, and says so for a moment. */
export function CopyButton({ text, label = 'Copy' }: { text(): string; label?: string }) {
  const copied = useSignal(false)
  return (
    <IconButton
      icon={copied.value ? 'check' : 'copy'}
      label={copied.value ? 'Copied' : label}
      onClick={async () => {
        await navigator.clipboard.writeText(text())
        copied.value = true
        setTimeout(() => (copied.value = false), 1500)
      }}
    />
  )
}
