// A chat, and a first configuration, in a real terminal: pasted lines, keys typed early, Ctrl-C, a resized window, Markdown.
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { fileURLToPath } from 'node:url'
import { expect, it, onTestFinished, vi } from 'vitest'
import { startInTerminal } from '../../test/terminal.js'
import { asPaste } from '../terminal/paste.js'

const echo = fileURLToPath(new URL('../../test/echo.json', import.meta.url))
const paste = (text: string) => asPaste(text.replaceAll('\n', '\r'))
const ctrlC = '\x03'
const ctrlD = '\x04'

/** A service that answers with what `say` is given, when it is given. */
async function slowService() {
  const answers: ServerResponse[] = []
  let questions = 0
  const server = createServer((request, response) => {
    if (request.method === 'GET') return response.end('{"data":[]}')
    questions++
    response.setHeader('content-type', 'text/event-stream')
    response.flushHeaders()
    answers.push(response)
    return undefined
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  onTestFinished(() => {
    server.closeAllConnections()
    server.close()
  })
  const { port } = server.address() as AddressInfo
  const event = (choice: object) => `data: ${JSON.stringify({ id: 'c', choices: [choice] })}\n\n`
  return {
    questions: () => questions,
    config: {
      providers: {
        far: { use: 'openai', model: 'm', apiKey: '${KEY}', baseURL: `http://127.0.0.1:${port}/v1` },
      },
    },
    say: (content: string) => answers.at(-1)?.write(event({ index: 0, delta: { content } })),
    finish: () =>
      answers.at(-1)?.end(`${event({ index: 0, delta: {}, finish_reason: 'stop' })}data: [DONE]\n\n`),
  }
}

async function chatWithService() {
  const service = await slowService()
  const terminal = startInTerminal(['chat'], { config: service.config })
  await terminal.shows('> ')
  return { ...service, ...terminal }
}

it('pasted lines are one question, and nothing is asked before Enter', async () => {
  const terminal = startInTerminal(['chat', '-c', echo])
  await terminal.shows('> ')
  terminal.type(paste('one\ntwo\n\tthree'))
  await terminal.shows('one⏎two')
  terminal.type(' four\r')
  await terminal.shows(/^one\ntwo\n *three four\n.*first token/m)
  expect(terminal.lines().filter((line) => line.includes('first token'))).toHaveLength(1)
  terminal.type(ctrlD)
  expect(await terminal.ended).toBe(0)
})

it('lines that come at once are asked one after another, and Alt-Enter begins a new line of one', async () => {
  const terminal = startInTerminal(['chat', '-c', echo])
  await terminal.shows('> ')
  terminal.type(`one\rtwo\x1b\rthree\r${paste('four\nfive')}`)
  await terminal.shows('> four⏎five')
  const lines = terminal.lines().filter((line) => !line.includes('first token'))
  expect(lines.slice(1)).toEqual(['> one', 'one', '> two⏎three', 'two', 'three', '> four⏎five'])
})

it('a long paste is shown by its size, and sent whole', async () => {
  const terminal = startInTerminal(['chat', '-c', echo])
  await terminal.shows('> ')
  terminal.type(paste(Array.from({ length: 100 }, (_, index) => `line ${index}`).join('\n')))
  await terminal.shows('> [pasted text 1, 100 lines]')
  terminal.type('\r')
  await terminal.shows(/^line 0\n(line \d+\n)+line 99\n.*first token/m)
})

it('keys typed during an answer do not stand in it, and wait for the next prompt', async () => {
  const { say, finish, questions, type, shows, lines } = await chatWithService()
  type('first\r')
  await vi.waitFor(() => expect(questions()).toBe(1), { timeout: 20_000 })
  say('The answer ')
  await shows('The answ')
  type('second question')
  say('in one piece.')
  await shows('The answer in one piece')
  finish()
  await shows('> second question')
  expect(questions()).toBe(1)
  expect(lines().filter((line) => line.includes('second'))).toEqual(['> second question'])
  type('\r')
  await vi.waitFor(() => expect(questions()).toBe(2), { timeout: 20_000 })
})

it('Ctrl-C stops the answer, clears a line that is half typed, and leaves at an empty one', async () => {
  const { say, questions, type, shows, lines, ended } = await chatWithService()
  type('first\r')
  await vi.waitFor(() => expect(questions()).toBe(1), { timeout: 20_000 })
  say('The answer')
  await shows('The answ')
  type(ctrlC)
  await shows('(stopped)')
  type('half a line')
  await shows('> half a line')
  type(`${ctrlC}whole`)
  await shows('> whole')
  expect(lines().join()).not.toContain('half a line')
  type(ctrlC)
  type(ctrlC)
  await shows('again to leave')
  type(ctrlC)
  expect(await ended).toBe(0)
})

it('a resized window keeps every word, while a line is typed and while an answer streams', async () => {
  const { say, finish, questions, type, shows, resize, lines, sent } = await chatWithService()
  const question = `${'question '.repeat(12)}?`
  type(question)
  await shows(question)
  for (const columns of [40, 120, 60, 100, 80]) {
    const before = sent().length
    resize(columns, 24)
    await vi.waitFor(() => expect(sent().slice(before)).toContain(question), { timeout: 20_000 })
    await shows(question)
    expect(lines()[0]).toMatch(/\/help for commands, Ctrl-D to leave$/)
  }
  type('\r')
  await vi.waitFor(() => expect(questions()).toBe(1), { timeout: 20_000 })
  const before = sent().length
  for (const columns of [40, 120, 60]) {
    const said = sent().length
    say('some words of an answer that is longer than one row of the window, ')
    await vi.waitFor(() => expect(sent().slice(said)).toContain('row of the window'), { timeout: 20_000 })
    resize(columns, 24)
  }
  finish()
  await shows('first token')
  const answered = sent().slice(before, sent().indexOf('first token'))
  // Terminals differ in how they wrap what is there; nothing is sent that moves the cursor up or erases.
  // biome-ignore lint/suspicious/noControlCharactersInRegex: this matches control characters
  expect(answered).not.toMatch(/\x1b\[\d*[AHJ]/)
  expect(answered.replace(/\s+/g, ' ')).toContain(
    'some words of an answer that is longer than one row of the window, '.repeat(3).trim(),
  )
})

it('Markdown is rendered as it streams, whatever its pieces', async () => {
  const { say, finish, questions, type, shows, sent } = await chatWithService()
  type('first\r')
  await vi.waitFor(() => expect(questions()).toBe(1), { timeout: 20_000 })
  for (const piece of ['# Ti', 'tle\n\nSome **bo', 'ld** wo', 'rds']) say(piece)
  await shows(/^Title\n\nSome bold wo/m)
  for (const character of '.\n\n- a\n- b\n\n| x | long |\n|---|---|\n| wide | y |\n\n```js\na_b\n```\n')
    say(character)
  finish()
  await shows('first token')
  await shows('• a\n• b\n\nx    │ long\n─────┼─────\nwide │ y\n\n  a_b\n')
  expect(sent()).toContain('\x1b[1mb')
})

it('what goes wrong is one line, and the chat goes on', async () => {
  const terminal = startInTerminal(['chat', '-c', echo])
  await terminal.shows('> ')
  const wrong: [string, string | RegExp][] = [
    ['/save /nowhere/at/all', /ENOENT: .*\/nowhere\/at\/all/],
    ['/foo', 'Unknown command /foo.'],
    ['/model claude:claude-opus-5', /authentication: .*ANTHROPIC_API_KEY/],
    ['/model ./nothing.gguf', /nothing\.gguf does not exist/],
    ['/model nobody', /config: .*nobody/],
  ]
  for (const [command, message] of wrong) {
    terminal.type(`${command}\r`)
    await terminal.shows(message)
  }
  terminal.type('/model\r')
  terminal.type('/etc/hosts is a path\r')
  await terminal.shows(/^\/etc\/hosts is a path\n.*first token/m)
  expect(terminal.sent()).not.toMatch(/^\s+at .*:\d+:\d+/m)
})

it('init asks nothing where there is nothing to choose, writes the file, and ends with an answer', async () => {
  const terminal = startInTerminal(['init'])
  expect(await terminal.ended).toBe(0)
  await terminal.shows('> What is the capital of France?\nThe capital of France is Paris.\n')
  expect(terminal.lines().join()).not.toContain('Default provider?')
})
