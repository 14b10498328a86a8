// The files of the web page, read once: what is served is what was there, under the paths it was found at and no other.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join, sep } from 'node:path'

/** By path: what is answered. */
export type Assets = ReadonlyMap<string, { body: Uint8Array<ArrayBuffer>; headers: Record<string, string> }>

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Nothing from elsewhere, and no script that is not a file of ours: what a model says stays text. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

let read: Assets | undefined

/** The page of `@patchbay/playground`. */
export function assets(): Assets {
  read ??= from(
    join(dirname(createRequire(import.meta.url).resolve('@patchbay/playground/package.json')), 'dist'),
  )
  return read
}

function from(folder: string): Assets {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  return new Map(
    files.map((file) => {
      const path = join(file.parentPath, file.name)
      const name = path.slice(folder.length).replaceAll(sep, '/')
      const isPage = name === '/index.html'
      const headers = {
        'content-type': types[extname(name)] ?? 'application/octet-stream',
        // The names of all others change with what they hold.
        'cache-control': isPage ? 'no-cache' : 'public, max-age=31536000, immutable',
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      }
      return [isPage ? '/' : name, { body: new Uint8Array(readFileSync(path)), headers }]
    }),
  )
}
