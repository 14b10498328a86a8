// Runs the operation of a job on the worker's provider.
import { type CallOptions, LlmError, type Provider } from '@patchbay/core'
import type { JobData } from '../wire/job.js'
import { imagesToWire, speechToWire } from '../wire/media.js'
import { vectorsToWire } from '../wire/vectors.js'
import type { Outbox } from './outbox.js'

/** Runs an operation. Events go to the outbox; the result is returned in the form that JSON can represent. */
export async function runOperation(
  provider: Provider,
  job: JobData,
  options: CallOptions,
  outbox: Outbox,
): Promise<unknown> {
  switch (job.operation) {
    case 'chat': {
      const stream = provider.stream(job.input, options)
      if (job.complete) return { type: 'finish', response: await stream.response() }
      for await (const event of stream) {
        if (event.type === 'finish') return event
        outbox.add(event)
        await outbox.room()
      }
      throw endedEarly()
    }
    case 'embed': {
      const { vectors, ...response } = await provider.embed(job.input, options)
      return { ...response, vectors: vectorsToWire(vectors) }
    }
    case 'rerank':
      return provider.rerank(job.input, options)
    case 'transcribe':
      return provider.transcribe(job.input, options)
    case 'image':
      return imagesToWire(await provider.image(job.input, options))
    case 'speak': {
      for await (const event of provider.speak(job.input, options)) {
        if (event.type === 'finish') return speechToWire(event)
        outbox.add(speechToWire(event))
        await outbox.room()
      }
      throw endedEarly()
    }
    case 'countTokens':
      return provider.countTokens(job.input, options)
    case 'models':
      return provider.models(options)
    case 'capabilities':
      return provider.capabilities(options)
    default:
      throw new LlmError(
        'unsupported',
        'This worker does not know the operation. Use the same version of @patchbay/queue on both sides.',
      )
  }
}

const endedEarly = () =>
  new LlmError('bad-response', 'The provider of the worker ended its stream without a finish.')
