// A network between a client and gateways that can be cut, and leads to another gateway afterwards.
import { connect, createServer, type Socket } from 'node:net'
import { onTestFinished } from 'vitest'

export interface CutProxy {
  url: string
  /** Breaks all connections. New ones go to `url`, if it is given; without one, where they went before. */
  cut(url?: string): void
  /** From now on nobody can connect; until `cut` names a gateway. */
  close(): void
  /** Connections so far. */
  readonly connections: number
}

export async function cutProxy(to: string): Promise<CutProxy> {
  let target: string | undefined = to
  let connections = 0
  const open = new Set<Socket>()
  const server = createServer((client) => {
    if (target === undefined) return void client.resetAndDestroy()
    connections++
    const { port, hostname } = new URL(target)
    const upstream = connect(Number(port), hostname)
    for (const one of [client, upstream]) {
      open.add(one)
      one.on('error', () => {})
      one.once('close', () => {
        open.delete(one)
        client.destroy()
        upstream.destroy()
      })
    }
    client.pipe(upstream).pipe(client)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const reset = () => {
    for (const one of open) one.resetAndDestroy()
  }
  onTestFinished(() => {
    reset()
    server.close()
  })
  const { port } = server.address() as { port: number }
  return {
    url: `http://127.0.0.1:${port}`,
    cut(url = target) {
      target = url
      reset()
    },
    close() {
      target = undefined
      reset()
    },
    get connections() {
      return connections
    },
  }
}
