// Memory arbiter: which model makes room, which one waits, and that no model keeps its memory for ever.
import { describe, expect, it, onTestFinished } from 'vitest'
import {
  bytesInUse,
  holdersChanged,
  type MemoryHolder,
  releaseMemory,
  requestMemory,
} from './memory-arbiter.js'

interface FakeModel extends MemoryHolder {
  busy: boolean
  /** How often it was told to unload. */
  unloads: number
}

function model({
  busy = true,
  lastUsedAt = 0,
  activeSince = performance.now(),
  loaded = true,
} = {}): FakeModel {
  const fake = { busy, lastUsedAt, activeSince, unloads: 0, unload: () => loaded && fake.unloads++ >= 0 }
  onTestFinished(() => releaseMemory(fake))
  return fake
}

const request = (of: FakeModel, bytes: number) => requestMemory(of, bytes, 100, () => of.busy)
const nextTurn = () => new Promise((resolve) => setImmediate(resolve))
const longAgo = () => performance.now() - 60_000

describe('memory', () => {
  it('is granted while the budget lasts', async () => {
    expect(await request(model(), 60)).toBe(true)
    expect(await request(model(), 40)).toBe(true)
    expect(bytesInUse()).toBe(100)
  })

  it('is freed by the idle model that was used least recently, and only by as many models as it takes', async () => {
    const [recent, old] = [model({ lastUsedAt: 2 }), model({ lastUsedAt: 1 })]
    await request(recent, 40)
    await request(old, 40)
    recent.busy = old.busy = false
    const granted = request(model(), 50)
    await nextTurn()
    expect([recent.unloads, old.unloads]).toEqual([0, 1])
    releaseMemory(old)
    expect(await granted).toBe(true)
    expect(recent.unloads).toBe(0)
  })

  it('is kept by a busy model in its first seconds, and freed by one that has had its turn', async () => {
    const [fresh, long] = [model({ lastUsedAt: 1 }), model({ lastUsedAt: 2, activeSince: longAgo() })]
    await request(fresh, 50)
    await request(long, 50)
    const granted = request(model(), 50)
    await nextTurn()
    expect([fresh.unloads, long.unloads]).toEqual([0, 1])
    releaseMemory(long)
    expect(await granted).toBe(true)
  })

  it('is asked of the next model if one cannot be unloaded, as while it loads', async () => {
    const activeSince = longAgo()
    const loading = model({ lastUsedAt: 1, activeSince, loaded: false })
    const busy = model({ lastUsedAt: 2, activeSince })
    await request(loading, 50)
    await request(busy, 50)
    const granted = request(model(), 50)
    await nextTurn()
    expect([loading.unloads, busy.unloads]).toEqual([0, 1])
    releaseMemory(busy)
    expect(await granted).toBe(true)
  })

  it('goes to the first request in the queue, and to none that is no longer wanted', async () => {
    const holder = model()
    await request(holder, 100)
    const order: string[] = []
    const [gone, first, second] = [model(), model(), model()]
    const requests = [
      request(gone, 100).then((granted) => order.push(`gone ${granted}`)),
      request(first, 60).then((granted) => order.push(`first ${granted}`)),
      request(second, 40).then((granted) => order.push(`second ${granted}`)),
    ]
    await nextTurn()
    gone.busy = false
    holdersChanged()
    await nextTurn()
    expect(order).toEqual(['gone false'])
    releaseMemory(holder)
    await Promise.all(requests)
    expect(order).toEqual(['gone false', 'first true', 'second true'])
  })
})
