// Composer: the text field for a question, with images.
import type { Part } from '@patchbay/core'
import { useSignal } from '@preact/signals'
import { useRef } from 'preact/hooks'
import { ask, isBusy, stop } from '../chat-session.js'
import { ImagePreview } from './image-preview.js'

type Image = Extract<Part, { type: 'image'; data: unknown }>

export function Composer() {
  const text = useSignal('')
  const images = useSignal<Image[]>([])
  const wrong = useSignal('')
  const file = useRef<HTMLInputElement>(null)
  const busy = isBusy()
  const send = () => {
    const words = text.value.trim()
    if (busy || (words === '' && images.value.length === 0)) return
    try {
      ask([...images.value, { type: 'text', text: words }])
      text.value = ''
      images.value = []
      wrong.value = ''
    } catch (error) {
      wrong.value = error instanceof Error ? error.message : String(error)
    }
  }
  const add = async (files: Iterable<File>) => {
    const read = [...files].filter(({ type }) => type.startsWith('image/')).map(imageOf)
    images.value = [...images.value, ...(await Promise.all(read))]
  }
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
      onPaste={(event) => void add(event.clipboardData?.files ?? [])}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        void add(event.dataTransfer?.files ?? [])
      }}
    >
      {wrong.value === '' ? null : (
        <p role="alert" class="error">
          {wrong.value}
        </p>
      )}
      {images.value.length > 0 ? (
        <ul class="images">
          {images.value.map((part, index) => (
            <li key={index}>
              <ImagePreview part={part} />
              <button
                type="button"
                aria-label={`Remove image ${index + 1}`}
                onClick={() => (images.value = images.value.filter((_, at) => at !== index))}
              >
                ×
              </button>
            </li>
          ))}
        </ul>
      ) : null}
      <label>
        <span class="unseen">Your question</span>
        <textarea
          rows={3}
          placeholder="Your question"
          value={text.value}
          onInput={({ currentTarget }) => (text.value = currentTarget.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') stop()
            // A composed letter (Chinese, Japanese …) ends with Enter too.
            if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
            event.preventDefault()
            send()
          }}
        />
      </label>
      <div class="row">
        <input
          ref={file}
          type="file"
          accept="image/*"
          multiple
          class="unseen"
          tabIndex={-1}
          aria-label="Images"
          onChange={({ currentTarget }) => {
            void add(currentTarget.files ?? [])
            currentTarget.value = ''
          }}
        />
        <button type="button" onClick={() => file.current?.click()}>
          Add image
        </button>
        <span class="grow" />
        {busy ? (
          <button type="button" onClick={stop}>
            Stop
          </button>
        ) : null}
        <button type="submit" class="primary" disabled={busy}>
          Send
        </button>
      </div>
    </form>
  )
}

async function imageOf(file: File): Promise<Image> {
  const bytes = new Uint8Array(await file.arrayBuffer())
  let binary = ''
  for (const byte of bytes) binary += String.fromCharCode(byte)
  return { type: 'image', data: btoa(binary), mediaType: file.type }
}
