// User-facing message and next step for each error code.
import type { ErrorCode } from '@patchbay/core'

/** The next step: a button does it. */
export type Step = 'retry' | 'models' | 'key' | 'new' | 'settings'

export interface Advice {
  what: string
  step: Step
}

const wait = 'Wait a moment, then try again.'
const advice: Partial<Record<ErrorCode, Advice>> = {
  network: { what: 'The connection broke.', step: 'retry' },
  timeout: { what: 'The model took too long.', step: 'retry' },
  'rate-limited': { what: `Too many requests. ${wait}`, step: 'retry' },
  overloaded: { what: `The model is busy. ${wait}`, step: 'retry' },
  'queue-full': { what: `The model is busy with other requests. ${wait}`, step: 'retry' },
  'server-error': { what: `The service failed. ${wait}`, step: 'retry' },
  'worker-crashed': { what: 'The local model crashed and was started again.', step: 'retry' },
  'circuit-open': { what: 'This model failed often, so it gets a pause.', step: 'models' },
  'empty-response': { what: 'The model said nothing.', step: 'retry' },
  'bad-response': { what: 'The answer was cut off or broken.', step: 'retry' },
  'structured-output': { what: 'The answer does not fit the JSON schema.', step: 'retry' },
  'context-length': { what: 'The conversation is too long for this model.', step: 'new' },
  'content-filtered': { what: 'The service refuses this content.', step: 'new' },
  unsupported: { what: 'This model cannot do what the settings ask for.', step: 'settings' },
  'invalid-request': { what: 'The service does not accept this request.', step: 'settings' },
  authentication: { what: 'The key is wrong.', step: 'key' },
  'permission-denied': { what: 'This key may not use this model.', step: 'key' },
  'quota-exceeded': { what: 'The account at the service has no credit left.', step: 'models' },
  'budget-exceeded': { what: 'The budget is spent.', step: 'models' },
  'not-found': { what: 'The service does not know this model.', step: 'models' },
  'no-route': { what: 'No model could be chosen for this.', step: 'models' },
  'model-load': { what: 'The model could not be loaded.', step: 'models' },
}

export function adviceFor(code: ErrorCode | 'bug'): Advice {
  return (code !== 'bug' && advice[code]) || { what: 'Something went wrong.', step: 'retry' }
}
