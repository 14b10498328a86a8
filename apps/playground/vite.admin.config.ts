// How the admins' page is built: apart from the chat page, which must not grow by it.
import { defineConfig, mergeConfig } from 'vite'
import base from './vite.config.js'

export default mergeConfig(
  base,
  defineConfig({ build: { emptyOutDir: false, rollupOptions: { input: 'admin.html' } } }),
)
