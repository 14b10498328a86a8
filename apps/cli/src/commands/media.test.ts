// `patchbay image` and `patchbay speak`: what is sent to a service, and where its bytes go.
import { spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { describe, expect, it, onTestFinished } from 'vitest'
import { faultServer } from '../../../../packages/testing/src/fault-server.js'

const command = fileURLToPath(new URL('../../dist/index.js', import.meta.url))
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'base64',
)
/** Not text: like every format, it has bytes that UTF-8 does not have. */
const sound = Buffer.from([0xff, 0xfb, 0x90, 0x64, 1])

/** A folder with a configuration of a service that draws and speaks. */
async function world() {
  const service = await faultServer(({ path, json }) => {
    if (path === '/audio/speech') {
      const { response_format } = json as { response_format?: string }
      const type = response_format === 'wav' ? 'audio/wav' : 'audio/mpeg'
      return { headers: { 'content-type': type }, body: new Uint8Array(sound), chunk: 2 }
    }
    const picture = { b64_json: png.toString('base64') }
    const { n, prompt } = (json ?? {}) as { n?: number; prompt?: string }
    const count = prompt === 'More than was asked for' ? 2 : (n ?? 1)
    return {
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ created: 1, data: Array.from({ length: count }, () => picture) }),
    }
  })
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-media-'))
  onTestFinished(async () => {
    rmSync(folder, { recursive: true, force: true })
    await service.close()
  })
  const made = (model: string) => ({
    use: 'openai',
    preset: 'openai',
    model,
    apiKey: '${KEY}',
    baseURL: service.url,
  })
  writeFileSync(
    join(folder, 'patchbay.config.json'),
    JSON.stringify({
      default: 'draws',
      providers: { draws: made('gpt-image-2'), speaks: made('tts-1'), chats: 'local' },
    }),
  )
  const run = (args: string[], stdin = '') =>
    new Promise<{ code: number | null; out: Buffer; err: string }>((resolve) => {
      const child = spawn(process.execPath, [command, ...args], {
        cwd: folder,
        env: { ...process.env, XDG_CONFIG_HOME: folder, PATCHBAY_PROVIDER: '', KEY: 'sk-secret' },
      })
      onTestFinished(() => void child.kill('SIGKILL'))
      const out: Buffer[] = []
      let err = ''
      child.stdout.on('data', (chunk) => out.push(chunk))
      child.stderr.on('data', (chunk) => (err += chunk))
      child.stdin.end(stdin)
      child.on('close', (code) => resolve({ code, out: Buffer.concat(out), err }))
    })
  return { run, service, at: (file: string) => join(folder, file) }
}

describe('patchbay image', () => {
  it('writes the picture to the file', async () => {
    const { run, service, at } = await world()
    const { code, out, err } = await run([
      'image',
      'A red',
      'bicycle',
      '-o',
      'bike.png',
      '--size',
      '1024x1024',
    ])
    expect(err).toBe('bike.png: image/png, 1 KB\n')
    expect({ code, out: out.length }).toEqual({ code: 0, out: 0 })
    expect(readFileSync(at('bike.png')).equals(png)).toBe(true)
    expect(service.requests[0]?.json).toMatchObject({
      model: 'gpt-image-2',
      prompt: 'A red bicycle',
      size: '1024x1024',
    })
  })

  it('writes a single picture to a pipe, unchanged, for a prompt from standard input', async () => {
    const { run, service } = await world()
    const { code, out } = await run(['image'], 'A red bicycle')
    expect(code).toBe(0)
    expect(out.equals(png)).toBe(true)
    expect(service.requests[0]?.json).toMatchObject({ prompt: 'A red bicycle' })
  })

  it('numbers several, and says when an ending is of another type', async () => {
    const { run, at } = await world()
    const { code, err } = await run(['image', 'x', '-n', '2', '-o', 'bike.jpg'])
    expect(code).toBe(0)
    expect(readFileSync(at('bike-1.jpg')).equals(readFileSync(at('bike-2.jpg')))).toBe(true)
    expect(err).toContain('bike-2.jpg holds image/png; its ending should be .png')
  })

  it('loses none of several that were not asked for', async () => {
    const { run, at } = await world()
    const more = await run(['image', 'More than was asked for', '-o', 'bike.png'])
    expect(more.code).toBe(0)
    expect(['bike-1.png', 'bike-2.png', 'bike.png'].map((file) => existsSync(at(file)))).toEqual([
      true,
      true,
      false,
    ])
    const piped = await run(['image', 'More than was asked for'])
    expect({ code: piped.code, out: piped.out.length }).toEqual({ code: 2, out: 0 })
    expect(piped.err).toContain('2 pictures came')
    expect(piped.err).toContain('-o picture.png')
  })

  it('shows the service the pictures to change', async () => {
    const { run, service, at } = await world()
    writeFileSync(at('old.png'), png)
    const { code } = await run(['image', 'Make it blue', '--image', 'old.png', '-o', 'new.png'])
    expect(code).toBe(0)
    expect(service.requests[0]?.path).toBe('/images/edits')
    expect(readFileSync(at('new.png')).equals(png)).toBe(true)
  })

  it.each([
    ['nothing to draw', ['image', '-o', 'x.png'], 2, 'Say what to draw'],
    ['several without a file', ['image', 'x', '-n', '2'], 2, 'Several pictures need files'],
    ['a size that is none', ['image', 'x', '-o', 'x.png', '--size', 'large'], 3, 'size'],
    ['a model that draws nothing', ['image', 'x', '-o', 'x.png', '-p', 'chats'], 3, 'image'],
    ['a folder that is not there', ['image', 'x', '-o', 'none/x.png'], 2, 'none/x.png cannot be written'],
  ])('says what is wrong: %s', async (_, args, expected, message) => {
    const { run, at } = await world()
    const { code, err } = await run(args)
    expect(err).toContain(message)
    expect(code).toBe(expected)
    expect(existsSync(at('x.png'))).toBe(false)
  })
})

