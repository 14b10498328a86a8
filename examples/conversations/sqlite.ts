// Keeps a conversation in SQLite: one row a turn, so that a long conversation is not written again.
import type { Message } from '@patchbay/core'
import { restoreMessages, storeMessages } from '@patchbay/core/messages'
import { openai } from '@patchbay/openai'
import sqlite from 'node-sqlite3-wasm'

const llm = openai('gpt-5.6-sol')
const db = new sqlite.Database(process.env.CHAT_DB ?? 'chat.db')
db.run(`
  CREATE TABLE IF NOT EXISTS turns (
    conversation TEXT, turn INTEGER, messages TEXT NOT NULL, PRIMARY KEY (conversation, turn)
  )`)

async function ask(conversation: string, question: string): Promise<string> {
  const rows = db.all('SELECT messages FROM turns WHERE conversation = ? ORDER BY turn', conversation)
  const history = rows.flatMap(({ messages }) => restoreMessages(messages))
  const asked: Message = { role: 'user', content: question }
  const { message, text } = await llm.chat([...history, asked])
  // Of two questions at the same time, the second one to be written fails: it has not seen the first.
  const turn = JSON.stringify(storeMessages([asked, message]))
  db.run('INSERT INTO turns VALUES (?, ?, ?)', [conversation, rows.length, turn])
  return text
}

console.log(await ask('zoe', process.env.QUESTION ?? 'My name is Zoe.'))
db.close()
await llm.close()
