// The page: conversation list, open conversation, and side panel.
import { useSignalEffect } from '@preact/signals'
import { useEffect } from 'preact/hooks'
import { current, startNew } from '../conversation-store.js'
import { inspectorSelection } from '../inspector-selection.js'
import { isGone, loadModels, models } from '../models.js'
import { notice } from '../notice.js'
import { key, theme } from '../settings.js'
import { close, moveFocus, open, sheet, sheetOf, swipe, toggle } from '../sheets.js'
import { Composer } from './composer.js'
import { ConversationList } from './conversation-list.js'
import { Icon } from './icons.js'
import { ModelPicker } from './model-picker.js'
import { SidePanel } from './side-panel.js'
import { Transcript } from './transcript.js'

export function Page() {
  useSignalEffect(() => {
    if (inspectorSelection.value !== undefined) open('panel')
  })
  useEffect(() => {
    const closes = ({ key, defaultPrevented }: KeyboardEvent) => {
      if (key === 'Escape' && !defaultPrevented) close()
    }
    addEventListener('keydown', closes)
    return () => removeEventListener('keydown', closes)
  }, [])
  useEffect(moveFocus, [sheet.value])
  // What a sheet covers is there neither for the keyboard nor for a screen reader.
  const isCovered = sheet.value !== ''
  const start = () => {
    startNew()
    close()
  }
  return (
    <div class="page" data-sheet={sheet.value}>
      <header inert={isCovered}>
        <button
          type="button"
          class="only-narrow icon-button"
          aria-label="Conversations"
          aria-expanded={sheet.value === 'list'}
          onClick={() => toggle('list')}
        >
          <Icon name="list" />
        </button>
        <h1>
          <img src="/icon.svg" alt="" width="22" height="22" /> <span>Patchbay</span>
        </h1>
        <ModelPicker />
        <Theme />
        <button
          type="button"
          id="open-panel"
          class="only-narrow icon-button"
          aria-label="Settings"
          aria-expanded={sheet.value === 'panel'}
          onClick={() => toggle('panel')}
        >
          <Icon name="settings" />
        </button>
      </header>
      {isGone.value ? (
        <p role="alert" class="banner">
          The gateway does not answer. Waiting for it …
        </p>
      ) : null}
      <main>
        <nav aria-label="Conversations" {...sheetOf('list')} {...swipe('left')}>
          <button type="button" class="primary wide" onClick={start}>
            <Icon name="add" /> New conversation
          </button>
          <ConversationList chosen={close} />
        </nav>
        <section class="conversation" aria-label="Open conversation" inert={isCovered}>
          {models.value.state === 'needsKey' ? <KeyForm refused={models.value.refused} /> : null}
          {models.value.state === 'failed' ? (
            <p role="alert" class="error">
              {models.value.message}{' '}
              <button type="button" onClick={() => void loadModels()}>
                Try again
              </button>
            </p>
          ) : null}
          <Transcript conversation={current.value} />
          <Composer />
        </section>
        <SidePanel />
        {sheet.value === '' ? null : (
          <button type="button" class="scrim" aria-label="Close" tabIndex={-1} onClick={close} />
        )}
      </main>
      <Notice />
    </div>
  )
}

function Notice() {
  const { text, undo } = notice.value ?? {}
  return (
    <div role="status" class="notice" data-shown={text !== undefined}>
      {text}
      {undo === undefined ? null : (
        <button type="button" onClick={undo}>
          Undo
        </button>
      )}
    </div>
  )
}

function Theme() {
  return (
    <label class="theme">
      <span class="unseen">Theme</span>
      <select
        value={theme.value}
        onChange={({ currentTarget }) => (theme.value = currentTarget.value as never)}
      >
        <option value="system">System</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  )
}

function KeyForm({ refused }: { refused: boolean }) {
  return (
    <form
      class="key"
      onSubmit={(event) => {
        event.preventDefault()
        key.value = String(new FormData(event.currentTarget).get('key') ?? '').trim()
        void loadModels()
      }}
    >
      {refused ? (
        <p role="alert" class="error">
          The gateway does not accept this key.
        </p>
      ) : null}
      <label>
        This gateway needs an API key
        <input name="key" type="password" autocomplete="off" required />
      </label>
      <button type="submit" class="primary">
        Use key
      </button>
      <p class="hint">The key is kept until you close this window.</p>
    </form>
  )
}
