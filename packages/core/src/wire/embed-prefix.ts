// The prefixes by which embedding models tell queries from documents. Source: the model cards on huggingface.co, November 2026.

type Prefixes = { query: string; document: string }

const sentence = 'Represent this sentence for searching relevant passages: '
const families: [pattern: RegExp, prefixes: Prefixes][] = [
  [/nomic-embed/, { query: 'search_query: ', document: 'search_document: ' }],
  // gemini-embedding-2: ai.google.dev/gemini-api/docs/embeddings, November 2026.
  [
    /embedding-?gemma|gemini-embedding-2/,
    { query: 'task: search result | query: ', document: 'title: none | text: ' },
  ],
  [
    /qwen3-embedding/,
    {
      query: 'Instruct: Given a web search query, retrieve relevant passages that answer the query\nQuery: ',
      document: '',
    },
  ],
  [/(^|[/_-])(multilingual-)?e5-(small|base|large)/, { query: 'query: ', document: 'passage: ' }],
  [/arctic-embed.*(2\.0|v2|embed2)/, { query: 'query: ', document: '' }],
  [/arctic-embed|mxbai-embed|bge-(small|base|large)-en/, { query: sentence, document: '' }],
]

/** The texts with the prefix that the model was trained with; unchanged for models without one. */
export function withPrefix(model: string, texts: string[], inputType: keyof Prefixes | undefined): string[] {
  const name = model.toLowerCase()
  const prefix = inputType && families.find(([pattern]) => pattern.test(name))?.[1][inputType]
  return prefix ? texts.map((text) => prefix + text) : texts
}
