// The page: conversations, the one that is open, and what can be set and seen beside it.
import { useSignal, useSignalEffect } from '@preact/signals'
import { begin, current } from '../conversations.js'
import { inspected } from '../inspected.js'
import { loadModels, models } from '../models.js'
import { key, theme } from '../settings.js'
import { Aside } from './aside.js'
import { Composer } from './composer.js'
import { Conversations } from './conversations.js'
import { Thread } from './thread.js'
import { Who } from './who.js'

export function Page() {
  const shown = useSignal<'talk' | 'list' | 'aside'>('talk')
  // On a narrow screen the inspector lies behind the talk.
  useSignalEffect(() => {
    if (inspected.value !== undefined) shown.value = 'aside'
  })
  const toggle = (what: 'list' | 'aside') => () => {
    shown.value = shown.value === what ? 'talk' : what
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
          Talks
        </button>
        <h1>Patchbay</h1>
        <Who />
        <Theme />
        <button
          type="button"
          class="only-narrow"
          aria-expanded={shown.value === 'aside'}
          onClick={toggle('aside')}
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
              begin()
              shown.value = 'talk'
            }}
          >
            New conversation
          </button>
          <Conversations chosen={() => (shown.value = 'talk')} />
        </nav>
        <section class="talk" aria-label="Talk">
          {models.value.state === 'wantsKey' ? <KeyForm /> : null}
          {models.value.state === 'failed' ? (
            <p role="alert" class="error">
              {models.value.message}{' '}
              <button type="button" onClick={() => void loadModels()}>
                Try again
              </button>
            </p>
          ) : null}
          <Thread conversation={current.value} />
          <Composer />
        </section>
        <Aside />
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
        This gateway wants a key
        <input name="key" type="password" autocomplete="off" required />
      </label>
      <button type="submit">Use it</button>
      <p>It is kept until this window is closed.</p>
    </form>
  )
}
