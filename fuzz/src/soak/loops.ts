// Soak scenarios of the agent loop and structured output.
import { generateObject, runTools, streamElements, streamObject, type Tool } from '@patchbay/core'
import { answering } from './provider.js'
import { type Make, options, readAll } from './scenario.js'

const tools: Tool[] = [
  {
    name: 'add',
    description: 'Adds.',
    input: { type: 'object', properties: { a: { type: 'number' }, b: { type: 'number' } } },
    run: (input) => String((input as { a: number; b: number }).a),
  },
]
const list = {
  type: 'object',
  properties: { value: { type: 'array', items: { type: 'string' } } },
  required: ['value'],
} as const

export const loopScenarios: Record<string, Make> = {
  'loops: runTools': () => {
    const provider = answering()
    return {
      call: (index, signal) =>
        runTools(provider, { messages: `question ${index}`, tools }, options(index, signal)).result(),
    }
  },
  'loops: generateObject': () => {
    const provider = answering({ json: true })
    return {
      call: (index, signal) => generateObject(provider, list, `question ${index}`, options(index, signal)),
    }
  },
  'loops: generateObject with new schemas': () => {
    const provider = answering({ json: true })
    return {
      call: (index, signal) =>
        generateObject(
          provider,
          { ...list, title: `schema ${index}` },
          `question ${index}`,
          options(index, signal),
        ),
    }
  },
  'loops: streamObject': () => {
    const provider = answering({ json: true })
    return {
      call: (index, signal) =>
        readAll(streamObject(provider, list, `question ${index}`, options(index, signal))),
    }
  },
  'loops: streamElements': () => {
    const provider = answering({ json: true })
    return {
      call: (index, signal) =>
        readAll(
          streamElements(provider, { type: 'string' }, `question ${index}`, options(index, signal)),
        ).catch(() => {}),
    }
  },
}
