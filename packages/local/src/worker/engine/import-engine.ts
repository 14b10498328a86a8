// Import of the engine, an optional peer dependency: a missing one is an error of the first load.
import { JobError } from '../failure.js'

/** @throws {JobError} `model-load` if node-llama-cpp is not installed, or cannot be imported */
export function importEngine(): Promise<typeof import('node-llama-cpp')> {
  return import('node-llama-cpp').catch((cause: Error) => {
    const missing = /Cannot find (package|module) 'node-llama-cpp'/.test(cause.message)
    throw new JobError(
      'model-load',
      missing
        ? 'The engine is not installed. Run: npx @patchbay/local install-engine'
        : `The engine (node-llama-cpp) cannot be imported: ${cause.message}`,
    )
  })
}
