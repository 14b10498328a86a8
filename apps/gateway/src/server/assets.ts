// Files of the web page, read once at start. Only these exact paths are served.
import { readdirSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { dirname, extname, join, sep } from 'node:path'
import { gzipSync } from 'node:zlib'

type Bytes = Uint8Array<ArrayBuffer>

export interface Asset {
  body: Bytes
  headers: Record<string, string>
}

/** The files by path. */
export type Assets = ReadonlyMap<string, Asset>

const packed = new WeakMap<Asset, Bytes>()

/** The file, in gzip for whoever takes it: each is packed once, when it is first asked for. */
export function assetResponse(asset: Asset, acceptEncoding = ''): Response {
  const headers = { ...asset.headers, vary: 'accept-encoding' }
  if (!/\bgzip\b/.test(acceptEncoding)) return new Response(asset.body, { headers })
  const body = packed.get(asset) ?? new Uint8Array(gzipSync(asset.body))
  packed.set(asset, body)
  return new Response(body, { headers: { ...headers, 'content-encoding': 'gzip' } })
}

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.webmanifest': 'application/manifest+json',
}

/** Content security policy: nothing from other hosts, no inline script; a model's text is never executed. */
const policy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "connect-src 'self'",
  "manifest-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ')

/** Where the admins' page is. */
export const adminPage = '/admin'
const pages: Record<string, string> = { '/index.html': '/', '/admin.html': adminPage }

let cached: Assets | undefined

/** The files of `@patchbay/playground`. */
export function assets(): Assets {
  cached ??= readFolder(
    join(dirname(createRequire(import.meta.url).resolve('@patchbay/playground/package.json')), 'dist'),
  )
  return cached
}

function readFolder(folder: string): Assets {
  const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((file) => file.isFile())
  return new Map(
    files.map((file) => {
      const path = join(file.parentPath, file.name)
      const name = path.slice(folder.length).replaceAll(sep, '/')
      const page = pages[name]
      const headers = {
        'content-type': types[extname(name)] ?? 'application/octet-stream',
        // The names of what is built change with its content.
        'cache-control': name.startsWith('/assets/') ? 'public, max-age=31536000, immutable' : 'no-cache',
        'content-security-policy': policy,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
      }
      return [page ?? name, { body: new Uint8Array(readFileSync(path)), headers }]
    }),
  )
}
