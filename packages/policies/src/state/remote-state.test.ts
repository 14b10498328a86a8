// State that another process keeps: a failure there arrives as what it is.
import { LlmError } from '@patchbay/core'
import { expect, it } from 'vitest'
import { failureOf } from '../../test/failure.js'
import { memoryState, remoteState, type StateStore, serveState } from '../index.js'

/** A store in "another process", behind JSON. */
function remote(store: StateStore): StateStore {
  const answer = serveState(store)
  const { state, receive } = remoteState(async (request) =>
    receive(JSON.parse(JSON.stringify(await answer(JSON.parse(JSON.stringify(request)))))),
  )
  return state
}

it('a typed error keeps its code, and any other is a network error', async () => {
  const failing = (error: Error) => remote({ ...memoryState(), get: () => Promise.reject(error) })
  expect(
    await failureOf(failing(new LlmError('overloaded', 'Full.')).get('a') as Promise<unknown>),
  ).toMatchObject({
    ...{ code: 'overloaded', message: 'Full.' },
  })
  expect(await failureOf(failing(new Error('Gone.')).get('a') as Promise<unknown>)).toMatchObject({
    code: 'network',
  })
})

it('steps that the other process does not have are a config error', async () => {
  const steps = { name: 'mine' } as never
  const run = remote(memoryState()).run?.({ steps, group: 'g', targets: [], now: 0 })
  expect(await failureOf(run as Promise<unknown>)).toMatchObject({ code: 'config' })
})
