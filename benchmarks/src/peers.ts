// The peers of this repository's packages, in the versions they are measured at. They are installed beside it, not into it.
import { spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, writeFileSync } from 'node:fs'
import { at } from './report.js'

const dependencies = {
  ai: '6.0.326',
  '@ai-sdk/openai': '3.0.141',
  '@langchain/openai': '1.5.8',
  '@langchain/core': '1.4.0',
  zod: '4.6.7',
}

/** The folder they are installed in; without a registry there is none, and a word about it. */
export function peersAt(): string | undefined {
  const folder = at('.cache/peers')
  return installed(folder, dependencies) ? folder : undefined
}

/** Are these packages in this folder? They are fetched if not. */
export function installed(folder: string, dependencies: Record<string, string>): boolean {
  if (existsSync(`${folder}/node_modules`)) return true
  mkdirSync(folder, { recursive: true })
  writeFileSync(`${folder}/package.json`, JSON.stringify({ private: true, dependencies }))
  const { status } = spawnSync('npm', ['install', '--ignore-scripts', '--no-audit', '--no-fund'], {
    cwd: folder,
    stdio: ['ignore', 2, 2],
    shell: process.platform === 'win32',
  })
  if (status !== 0)
    process.stderr.write(
      `${Object.keys(dependencies).join(', ')} cannot be installed (no registry?); left out.\n`,
    )
  return status === 0
}
