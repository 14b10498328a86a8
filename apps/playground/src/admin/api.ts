// Requests of the admins' page. The key is kept in this tab only, and travels in a header, never in an address.
import { signal } from '@preact/signals'
import { useEffect, useState } from 'preact/hooks'

const place = 'patchbay.admin'
const waitMs = 2000

/** The admin's key; empty: nobody is signed in. */
export const adminKey = signal(sessionStorage.getItem(place) ?? '')
/** Whether the gateway did not answer the last time. */
export const isGone = signal(false)
/** Grows whenever what is shown may have changed. */
export const changes = signal(0)

export function signIn(key: string): void {
  sessionStorage.setItem(place, key)
  adminKey.value = key
}

export function signOut(): void {
  sessionStorage.removeItem(place)
  adminKey.value = ''
}

/** Asks the admin interface. Throws an `Error` with the gateway's words. */
export async function ask(
  method: string,
  path: string,
  body?: object,
  key = adminKey.value,
): Promise<Response> {
  let response: Response
  try {
    response = await fetch(`/admin${path}`, {
      method,
      headers: {
        authorization: `Bearer ${key}`,
        ...(body !== undefined && { 'content-type': 'application/json' }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    })
  } catch {
    waitForGateway()
    throw new Error('The gateway does not answer.')
  }
  if (response.ok) return response
  // The key was withdrawn, or the gateway was started with another one.
  if (response.status === 401 && key === adminKey.value) signOut()
  const answer: unknown = await response.json().catch(() => undefined)
  throw new Error(messageIn(answer) ?? `The gateway answered ${response.status}.`)
}

/** Changes something, and shows everything anew. */
export async function change<T>(method: string, path: string, body?: object): Promise<T> {
  const answer: T = await (await ask(method, path, body)).json()
  changes.value++
  return answer
}

/** What a path answers, read again after each change. Of the old path nothing stays. */
export function useAnswer<T>(path: string): { answer?: T; error?: string } {
  const [state, setState] = useState<{ path: string; answer?: T; error?: string }>({ path })
  const changed = changes.value
  useEffect(() => {
    let isCurrent = true
    const show = (next: { answer?: T; error?: string }) => {
      if (isCurrent) setState({ path, ...next })
    }
    ask('GET', path)
      .then((response) => response.json())
      .then(
        (answer: T) => show({ answer }),
        (error: Error) => show({ error: error.message }),
      )
    return () => {
      isCurrent = false
    }
  }, [path, changed])
  return state.path === path ? state : {}
}

function waitForGateway(): void {
  if (isGone.value) return
  isGone.value = true
  const timer = setInterval(async () => {
    const isBack = await fetch('/healthz').then(
      () => true,
      () => false,
    )
    if (!isBack) return
    clearInterval(timer)
    isGone.value = false
    changes.value++
  }, waitMs)
}

function messageIn(answer: unknown): string | undefined {
  const { error } = (answer ?? {}) as { error?: { message?: string } | string }
  return typeof error === 'string' ? error : error?.message
}
