// Empty state: example questions, and how other programs connect to this gateway.
import { useSignal } from '@preact/signals'
import { ask } from '../chat-session.js'
import { isPico } from '../models.js'
import { orTell } from '../notice.js'
import { chosenModels } from '../settings.js'
import { CopyButton } from './icons.js'

/** The bundled model knows capitals and little else; any other model can do these. */
const examples = () =>
  chosenModels.value.some(isPico)
    ? ['What is the capital of France?', 'What is the capital of Japan?', 'Who are you?']
    : [
        'Explain in two sentences why the sky is blue',
        'Write a TypeScript function that groups a list by a key',
        'Compare tea and coffee in a small table',
      ]

export function EmptyState() {
  return (
    <div class="empty">
      <img src="/icon.svg" alt="" width="44" height="44" />
      <h2>Ask any model</h2>
      <p class="hint">
        This page talks to the models of this gateway. Conversations stay in this browser. Enter sends,
        Shift+Enter begins a line, Escape stops.
      </p>
      <ul class="examples" aria-label="Examples">
        {examples().map((text) => (
          <li key={text}>
            <button type="button" onClick={() => orTell(() => ask([{ type: 'text', text }]))}>
              {text}
            </button>
          </li>
        ))}
      </ul>
      <Connect />
    </div>
  )
}

const clients = {
  openai: {
    title: 'OpenAI',
    base: () => `${location.origin}/v1`,
    code: (base: string, model: string) =>
      `import OpenAI from 'openai'\n\nconst apiKey = process.env.PATCHBAY_KEY ?? 'none'\nconst client = new OpenAI({ baseURL: '${base}', apiKey })\nconst answer = await client.responses.create({ model: '${model}', input: 'Hello' })\nconsole.log(answer.output_text)`,
  },
  anthropic: {
    title: 'Anthropic',
    base: () => location.origin,
    code: (base: string, model: string) =>
      `ANTHROPIC_BASE_URL=${base} ANTHROPIC_API_KEY=\${PATCHBAY_KEY:-none} claude --model ${model}`,
  },
  ollama: {
    title: 'Ollama',
    base: () => location.origin,
    code: (base: string, model: string) => `OLLAMA_HOST=${base} ollama run ${model}`,
  },
  patchbay: {
    title: 'Patchbay',
    base: () => `${location.origin}/v1`,
    code: (base: string, model: string) =>
      `import { openai } from '@patchbay/openai'\n\nconst apiKey = process.env.PATCHBAY_KEY ?? 'none'\nconst llm = openai('${model}', { baseURL: '${base}', apiKey })\nconsole.log((await llm.chat('Hello')).text)`,
  },
}
type Client = keyof typeof clients

/** The address for each protocol, and a program that uses it. */
function Connect() {
  const chosen = useSignal<Client>('openai')
  const { base, code } = clients[chosen.value]
  const sample = code(base(), chosenModels.value[0] ?? 'default')
  return (
    <section class="connect" aria-label="Use it from your programs">
      <h3>Use it from your programs</h3>
      <div class="segments">
        {(Object.keys(clients) as Client[]).map((name) => (
          <button
            key={name}
            type="button"
            aria-pressed={name === chosen.value}
            onClick={() => (chosen.value = name)}
          >
            {clients[name].title}
          </button>
        ))}
      </div>
      <p class="base">
        <span>Base URL</span> <code>{base()}</code>
        <CopyButton text={base} label="Copy base URL" />
      </p>
      <div class="sample">
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard (WCAG 2.1.1) */}
        <pre tabIndex={0}>{sample}</pre>
        <CopyButton text={() => sample} label="Copy sample" />
      </div>
    </section>
  )
}
