// Classify many rows, four at a time; a row that fails does not end the others.
import { openai } from '@ai-sdk/openai'
import { generateText } from 'ai'

async function main() {
  const model = openai('gpt-5.6-sol')
  const reviews = Array.from({ length: 40 }, (_, index) => (index % 4 === 0 ? 'Broken.' : 'Great.'))
  const labels: string[] = []
  const rows = reviews.entries()
  const work = async () => {
    for (const [index, review] of rows)
      try {
        const { text } = await generateText({ model, prompt: `Positive or negative? ${review}` })
        labels[index] = text
      } catch (error) {
        labels[index] = `failed: ${String(error)}`
      }
  }
  await Promise.all([work(), work(), work(), work()])
  const counts: Record<string, number> = {}
  for (const label of labels) counts[label] = (counts[label] ?? 0) + 1
  console.log(counts)
}
void main()
