// The page: conversation list, open conversation, and side panel.
import { useSignal, useSignalEffect } from '@preact/signals'
import { current, startNew } from '../conversation-store.js'
import { inspectorSelection } from '../inspector-selection.js'
import { loadModels, models } from '../models.js'
import { key, theme } from '../settings.js'
import { Composer } from './composer.js'
import { ConversationList } from './conversation-list.js'
import { ModelPicker } from './model-picker.js'
import { SidePanel } from './side-panel.js'
import { Transcript } from './transcript.js'

export function Page() {
  const shown = useSignal<'conversation' | 'list' | 'panel'>('conversation')
  // On a narrow screen the side panel covers the conversation.
  useSignalEffect(() => {
    if (inspectorSelection.value !== undefined) shown.value = 'panel'
  })
  const toggle = (what: 'list' | 'panel') => () => {
    shown.value = shown.value === what ? 'conversation' : what
  }
  return (
    <div class="page" data-shown={shown.value}>
      <header>
        <button
          type="button"
          class="only-narrow"
          aria-expanded={shown.value === 'list'}
          onClick={toggle('list')}
        >
          Conversations
        </button>
        <h1>Patchbay</h1>
        <ModelPicker />
        <Theme />
        <button
          type="button"
          class="only-narrow"
          aria-expanded={shown.value === 'panel'}
          onClick={toggle('panel')}
        >
          Settings
        </button>
      </header>
      <main>
        <nav aria-label="Conversations">
          <button
            type="button"
            class="wide"
            onClick={() => {
              startNew()
              shown.value = 'conversation'
            }}
          >
            New conversation
          </button>
          <ConversationList chosen={() => (shown.value = 'conversation')} />
        </nav>
        <section class="conversation" aria-label="Open conversation">
          {models.value.state === 'needsKey' ? <KeyForm /> : null}
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
      </main>
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

function KeyForm() {
  return (
    <form
      class="key"
      onSubmit={(event) => {
        event.preventDefault()
        key.value = String(new FormData(event.currentTarget).get('key') ?? '').trim()
        void loadModels()
      }}
    >
      <label>
        This gateway needs an API key
        <input name="key" type="password" autocomplete="off" required />
      </label>
      <button type="submit">Use key</button>
      <p>The key is kept until you close this window.</p>
    </form>
  )
}
