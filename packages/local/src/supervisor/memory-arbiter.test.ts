// Memory shared by models: who makes room, who waits, and that nobody keeps it for ever.
import { describe, expect, it, onTestFinished } from 'vitest'
import { bytesInUse, changed, gaveBack, makeRoom, type Resident } from './memory-arbiter.js'

interface MadeUp extends Resident {
  busy: boolean
  left: number
}

function resident({ busy = true, usedAt = 0, since = performance.now(), can = true } = {}): MadeUp {
  const made = { busy, usedAt, since, left: 0, leave: () => can && made.left++ >= 0 }
  onTestFinished(() => gaveBack(made))
  return made
}

const ask = (who: MadeUp, bytes: number) => makeRoom(who, bytes, 100, () => who.busy)
const turn = () => new Promise((resolve) => setImmediate(resolve))

describe('room', () => {
  it('is given while the budget lasts', async () => {
    expect(await ask(resident(), 60)).toBe(true)
    expect(await ask(resident(), 40)).toBe(true)
    expect(bytesInUse()).toBe(100)
  })

  it('is made by the idle one that was used least recently, and only by as many as it takes', async () => {
    const [old, older] = [resident({ usedAt: 2 }), resident({ usedAt: 1 })]
    await ask(old, 40)
    await ask(older, 40)
    old.busy = older.busy = false
    const granted = ask(resident(), 50)
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
    await ask(fresh, 50)
    await ask(long, 50)
    const granted = ask(resident(), 50)
    await turn()
    expect([fresh.left, long.left]).toEqual([0, 1])
    gaveBack(long)
    expect(await granted).toBe(true)
  })

  it('is asked of the next one where one cannot leave, as while it loads', async () => {
    const since = performance.now() - 60_000
    const [loading, busy] = [resident({ usedAt: 1, since, can: false }), resident({ usedAt: 2, since })]
    await ask(loading, 50)
    await ask(busy, 50)
    const granted = ask(resident(), 50)
    await turn()
    expect([loading.left, busy.left]).toEqual([0, 1])
    gaveBack(busy)
    expect(await granted).toBe(true)
  })

  it('goes to whoever came first, and to nobody who no longer wants it', async () => {
    const holder = resident()
    await ask(holder, 100)
    const order: string[] = []
    const [gone, first, second] = [resident(), resident(), resident()]
    const asked = [
      ask(gone, 100).then((granted) => order.push(`gone ${granted}`)),
      ask(first, 60).then((granted) => order.push(`first ${granted}`)),
      ask(second, 40).then((granted) => order.push(`second ${granted}`)),
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
