// The dashboard and the alerts of `deploy/helm/files`: every expression names metrics and labels that the gateway exposes.
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { errorCodes } from '@patchbay/core'
import { priced } from '@patchbay/policies'
import { mockProvider } from '@patchbay/testing'
import { parser } from '@prometheus-io/lezer-promql'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { parse } from 'yaml'
import { over, served } from '../../test/served.js'
import { newKey } from '../index.js'

const path = (name: string) =>
  fileURLToPath(new URL(`../../../../deploy/helm/files/${name}`, import.meta.url))
const dashboard = JSON.parse(readFileSync(path('dashboard.json'), 'utf8'))
const alerts = parse(readFileSync(path('alerts.yaml'), 'utf8'))

const expressions: [string, string][] = [
  ...dashboard.panels.flatMap(({ title, targets }: { title: string; targets: { expr: string }[] }) =>
    targets.map(({ expr }) => [`dashboard: ${title}`, expr]),
  ),
  ...alerts.groups.flatMap(({ rules }: { rules: { alert: string; expr: string }[] }) =>
    rules.map(({ alert, expr }) => [`alert: ${alert}`, expr]),
  ),
]
const queries: string[] = dashboard.templating.list
  .filter(({ type }: { type: string }) => type === 'query')
  .map(({ query }: { query: string }) => query)

/** The labels of each series by its name, with the values that were seen. */
type Exposed = Map<string, Map<string, Set<string>>>

function exposedBy(text: string): Exposed {
  const exposed: Exposed = new Map()
  for (const line of text.split('\n')) {
    const [, name, labels = ''] = /^([a-z_]+)(?:\{(.*)\})? \S+$/.exec(line) ?? []
    if (name === undefined) continue
    const known = exposed.get(name) ?? new Map<string, Set<string>>()
    exposed.set(name, known)
    for (const [, label = '', value = ''] of labels.matchAll(/(\w+)="([^"]*)"/g))
      known.set(label, (known.get(label) ?? new Set()).add(value))
  }
  return exposed
}

/** Selectors of an expression, and the labels by which it groups. Throws where it cannot be parsed. */
function read(expression: string) {
  // Grafana's variables stand for durations and texts.
  const text = expression.replaceAll('$__rate_interval', '5m')
  const selectors: { name: string; matchers: { label: string; value: string }[] }[] = []
  const grouped: string[] = []
  parser.parse(text).iterate({
    enter({ type, from, to, node }) {
      const textOf = (child: { from: number; to: number } | null) =>
        child === null ? '' : text.slice(child.from, child.to)
      if (type.isError) throw new Error(`not PromQL: ${text}, at ${text.slice(from)}`)
      if (type.name === 'VectorSelector')
        selectors.push({ name: textOf(node.getChild('Identifier')), matchers: [] })
      if (type.name === 'UnquotedLabelMatcher')
        selectors.at(-1)?.matchers.push({
          label: textOf(node.getChild('LabelName')),
          value: textOf(node.getChild('StringLiteral')).slice(1, -1),
        })
      if (type.name === 'GroupingLabels')
        grouped.push(
          ...text
            .slice(from + 1, to - 1)
            .split(',')
            .map((label) => label.trim()),
        )
    },
  })
  return { selectors, grouped }
}

// Prometheus adds these to what it scrapes.
const added = ['instance', 'job']

