// Choose the model by its name, in a variable of the environment or in patchbay.config.
import { connect } from '@patchbay/config'

async function main() {
  const { MODEL = 'openai:gpt-5.6-sol' } = process.env
  const llm = await connect(MODEL)
  console.log((await llm.chat('What is the capital of France?')).text)
}
void main()
