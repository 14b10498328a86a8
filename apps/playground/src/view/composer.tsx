// Composer: the text field for a question, with attachments by button, paste and drop.
import { useSignal } from '@preact/signals'
import { useEffect, useRef } from 'preact/hooks'
import { type Attachment, accepted, attach } from '../attachments.js'
import { ask, isBusy, stop } from '../chat-session.js'
import { textOf } from '../conversation.js'
import { current, currentPath } from '../conversation-store.js'
import { reasonAgainst } from '../models.js'
import { AttachmentPreview } from './attachment-preview.js'
import { FilePicker } from './file-picker.js'
import { Icon, IconButton } from './icons.js'

export function Composer() {
  const text = useSignal('')
  const attachments = useSignal<Attachment[]>([])
  const wrong = useSignal('')
  const recalled = useSignal(0)
  const field = useRef<HTMLTextAreaElement>(null)
  const busy = isBusy()
  const { id } = current.value
  useEffect(() => {
    // On a phone, focus would bring up the keyboard over half of the page.
    if (matchMedia('(pointer: fine)').matches) field.current?.focus()
  }, [id])
  const send = () => {
    const words = text.value.trim()
    if (busy || (words === '' && attachments.value.length === 0)) return
    try {
      ask([...attachments.value.map(({ part }) => part), { type: 'text', text: words }])
      text.value = ''
      attachments.value = []
      wrong.value = ''
      recalled.value = 0
    } catch (error) {
      wrong.value = wordsOfError(error)
    }
  }
  const add = async (files: Iterable<File>) => {
    wrong.value = ''
    const read = await Promise.allSettled([...files].map(attach))
    attachments.value = [
      ...attachments.value,
      ...read.flatMap((one) => (one.status === 'fulfilled' ? [one.value] : [])),
    ]
    for (const one of read) if (one.status === 'rejected') wrong.value = wordsOfError(one.reason)
  }
  /** Earlier questions of this conversation, as a shell recalls commands. */
  const recall = (step: number): boolean => {
    const asked = currentPath.value.map(({ question }) => textOf(question)).reverse()
    const at = recalled.value + step
    const untouched = text.value === '' || text.value === asked[recalled.value - 1]
    if (!untouched || at < 0 || at > asked.length) return false
    recalled.value = at
    text.value = asked[at - 1] ?? ''
    return true
  }
  const unable = attachments.value.some(({ part }) => part.type === 'image')
    ? reasonAgainst('vision', 'see images')
    : undefined
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault()
        send()
      }}
      onPaste={(event) => {
        const files = [...(event.clipboardData?.files ?? [])]
        if (files.length === 0) return
        event.preventDefault()
        void add(files)
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault()
        void add(event.dataTransfer?.files ?? [])
      }}
    >
      {(wrong.value || unable) && (
        <p role="alert" class="error">
          {wrong.value || unable}
        </p>
      )}
      <div class="writing">
        {attachments.value.length > 0 ? (
          <ul class="attachments">
            {attachments.value.map(({ name, part }, index) => (
              <li key={index}>
                {part.type === 'text' ? (
                  <span class="file">
                    <Icon name="attach" /> {name}
                  </span>
                ) : (
                  <AttachmentPreview part={part} name={name} />
                )}
                <IconButton
                  icon="close"
                  label={`Remove ${name}`}
                  onClick={() => (attachments.value = attachments.value.filter((_, at) => at !== index))}
                />
              </li>
            ))}
          </ul>
        ) : null}
        <label class="grows" data-text={`${text.value}\n`}>
          <span class="unseen">Your question</span>
          <textarea
            ref={field}
            rows={1}
            placeholder="Ask something"
            value={text.value}
            onInput={({ currentTarget }) => (text.value = currentTarget.value)}
            onKeyDown={(event) => {
              if (event.key === 'Escape') stop()
              if (event.key === 'ArrowUp' && recall(1)) event.preventDefault()
              if (event.key === 'ArrowDown' && recalled.value > 0 && recall(-1)) event.preventDefault()
              // A composed letter (Chinese, Japanese …) ends with Enter too.
              if (event.key !== 'Enter' || event.shiftKey || event.isComposing) return
              event.preventDefault()
              send()
            }}
          />
        </label>
        <div class="row">
          <FilePicker
            label="Attachments"
            accept={accepted}
            multiple
            onFiles={(files) => void add(files)}
            button={(open) => <IconButton icon="attach" label="Attach files" onClick={open} />}
          />
          <span class="grow" />
          {busy ? (
            <button type="button" class="primary round" aria-label="Stop" title="Stop" onClick={stop}>
              <Icon name="stop" />
            </button>
          ) : (
            <button
              type="submit"
              class="primary round"
              aria-label="Send"
              title="Send"
              disabled={text.value.trim() === '' && attachments.value.length === 0}
            >
              <Icon name="send" />
            </button>
          )}
        </div>
      </div>
    </form>
  )
}

function wordsOfError(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
