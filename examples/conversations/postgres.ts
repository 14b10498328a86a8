// Keeps a conversation in Postgres: one row a turn, so that a long conversation is not written again.
import type { Message } from '@patchbay/core'
import { restoreMessages, storeMessages } from '@patchbay/core/messages'
import { openai } from '@patchbay/openai'
import pg from 'pg'

const llm = openai('gpt-5.6-sol')
const db = new pg.Pool() // PGHOST, PGUSER …
await db.query(`
  CREATE TABLE IF NOT EXISTS turns (
    conversation text, turn integer, messages json NOT NULL, PRIMARY KEY (conversation, turn)
  )`)

async function ask(conversation: string, question: string): Promise<string> {
  const { rows } = await db.query('SELECT messages FROM turns WHERE conversation = $1 ORDER BY turn', [
    conversation,
  ])
  const history = rows.flatMap(({ messages }) => restoreMessages(messages))
  const asked: Message = { role: 'user', content: question }
  const { message, text } = await llm.chat([...history, asked])
  // Of two questions at the same time, the second one to be written fails: it has not seen the first.
  const turn = JSON.stringify(storeMessages([asked, message]))
  await db.query('INSERT INTO turns VALUES ($1, $2, $3)', [conversation, rows.length, turn])
  return text
}

console.log(await ask('zoe', process.env.QUESTION ?? 'My name is Zoe.'))
await db.end()
await llm.close()
