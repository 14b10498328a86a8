// Find the nearest text by embeddings.
import { openai } from '@ai-sdk/openai'
import { cosineSimilarity, embedMany } from 'ai'

async function main() {
  const texts = ['Delivery takes two days.', 'We are open on Saturday.']
  const { embeddings } = await embedMany({
    model: openai.embedding('text-embedding-3-small'),
    values: [...texts, 'Is the shop open on Saturday?'],
  })
  const question = embeddings.pop() ?? []
  const scores = embeddings.map((vector) => cosineSimilarity(vector, question))
  console.log(texts[scores.indexOf(Math.max(...scores))])
}
void main()
