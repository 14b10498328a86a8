// A route handler of Next.js for `useChat`: POST /api/chat. It runs wherever there is a Request and a Response.
import { fromUiMessages, toResponse, type UiMessage } from '@patchbay/ai-sdk'
import { connect } from '@patchbay/config'
import { runTools } from '@patchbay/core'

// One provider for the life of the server: the default of patchbay.config, or the bundled model.
const provider = connect(process.env.PATCHBAY_PROVIDER ?? 'local')

export async function POST(request: Request): Promise<Response> {
  const { messages } = (await request.json()) as { messages: UiMessage[] }
  const run = runTools(
    await provider,
    {
      messages: fromUiMessages(messages),
      tools: [
        {
          name: 'get_weather',
          description: 'Get the current weather for a city',
          input: {
            type: 'object',
            properties: { city: { type: 'string', description: 'The city' } },
            required: ['city'],
          },
          run: () => ({ temperature: 21, condition: 'sunny' }),
        },
      ],
    },
    { signal: request.signal },
  )
  return toResponse(run)
}
