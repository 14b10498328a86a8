// The site: what is in its sidebar, and how links of the packages' READMEs, which are pages of it too, are followed.
import { defineConfig } from 'vitepress'

/** Where the README of a package stands in the guide. */
const pages: Record<string, string> = {
  core: '/contract',
  local: '/backends/local',
  claude: '/backends/claude',
  gemini: '/backends/gemini',
  openai: '/backends/openai',
  ollama: '/backends/ollama',
  config: '/config',
  policies: '/policies',
  queue: '/queue',
  gateway: '/gateway',
  playground: '/gateway',
  cli: '/cli',
  'ai-sdk': '/interop/ai-sdk',
  langchain: '/interop/langchain',
  mcp: '/interop/mcp',
  testing: '/testing',
  benchmarks: '/benchmarks',
  examples: '/examples',
}

/** Files of the repository that a page of the guide shows. */
const sources = [
  ['/deploy', '/deploy'],
  ['/examples/next/app/api/chat/route.ts', '/examples#a-chat-in-next-js'],
] as const

/** A link as it stands in a README of the repository, as the guide knows it. */
function followed(href: string): string {
  if (/^https?:/.test(href)) return href
  const readme = /(?:^|\/)([\w-]+)\/README\.md(#.*)?$/.exec(href)
  if (readme?.[1] !== undefined && pages[readme[1]] !== undefined)
    return `${pages[readme[1]]}${readme[2] ?? ''}`
  const shown = sources.find(([end]) => href.endsWith(end))
  if (shown !== undefined) return shown[1]
  const guide = /(?:^|\/)docs\/([\w/-]+)\.md(#.*)?$/.exec(href)
  return guide === null ? href : `/${guide[1]}${guide[2] ?? ''}`
}

const api = (name: string, page = name) => ({ text: `@patchbay/${name}`, link: `/api/@patchbay/${page}` })

export default defineConfig({
  title: 'Patchbay',
  description: 'One TypeScript interface to many language models',
  lang: 'en',
  cleanUrls: true,
  head: [['link', { rel: 'icon', href: '/logo.svg' }]],
  markdown: {
    config(md) {
      md.core.ruler.push('readme-links', ({ tokens }) => {
        for (const { children } of tokens)
          for (const token of children ?? [])
            if (token.type === 'link_open') token.attrSet('href', followed(token.attrGet('href') ?? ''))
      })
    },
  },
  vite: { build: { chunkSizeWarningLimit: 2000 } },
  themeConfig: {
    logo: '/logo.svg',
    search: {
      provider: 'local',
      options: {
        miniSearch: {
          // Who searches wants the guide first: the reference has every word a hundred times.
          searchOptions: { boostDocument: (id: string) => (id.startsWith('/api/') ? 0.1 : 1) },
        },
      },
    },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/start' },
      { text: 'Troubleshooting', link: '/troubleshooting' },
      { text: 'API', link: '/api/overview' },
      { text: 'Benchmarks', link: '/benchmarks' },
    ],
    sidebar: [
      {
        text: 'Guide',
        items: [
          { text: 'Start in two minutes', link: '/start' },
          { text: 'The contract', link: '/contract' },
          { text: 'Streaming', link: '/streaming' },
          { text: 'Keep a conversation', link: '/conversations' },
          { text: 'Tools and agents', link: '/tools' },
          { text: 'Server tools', link: '/server-tools' },
          { text: 'Structured output', link: '/structured-output' },
          { text: 'Images, files, audio, embeddings', link: '/media' },
          { text: 'Errors and retries', link: '/errors' },
          { text: 'Troubleshooting by code', link: '/troubleshooting' },
        ],
      },
      {
        text: 'Backends',
        items: [
          { text: 'Claude', link: '/backends/claude' },
          { text: 'Gemini', link: '/backends/gemini' },
          { text: 'OpenAI and compatible servers', link: '/backends/openai' },
          { text: 'Ollama', link: '/backends/ollama' },
          { text: 'Local models', link: '/backends/local' },
          { text: 'Which backend for which service', link: '/providers' },
          { text: 'What each model takes', link: '/support' },
          { text: 'Write your own', link: '/backends/your-own' },
        ],
      },
      {
        text: 'In production',
        items: [
          { text: 'Choose models by configuration', link: '/config' },
          { text: 'Policies', link: '/policies' },
          { text: 'The gateway', link: '/gateway' },
          { text: 'Keys, teams and spend', link: '/admin' },
          { text: 'Workers on other machines', link: '/queue' },
          { text: 'Run it in a container', link: '/deploy' },
          { text: 'Past one process', link: '/scale' },
          { text: 'The command line', link: '/cli' },
          { text: 'Testing', link: '/testing' },
          { text: 'Security', link: '/security' },
          { text: 'Versions and runtimes', link: '/versions' },
          { text: 'Benchmarks', link: '/benchmarks' },
          { text: 'Examples', link: '/examples' },
          { text: 'Observability', link: '/observability' },
          { text: 'Glossary', link: '/glossary' },
        ],
      },
      {
        text: 'Use with other libraries',
        items: [
          { text: 'AI SDK and useChat', link: '/interop/ai-sdk' },
          { text: 'LangChain.js', link: '/interop/langchain' },
          { text: 'MCP servers', link: '/interop/mcp' },
        ],
      },
      {
        text: 'Moving to Patchbay',
        items: [
          { text: 'from the AI SDK', link: '/migrate/ai-sdk' },
          { text: 'from LangChain.js', link: '/migrate/langchain' },
          { text: 'from the vendors’ SDKs', link: '/migrate/sdks' },
          { text: 'from LiteLLM', link: '/migrate/litellm' },
        ],
      },
      {
        text: 'API reference',
        collapsed: true,
        items: [
          api('core', 'core/'),
          api('core/messages'),
          api('core/http'),
          api('core/map'),
          api('core/wrap'),
          api('core/wire'),
          api('core/json-schema'),
          api('local', 'local/'),
          api('local/prompt'),
          api('local/answer'),
          api('claude'),
          api('gemini'),
          api('openai', 'openai/'),
          api('openai/messages'),
          ...['ollama', 'queue', 'config'].map((name) => api(name)),
          api('policies', 'policies/'),
          api('policies/tokens'),
          ...['gateway', 'ai-sdk', 'langchain', 'mcp'].map((name) => api(name)),
          api('testing', 'testing/'),
          api('testing/mock'),
        ],
      },
    ],
  },
})
