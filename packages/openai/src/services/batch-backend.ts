// The operations of the Batch API: uploads a file of requests, asks for its state, reads the files of answers.
import type { BackendBatch, BatchOutcome, CallContext, ProviderOptions } from '@patchbay/core'
import { serverToolSecrets, withInlineMedia } from '@patchbay/core/wire'
import type { Api, Target } from '../api.js'
import type { Server } from '../client.js'
import { idOf, toFile, toOutcomes, toStatus, type WireBatch } from './batch.js'

/** Batches of a model, whose requests and answers are in the form of `api`. */
export function batchBackend(
  server: Server,
  target: Target,
  api: Api,
  media: ProviderOptions['media'],
): BackendBatch {
  const { who, isOwn } = server
  return {
    submit: async (requests, context) => {
      const whole = await Promise.all(
        requests.map((chat) =>
          withInlineMedia(chat, (part) => !api.takesAddress(part, target.preset), media, context),
        ),
      )
      const bodies = await Promise.all(
        whole.map((chat, index) =>
          api.toBody(target, chat, false, (warning) => context.warn(warning, index)),
        ),
      )
      const endpoint = `/v1${api.path}`
      const quiet = { ...context, secrets: requests.flatMap(serverToolSecrets) }
      const file = await server.json(quiet, 'post', '/files', toFile(bodies, endpoint, isOwn))
      const batch = { input_file_id: idOf(file, who), endpoint, completion_window: '24h' }
      return idOf(await server.json(quiet, 'post', '/batches', batch), who)
    },
    status: async (id, context) => toStatus(await server.json(context, 'get', batchPath(id)), who),
    results: (id, context) => outcomes(id, context),
    cancel: async (id, context) => {
      await server.json(context, 'post', `${batchPath(id)}/cancel`)
    },
  }

  async function* outcomes(id: string, context: CallContext): AsyncGenerator<BatchOutcome> {
    const batch: WireBatch = await server.json(context, 'get', batchPath(id))
    for (const file of [batch.output_file_id, batch.error_file_id]) {
      if (!file) continue
      const { body } = await server.send(context, 'get', `/files/${encodeURIComponent(file)}/content`)
      if (body !== null) yield* toOutcomes(body, api, target)
    }
  }
}

function batchPath(id: string): string {
  return `/batches/${encodeURIComponent(id)}`
}
