// Classify many rows, four at a time; a row that fails does not end the others.
import { map } from '@patchbay/core/map'
import { openai } from '@patchbay/openai'

async function main() {
  const llm = openai('gpt-5.6-sol')
  const reviews = Array.from({ length: 40 }, (_, index) => (index % 4 === 0 ? 'Broken.' : 'Great.'))
  const classify = (review: string) => llm.chat(`Positive or negative? ${review}`)
  const counts: Record<string, number> = {}
  for await (const { value, error } of map(reviews, classify, { concurrency: 4 })) {
    const label = value?.text ?? `failed: ${String(error)}`
    counts[label] = (counts[label] ?? 0) + 1
  }
  console.log(counts)
}
void main()
