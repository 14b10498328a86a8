// The Helm chart of `deploy/helm`: its values and schema always; what it renders where helm and kubeconform are installed.
import { spawnSync } from 'node:child_process'
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { loadConfig } from '@patchbay/config'
import { mockProvider } from '@patchbay/testing'
import { Ajv } from 'ajv'
import { describe, expect, it, onTestFinished } from 'vitest'
import { parse, parseAllDocuments } from 'yaml'
import { newKey, serve } from '../index.js'

const chart = fileURLToPath(new URL('../../../../deploy/helm', import.meta.url))
const read = (path: string) => readFileSync(join(chart, path), 'utf8')
const values = parse(read('values.yaml'))

function installed(name: string, ...args: string[]): boolean {
  if (spawnSync(name, args).status === 0) return true
  process.stderr.write(`Skipped: tests with ${name}, which is not installed.\n`)
  return false
}
const hasHelm = installed('helm', 'version')
// kubeconform's `-schema-location`: a folder, or `default`, which fetches them.
const schemas = process.env.KUBECONFORM_SCHEMAS
const hasKubeconform = installed('kubeconform', '-v')

describe('values', () => {
  const validate = new Ajv({ allowUnionTypes: true }).compile(JSON.parse(read('values.schema.json')))

  it('have defaults that the schema takes, and it refuses names it does not know', () => {
    expect([validate(values), validate.errors]).toEqual([true, null])
    expect(validate({ ...values, replica: 3 })).toBe(false)
    expect(validate({ ...values, autoscaling: { enabled: true, target: 5 } })).toBe(false)
  })

  it('hold a configuration that the gateway takes, without open access', async () => {
    const { gateway, shared } = await loadConfig({ config: values.config, user: false })
    expect(shared?.place).toBe('redis://redis:6379')
    expect(gateway).toEqual(values.config.gateway)
  })

  it('are used by the templates, each of them', () => {
    const templates = ['deployment', 'configmap', 'service', 'ingress', 'autoscaling', 'disruption-budget']
      .concat(['network-policy', 'monitoring'])
      .map((name) => read(`templates/${name}.yaml`))
      .concat(read('templates/_names.tpl'))
      .join('\n')
    const unused = Object.keys(values).filter((name) => !templates.includes(`.Values.${name}`))
    expect(unused).toEqual([])
  })
})

interface Manifest {
  kind: string
  // biome-ignore lint/suspicious/noExplicitAny: manifests of many kinds, read by path.
  [field: string]: any
}

function helm(command: string, more: object, ...args: string[]) {
  const folder = mkdtempSync(join(tmpdir(), 'patchbay-helm-'))
  const file = join(folder, 'values.yaml')
  writeFileSync(file, JSON.stringify(more))
  const { status, stdout, stderr } = spawnSync(
    'helm',
    // The values are a file, as an app has them: `--set` would make texts of them.
    [command, ...args, chart, '--values', file, '--kube-version', '1.33.0'],
    { encoding: 'utf8' },
  )
  rmSync(folder, { recursive: true })
  return { status, stdout, stderr }
}

function rendered(more: object = {}): Map<string, Manifest> {
  const { status, stdout, stderr } = helm('template', more, 'llm')
  expect([status, stderr]).toEqual([0, ''])
  return new Map(
    parseAllDocuments(stdout).map((document) => {
      expect(document.errors).toEqual([])
      const manifest = document.toJS() as Manifest
      return [manifest.kind, manifest]
    }),
  )
}

const everything = {
  autoscaling: { enabled: true, requestsPerSecond: 50 },
  networkPolicy: {
    enabled: true,
    from: [{ namespaceSelector: {} }],
    egress: [{ ports: [{ port: 443, protocol: 'TCP' }] }],
  },
  ingress: { enabled: true, host: 'llm.example', tlsSecret: 'llm-tls', annotations: { a: 'b' } },
  metrics: {
    serviceMonitor: true,
    prometheusRule: true,
    dashboard: true,
    keySecret: { name: 'scrape', key: 'key' },
  },
  envSecrets: ['provider-keys'],
  reloader: true,
  env: [{ name: 'NODE_OPTIONS', value: '--max-old-space-size=900' }],
  podAnnotations: { team: 'a' },
  podLabels: { team: 'a' },
  nodeSelector: { disk: 'ssd' },
  tolerations: [{ operator: 'Exists' }],
  affinity: { podAntiAffinity: {} },
  imagePullSecrets: [{ name: 'registry' }],
  extraVolumes: [{ name: 'models', emptyDir: {} }],
  extraVolumeMounts: [{ name: 'models', mountPath: '/models' }],
}

