// Memory shared by models: who makes room, who waits, and that nobody keeps it for ever.
import { describe, expect, it, onTestFinished } from 'vitest'
import { bytesInUse, changed, gaveBack, makeRoom, type Resident } from './room.js'

interface MadeUp extends Resident {
  busy: boolean
  left: number
}

function resident({ busy = true, usedAt = 0, since = performance.now() } = {}): MadeUp {
  const made = { busy, usedAt, since, left: 0, leave: () => made.left++ }
  onTestFinished(() => gaveBack(made))
  return made
}

const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('room', () => {
  it('is given while the budget lasts', async () => {
    expect(await makeRoom(resident(), 60, 100)).toBe(true)
    expect(await makeRoom(resident(), 40, 100)).toBe(true)
    expect(bytesInUse()).toBe(100)
  })

  it('is made by the idle one that was used least recently, and only by as many as it takes', async () => {
    const [old, older] = [resident({ usedAt: 2 }), resident({ usedAt: 1 })]
    await makeRoom(old, 40, 100)
    await makeRoom(older, 40, 100)
    old.busy = older.busy = false
    const granted = makeRoom(resident(), 50, 100)
    await turn()
    expect([old.left, older.left]).toEqual([0, 1])
    gaveBack(older)
    expect(await granted).toBe(true)
    expect(old.left).toBe(0)
  })

  it('is not made by a busy one in its first seconds, and is by one that has had its turn', async () => {
    const [fresh, long] = [
      resident({ usedAt: 1 }),
      resident({ usedAt: 2, since: performance.now() - 60_000 }),
    ]
    await makeRoom(fresh, 50, 100)
    await makeRoom(long, 50, 100)
    const granted = makeRoom(resident(), 50, 100)
    await turn()
    expect([fresh.left, long.left]).toEqual([0, 1])
    gaveBack(long)
    expect(await granted).toBe(true)
  })

  it('goes to whoever came first, and to nobody who no longer wants it', async () => {
    const holder = resident()
    await makeRoom(holder, 100, 100)
    const order: string[] = []
    const [gone, first, second] = [resident(), resident(), resident()]
    const asked = [
      makeRoom(gone, 100, 100).then((granted) => order.push(`gone ${granted}`)),
      makeRoom(first, 60, 100).then((granted) => order.push(`first ${granted}`)),
      makeRoom(second, 40, 100).then((granted) => order.push(`second ${granted}`)),
    ]
    await turn()
    gone.busy = false
    changed()
    await turn()
    expect(order).toEqual(['gone false'])
    gaveBack(holder)
    await Promise.all(asked)
    expect(order).toEqual(['gone false', 'first true', 'second true'])
  })
})
