// The admins' page: signing in, and the views behind it.
import { signal } from '@preact/signals'
import type { JSX } from 'preact'
import { useState } from 'preact/hooks'
import { adminKey, ask, isGone, signIn, signOut } from './api.js'
import { Errors } from './errors.js'
import { Health } from './health.js'
import { Keys } from './keys.js'
import { Audit, Requests } from './records.js'
import { Spend } from './spend.js'
import { Teams } from './teams.js'

type ViewName = 'Spend' | 'Errors' | 'Health' | 'Keys' | 'Teams' | 'Requests' | 'Audit'
const shown = signal<ViewName>('Spend')
/** Which requests are shown. */
const filter = signal<Record<string, string>>({})

const views: Record<ViewName, () => JSX.Element> = {
  Spend,
  Errors: () => (
    <Errors
      show={(next) => {
        filter.value = next
        shown.value = 'Requests'
      }}
    />
  ),
  Health,
  Keys,
  Teams,
  Requests: () => (
    <Requests
      filter={filter.value}
      setFilter={(next) => {
        filter.value = next
      }}
    />
  ),
  Audit,
}

export function AdminPage() {
  const isSignedIn = adminKey.value !== ''
  const View = views[shown.value]
  return (
    <>
      <header>
        <h1>
          <img src="/icon.svg" alt="" width="22" height="22" /> Patchbay admin
        </h1>
        {isSignedIn && (
          <button type="button" class="quiet" onClick={signOut}>
            Sign out
          </button>
        )}
      </header>
      {isGone.value && (
        <p role="alert" class="banner">
          The gateway does not answer. Waiting for it…
        </p>
      )}
      {isSignedIn && (
        <nav aria-label="Views">
          {(Object.keys(views) as ViewName[]).map((name) => (
            <button
              key={name}
              type="button"
              aria-current={name === shown.value ? 'page' : undefined}
              onClick={() => {
                shown.value = name
              }}
            >
              {name}
            </button>
          ))}
        </nav>
      )}
      <main>{isSignedIn ? <View /> : <SignIn />}</main>
    </>
  )
}

function SignIn() {
  const [key, setKey] = useState('')
  const [problem, setProblem] = useState('')
  const submit = async (event: Event) => {
    event.preventDefault()
    try {
      await ask('GET', '/keys', undefined, key.trim())
      signIn(key.trim())
    } catch (error) {
      setProblem((error as Error).message)
    }
  }
  return (
    <form class="card sign-in" onSubmit={submit}>
      <h2>Sign in</h2>
      <p class="soft">With the admin key of this gateway. It stays in this tab until you sign out.</p>
      <label>
        Admin key
        <input
          type="password"
          autocomplete="off"
          required
          value={key}
          onInput={(event) => setKey(event.currentTarget.value)}
        />
      </label>
      {problem !== '' && (
        <p role="alert" class="wrong">
          {problem}
        </p>
      )}
      <button type="submit" class="main">
        Sign in
      </button>
    </form>
  )
}
