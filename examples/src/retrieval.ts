// Retrieval with local embeddings: the question that is nearest in meaning has the answer. The bundled model sees little
// more than the wording; name the file of an embedding model for real work: local('nomic-embed-text-v1.5.Q8_0.gguf').
import { cosineSimilarity } from '@patchbay/core'
import { local } from '@patchbay/local'

const answers: Record<string, string> = {
  'How long does the delivery of a parcel take?': 'Two days, five outside of Europe.',
  'Can I give back what I have bought?': 'Yes, within 30 days.',
  'Which cards can I pay with?': 'Visa and Mastercard.',
  'Is the shop open on Sunday?': 'No, from Monday to Saturday.',
  'Do you repair old bicycles?': 'Yes, bring it in the morning.',
}

const llm = local()
const known = Object.keys(answers)
const { vectors } = await llm.embed({ input: known, inputType: 'document' })

async function nearest(question: string): Promise<string> {
  const { vectors: asked } = await llm.embed({ input: question, inputType: 'query' })
  const likeness = vectors.map((vector) => cosineSimilarity(vector, asked[0] ?? []))
  return known[likeness.indexOf(Math.max(...likeness))] ?? ''
}

for (const question of [
  'How long does delivery take?',
  'Can I give back a bicycle I have bought?',
  'Is the shop open on Saturday?',
])
  console.log(`${question} ${answers[await nearest(question)]}`)
await llm.close()
