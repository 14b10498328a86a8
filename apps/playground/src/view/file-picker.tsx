// A button that lets the reader choose files: the field itself is unseen, since no browser lets it look like the rest.
import type { ComponentChildren } from 'preact'
import { useRef } from 'preact/hooks'

interface FilePickerProps {
  /** What is chosen, for screen readers. */
  label: string
  accept: string
  multiple?: boolean
  onFiles(files: File[]): void
  /** The button, which opens the choice. */
  button(open: () => void): ComponentChildren
}

export function FilePicker({ label, accept, multiple = false, onFiles, button }: FilePickerProps) {
  const field = useRef<HTMLInputElement>(null)
  return (
    <>
      <input
        ref={field}
        type="file"
        class="unseen"
        tabIndex={-1}
        aria-label={label}
        {...{ accept, multiple }}
        onChange={({ currentTarget }) => {
          onFiles([...(currentTarget.files ?? [])])
          // The same file can be chosen again.
          currentTarget.value = ''
        }}
      />
      {button(() => field.current?.click())}
    </>
  )
}
