// The programs that people write first compile as users compile them, against the types that users get.
import { spawnSync } from 'node:child_process'
import { copyFileSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { basename } from 'node:path'
import { beforeAll, describe, expect, it } from 'vitest'
import { at } from './run.js'

const namesIn = () =>
  readdirSync(at('first'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'))

describe('the compiler takes all of them with the strictest options and lib dom', () => {
  const strictest = {
    ...{ target: 'ES2022', strict: true, noEmit: true, skipLibCheck: true, isolatedModules: true },
    ...{ noUncheckedIndexedAccess: true, exactOptionalPropertyTypes: true, noImplicitOverride: true },
    ...{
      noImplicitReturns: true,
      noFallthroughCasesInSwitch: true,
      noPropertyAccessFromIndexSignature: true,
    },
    ...{ noUnusedLocals: true, noUnusedParameters: true, allowUnreachableCode: false },
    lib: ['ES2022', 'ESNext.Disposable', 'DOM', 'DOM.Iterable', 'DOM.AsyncIterable'],
    types: ['node'],
  }
  const settings: Record<string, { files: string; options: object }> = {
    node: { files: '../../first/**/*.ts', options: { module: 'Node16', moduleResolution: 'Node16' } },
    'node, as CommonJS': {
      files: 'cts/*.cts',
      options: { module: 'NodeNext', moduleResolution: 'NodeNext' },
    },
    bundler: { files: '../../first/**/*.ts', options: { module: 'ESNext', moduleResolution: 'Bundler' } },
    'CommonJS with esModuleInterop': {
      files: '../../first/**/*.ts',
      options: { module: 'CommonJS', moduleResolution: 'Bundler', esModuleInterop: true },
    },
  }

  beforeAll(() => {
    rmSync(at('.cache/first'), { recursive: true, force: true })
    mkdirSync(at('.cache/first/cts'), { recursive: true })
    for (const name of namesIn()) copyFileSync(at(`first/${name}.ts`), at(`.cache/first/cts/${name}.cts`))
  })

  it.each(Object.entries(settings))('%s', (name, { files, options }) => {
    const config = at(`.cache/first/tsconfig.${name.replaceAll(/\W+/g, '-')}.json`)
    writeFileSync(config, JSON.stringify({ compilerOptions: { ...strictest, ...options }, include: [files] }))
    const tsc = at('../node_modules/@typescript/native/bin/tsc')
    const { status, stdout } = spawnSync(process.execPath, [tsc, '-p', config], { encoding: 'utf8' })
    expect(`${stdout}${status}`).toBe('0')
    const { stdout: compiled } = spawnSync(process.execPath, [tsc, '-p', config, '--listFilesOnly'], {
      encoding: 'utf8',
    })
    expect(compiled.split('\n').filter((file) => /\/(first|cts)\/[\w-]+\.c?ts$/.test(file))).toHaveLength(20)
  })
})