describe.skipIf(!hasHelm)('rendered by helm', () => {
  it('passes helm lint, with the defaults and with everything on', () => {
    for (const more of [{}, everything]) expect(helm('lint', more, '--strict')).toMatchObject({ status: 0 })
  })

  it.skipIf(!hasKubeconform || schemas === undefined)('is what Kubernetes takes', () => {
    const { stdout } = helm('template', everything, 'llm')
    const location = schemas as string
    const checked = spawnSync(
      'kubeconform',
      ['-strict', '-summary', '-schema-location', location, '-skip', 'ServiceMonitor,PrometheusRule'],
      { input: stdout, encoding: 'utf8' },
    )
    expect(checked.stdout).toContain('Valid: 8, Invalid: 0, Errors: 0, Skipped: 2')
  })

  it('runs without root, rights, a writable file system or an account', () => {
    const { spec } = rendered().get('Deployment')?.spec.template ?? {}
    expect(spec).toMatchObject({
      automountServiceAccountToken: false,
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
    })
    expect(spec.securityContext.runAsUser).toBeGreaterThan(0)
    expect(spec.containers[0].securityContext).toEqual({
      allowPrivilegeEscalation: false,
      readOnlyRootFilesystem: true,
      capabilities: { drop: ['ALL'] },
    })
  })

  it('mounts the configuration as a whole folder, so that a change arrives; from wherever it is', () => {
    const volumeOf = (more: object) => {
      const { spec } = rendered(more).get('Deployment')?.spec.template ?? {}
      const mount = spec.containers[0].volumeMounts.find(({ name }: { name: string }) => name === 'config')
      expect(mount).toEqual({ name: 'config', mountPath: '/etc/patchbay', readOnly: true })
      return spec.volumes.find(({ name }: { name: string }) => name === 'config')
    }
    expect(volumeOf({})).toMatchObject({ configMap: { name: 'llm-patchbay' } })
    expect(volumeOf({ existingConfigMap: 'mine' })).toMatchObject({ configMap: { name: 'mine' } })
    expect(volumeOf({ existingSecret: 'mine' })).toMatchObject({ secret: { secretName: 'mine' } })
    expect(rendered({ existingSecret: 'mine' }).has('ConfigMap')).toBe(false)
    expect(helm('template', { existingConfigMap: 'a', existingSecret: 'b' }, 'llm').stderr).toContain(
      'not both',
    )
  })

  it('gives an instance more time to end than its configuration lets it take', () => {
    const graceOf = (more: object) =>
      rendered(more).get('Deployment')?.spec.template.spec.terminationGracePeriodSeconds
    expect(graceOf({})).toBe(40)
    expect(graceOf({ config: { gateway: { drain: 120_000, drainDelay: 1 } } })).toBe(126)
    expect(graceOf({ config: { gateway: { drain: 0, drainDelay: 0 } } })).toBe(5)
    expect(graceOf({ config: { gateway: null } })).toBe(35)
    expect(graceOf({ terminationGracePeriodSeconds: 300 })).toBe(300)
  })

  it('refuses several instances that would each count limits and budgets for themselves', () => {
    const config = { shared: null }
    expect(helm('template', { config }, 'llm').stderr).toContain('Several instances need `config.shared')
    expect(helm('template', { config, replicas: 1, ...autoscaled }, 'llm').stderr).toContain('config.shared')
    expect(rendered({ config, replicas: 1 }).size).toBeGreaterThan(0)
  })

  it('leaves the number of instances to the autoscaler, which counts what the gateway exposes', () => {
    const manifests = rendered(everything)
    expect(manifests.get('Deployment')?.spec).not.toHaveProperty('replicas')
    const names = manifests
      .get('HorizontalPodAutoscaler')
      ?.spec.metrics.map(
        (metric: { pods?: { metric: { name: string } }; resource?: { name: string } }) =>
          metric.pods?.metric.name ?? metric.resource?.name,
      )
    expect(names).toEqual(['patchbay_requests_running', 'patchbay_requests_per_second', 'cpu'])
  })

  it('is a gateway: its arguments and configuration serve, its probes need no key, and it follows a new ConfigMap', async () => {
    const { key, hash } = newKey()
    const config = {
      providers: { smart: null },
      default: null,
      gateway: { keys: { ann: { hash } }, drainDelay: 0 },
    }
    const manifests = rendered({ config, metrics: {} })
    const [container] = manifests.get('Deployment')?.spec.template.spec.containers ?? []
    const [, ...args] = container.args as string[]
    const option = (name: string) => args[args.indexOf(name) + 1]
    const text = manifests.get('ConfigMap')?.data['patchbay.config.yaml']
    // As the kubelet mounts it: the file is a link into a folder that is a link.
    const mount = mkdtempSync(join(tmpdir(), 'patchbay-mount-'))
    onTestFinished(() => rmSync(mount, { recursive: true }))
    mkdirSync(join(mount, '..1'))
    writeFileSync(join(mount, '..1', 'patchbay.config.yaml'), text)
    symlinkSync('..1', join(mount, '..data'))
    symlinkSync(join('..data', 'patchbay.config.yaml'), join(mount, 'patchbay.config.yaml'))
    const file = option('--config')?.replace('/etc/patchbay', mount)
    const load = async () => {
      // There is no Redis here.
      const { shared: _, ...loaded } = await loadConfig({ config: file as string, user: false })
      return loaded
    }
    const running = await serve({
      loaded: await load(),
      otherwise: () => mockProvider(),
      port: 0,
      host: option('--host') as string,
    })
    onTestFinished(() => running.close())
    const statusOf = async (path: string, headers = {}) =>
      (await fetch(`http://127.0.0.1:${new URL(running.url).port}${path}`, { headers })).status
    for (const probe of ['startupProbe', 'livenessProbe', 'readinessProbe'])
      expect([probe, await statusOf(container[probe].httpGet.path)]).toEqual([probe, 200])
    expect(await statusOf('/v1/models', { authorization: `Bearer ${key}` })).toBe(200)
    expect(await statusOf('/v1/models')).toBe(401)
    // A new ConfigMap arrives; `patchbay serve` reloads it by itself.
    mkdirSync(join(mount, '..2'))
    writeFileSync(join(mount, '..2', 'patchbay.config.yaml'), text.replace(hash, newKey().hash))
    rmSync(join(mount, '..data'))
    symlinkSync('..2', join(mount, '..data'))
    await running.reload(await load())
    expect(await statusOf('/v1/models', { authorization: `Bearer ${key}` })).toBe(401)
  })
})

const autoscaled = { autoscaling: { enabled: true } }
