// The guide and the API reference as a static site in `.vitepress/dist`: no server, any host of files will do.
import { fileURLToPath } from 'node:url'
import { build } from 'vitepress'
import { writeApi } from './api.mjs'

await writeApi()
await build(fileURLToPath(new URL('.', import.meta.url)))
