#!/usr/bin/env node
// A stand-in for llama-server: speaks the part of its HTTP interface that the worker uses, and fails on demand. It writes
// the same word for ever. `--fake KIND` chooses how it fails; `PATCHBAY_FAKE_LOG` names a file for the ids of its processes.
import { appendFileSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'

const args = process.argv.slice(2)
const optionOf = (name) => args[args.indexOf(name) + 1]
const kind = args.includes('--fake') ? optionOf('--fake') : 'none'

if (args.includes('--list-devices')) {
  if (process.env.PATCHBAY_FAKE_GPU === 'hangs') Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  process.stdout.write('Available devices:\n')
  if (process.env.PATCHBAY_FAKE_GPU)
    process.stdout.write('  CUDA0: NVIDIA Test (24000 MiB, 23000 MiB free)\n')
  process.exit(0)
}
if (process.env.PATCHBAY_FAKE_LOG)
  appendFileSync(process.env.PATCHBAY_FAKE_LOG, `${process.pid} ${args.join(' ')}\n`)
if (process.env.PATCHBAY_FAKE_LOG)
  appendFileSync(`${process.env.PATCHBAY_FAKE_LOG}.environment`, JSON.stringify(process.env))
if (kind === 'refuses') {
  process.stderr.write('0.00.100.000 I loading\n0.00.101.000 E llama_model_load: error: wrong tensor shape\n')
  process.exit(1)
}
if (kind === 'dies-loading') process.kill(process.pid, 'SIGSEGV')
const isFirst = () => readFileSync(process.env.PATCHBAY_FAKE_LOG, 'utf8').trim().split('\n').length === 1
if (kind === 'dies-loading-once' && isFirst()) process.kill(process.pid, 'SIGKILL')

/** Token of pico's vocabulary that stands for the letter `a`. */
const token = Number(process.env.PATCHBAY_FAKE_LETTER ?? 65)
let polls = 0
let written = 0

async function bodyOf(request) {
  let text = ''
  for await (const part of request) text += part
  return text === '' ? {} : JSON.parse(text)
}

const server = createServer(async (request, response) => {
  const json = (value, status = 200) => {
    response.writeHead(status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(value))
  }
  const { pathname } = new URL(request.url, 'http://localhost')
  if (pathname === '/health')
    return kind === 'loads-for-ever' || polls++ < 3
      ? json({ error: { code: 503, message: 'Loading model', type: 'unavailable_error' } }, 503)
      : json({ status: 'ok' })
  if (pathname === '/props')
    return json({ build_info: `fake ${process.pid}`, modalities: { vision: false, audio: false } })
  const body = await bodyOf(request)
  if (pathname !== '/completion')
    return json({ error: { message: 'File Not Found', type: 'not_found_error' } }, 404)
  if (kind === 'garbage') return response.end('<html>hello</html>')
  if (kind === 'refuses-requests')
    return json({ error: { code: 500, message: 'no slot today', type: 'server_error' } }, 500)
  if (body.n_predict === 0) return json({ content: '', stop: true })
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  const send = (value) => response.write(`data: ${JSON.stringify(value)}\n\n`)
  for (let count = 1; !response.destroyed; count++) {
    if (kind === 'error-in-answer' && count === 5)
      return send({ error: { code: 500, message: 'the cache is full', type: 'server_error' } })
    if (kind === 'breaks-off' && count === 5) return response.destroy()
    if (kind === 'dies' && written === 20) process.kill(process.pid, 'SIGKILL')
    if (kind === 'hangs' && written === 20) process.kill(process.pid, 'SIGSTOP')
    written++
    const tokens = kind === 'no-tokens' ? [] : [token]
    send({
      content: 'a',
      tokens,
      stop: false,
      ...(kind !== 'no-tokens' && { tokens_predicted: count }),
      tokens_evaluated: 1,
    })
    await new Promise((resolve) => setTimeout(resolve, 2))
  }
})
server.listen(
  ...(args.includes('--port') ? [Number(optionOf('--port')), '127.0.0.1'] : [optionOf('--host')]),
  () => {
    // With a port, the log tells which one; other programs of the machine may have ports of their own.
    if (args.includes('--port'))
      process.stderr.write(
        `0.00.100.000 I srv  llama_server: listening on http://127.0.0.1:${server.address().port}\n`,
      )
  },
)
