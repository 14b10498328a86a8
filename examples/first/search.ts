// Find the nearest text by embeddings.
import { cosineSimilarity } from '@patchbay/core'
import { openai } from '@patchbay/openai'

async function main() {
  const texts = ['Delivery takes two days.', 'We are open on Saturday.']
  const llm = openai('text-embedding-3-small')
  const { vectors } = await llm.embed([...texts, 'Is the shop open on Saturday?'])
  const question = vectors.pop() ?? new Float32Array()
  const scores = vectors.map((vector) => cosineSimilarity(vector, question))
  console.log(texts[scores.indexOf(Math.max(...scores))])
}
void main()