describe('every expression', () => {
  let exposed: Exposed
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-metrics-'))
  afterAll(() => rmSync(folder, { recursive: true }))

  beforeAll(async () => {
    const { key, hash } = newKey()
    const usage = { inputTokens: 3, cachedInputTokens: 1, outputTokens: 2, reasoningTokens: 1 }
    const provider = priced(mockProvider({ answers: [{ text: 'one', usage }] }), {
      'mock-1': { input: 1, cachedInput: 1, output: 1 },
    })
    const database = `sqlite:${join(folder, 'gateway.db')}`
    const gateway = await over(() => provider, { keys: { ann: { hash } }, database })
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const body = { model: 'default', messages: [{ role: 'user', content: 'hi' }], prompt_cache_key: 'a' }
    for (const [more, status] of [
      [{ stream: true }, 200],
      [{ messages: 'none' }, 400],
    ] as const) {
      const init = { method: 'POST', headers, body: JSON.stringify({ ...body, ...more }) }
      const response = await fetch(`${gateway.url}/v1/chat/completions`, init)
      await response.text()
      expect(response.status).toBe(status)
    }
    exposed = exposedBy(await (await fetch(`${gateway.url}/metrics`, { headers })).text())
    await gateway.close()
  })

  it.each(expressions)('of %s names series and labels that exist', (_, expression) => {
    const { selectors, grouped } = read(expression)
    expect(selectors.length).toBeGreaterThan(0)
    for (const { name, matchers } of selectors) {
      expect([...exposed.keys()]).toContain(name)
      const labels = [...(exposed.get(name)?.keys() ?? []), ...added]
      for (const { label, value } of matchers) {
        expect(labels).toContain(label)
        if (label === 'code') for (const code of value.split('|')) expect(errorCodes).toContain(code)
        if (label === 'kind' || label === 'result')
          for (const one of value.split('|'))
            expect([...(exposed.get(name)?.get(label) ?? [])]).toContain(one)
      }
      for (const label of grouped) expect(labels).toContain(label)
    }
  })

  it.each(queries)('of the variable %s names a series and a label that exist', (query) => {
    const [, name = '', label = ''] = /^label_values\((\w+), (\w+)\)$/.exec(query) ?? []
    expect([...(exposed.get(name)?.keys() ?? []), ...added]).toContain(label)
  })

  it('leaves no metric unseen', () => {
    const named = new Set(expressions.flatMap(([, text]) => read(text).selectors.map(({ name }) => name)))
    const unseen = [...exposed.keys()].filter((name) => !named.has(name) && !/_(sum|count)$/.test(name))
    expect(unseen).toEqual([])
  })
})

it('alerts look for what a refused key, a limit and a spent budget really count as', async () => {
  const [ann, bob, eve] = [newKey(), newKey(), newKey()]
  const gateway = await served(mockProvider({ capabilities: { maxOutput: 20 } }), {
    keys: {
      ann: { hash: ann.hash, limit: { requestsPerMinute: 1 } },
      bob: { hash: bob.hash, budget: [{ per: 'day', tokens: 1 }] },
    },
  })
  const ask = async (key: string) => {
    const headers = { authorization: `Bearer ${key}`, 'content-type': 'application/json' }
    const body = JSON.stringify({ model: 'default', messages: [{ role: 'user', content: 'hi' }] })
    const response = await fetch(`${gateway.url}/v1/chat/completions`, { method: 'POST', headers, body })
    await response.text()
    return response.status
  }
  expect([await ask(ann.key), await ask(ann.key), await ask(bob.key), await ask(eve.key)]).toEqual([
    200, 429, 429, 401,
  ])
  const headers = { authorization: `Bearer ${ann.key}` }
  const text = await (await fetch(`${gateway.url}/metrics`, { headers })).text()
  const path = 'path="/v1/chat/completions"'
  expect(text).toContain(`patchbay_errors_total{${path},code="budget-exceeded",key="bob"} 1`)
  expect(text).toContain(`patchbay_errors_total{${path},code="authentication",key=""} 1`)
  expect(text).toContain(`patchbay_errors_total{${path},code="rate-limited",key="ann"} 1`)
  expect(text).toMatch(/patchbay_requests_total\{.*status="429".*key="ann"\} 1/)
})

it('alerts say what happened and what to do, once each', () => {
  const rules = alerts.groups.flatMap(({ rules }: { rules: object[] }) => rules)
  for (const { alert, labels, annotations } of rules) {
    expect(alert).toMatch(/^Patchbay[A-Za-z]+$/)
    expect(['info', 'warning', 'critical']).toContain(labels.severity)
    expect(annotations).toEqual({
      summary: expect.stringMatching(/\.$/),
      description: expect.stringMatching(/\.|\?$/),
    })
  }
  expect(new Set(rules.map(({ alert }: { alert: string }) => alert)).size).toBe(rules.length)
})

const hasPromtool = spawnSync('promtool', ['--version']).status === 0
if (!hasPromtool) process.stderr.write('Skipped: promtool is not installed (apt install prometheus).\n')

it.skipIf(!hasPromtool)('alerts are rules that Prometheus takes', () => {
  const { status, stderr } = spawnSync('promtool', ['check', 'rules', path('alerts.yaml')], {
    encoding: 'utf8',
  })
  expect([status, stderr]).toEqual([0, ''])
})