describe('where the bytes go', () => {
  const calls = [{ call: ['image', 'x'] }, { call: ['speak', 'x', '-p', 'speaks'] }]

  it.each(calls)('is known to be no file before the call is paid for: $call', async ({ call }) => {
    const { run, service, at } = await world()
    mkdirSync(at('folder'))
    const folder = await run([...call, '-o', 'folder'])
    expect(folder.err).toContain('folder is a folder. Name a file in it: --output folder')
    const none = await run([...call, '-o', 'none/x.png'])
    expect(none.err).toContain('none/x.png cannot be written: there is no folder none')
    expect([folder.code, none.code]).toEqual([2, 2])
    expect(service.requests).toEqual([])
  })

  it.each(calls)('is standard output for "-": $call', async ({ call }) => {
    const { run, at } = await world()
    const { code, out } = await run([...call, '-o', '-'])
    expect(code).toBe(0)
    expect(out.equals(call[0] === 'image' ? png : sound)).toBe(true)
    expect(existsSync(at('-'))).toBe(false)
  })

  it('a picture that cannot be written does not cost the others', async () => {
    const { run, at } = await world()
    mkdirSync(at('x-1.png'))
    const { code, err } = await run(['image', 'x', '-n', '3', '-o', 'x.png'])
    expect(err).toContain('x-1.png cannot be written')
    expect(code).toBe(2)
    expect([2, 3].map((index) => readFileSync(at(`x-${index}.png`)).equals(png))).toEqual([true, true])
  })
})

describe('patchbay speak', () => {
  it('writes speech of the format that the ending stands for', async () => {
    const { run, service, at } = await world()
    const { code, err } = await run([
      'speak',
      'Good morning',
      '-p',
      'speaks',
      '-o',
      'm.wav',
      '--voice',
      'nova',
    ])
    expect(err).toBe('m.wav: audio/wav, 1 KB\n')
    expect(code).toBe(0)
    expect(readFileSync(at('m.wav')).equals(sound)).toBe(true)
    expect(service.requests[0]?.json).toMatchObject({
      input: 'Good morning',
      voice: 'nova',
      response_format: 'wav',
    })
  })

  it('writes a pipe its bytes unchanged, for a text from standard input', async () => {
    const { run, service } = await world()
    const { code, out } = await run(['speak', '-p', 'speaks', '--speed', '1.5'], 'Good morning')
    expect(code).toBe(0)
    expect(out.equals(sound)).toBe(true)
    expect(service.requests[0]?.json).toMatchObject({ input: 'Good morning', speed: 1.5 })
  })

  it('leaves no file when the call fails', async () => {
    const { run, at } = await world()
    const { code, err } = await run(['speak', 'x', '-p', 'chats', '-o', 'x.mp3'])
    expect(err).toMatch(/unsupported/)
    expect(code).toBe(3)
    expect(existsSync(at('x.mp3'))).toBe(false)
  })
})
