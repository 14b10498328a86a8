// Branches: a question may have several versions, each with its answers and all that followed. One path through them is shown.
import type { Conversation, Turn } from './conversation.js'

type Tree = Pick<Conversation, 'turns' | 'shown'>

/** A turn as earlier versions of the page kept it, and as a file may have it. */
export type LooseTurn = Omit<Turn, 'parent'> & { parent?: string | undefined }

/**
 * Turns whose parents stand before them. A turn without such a parent follows the one before it in the list; a turn with the
 * id of an earlier one gets another.
 */
export function withParents(turns: readonly LooseTurn[]): Turn[] {
  const known = new Set([''])
  let before = ''
  return turns.map((turn) => {
    const id = known.has(turn.id) ? crypto.randomUUID() : turn.id
    const parent = turn.parent !== undefined && known.has(turn.parent) ? turn.parent : before
    known.add(id)
    before = id
    return { ...turn, id, parent }
  })
}

/** The turns that are shown, from the first to the last. Of several versions it is the chosen one, or the latest. */
export function shownPath({ turns, shown = {} }: Tree): Turn[] {
  const next = new Map<string, Turn>()
  for (const turn of turns) {
    const chosen = shown[turn.parent]
    const isOther = chosen !== undefined && next.get(turn.parent)?.id === chosen
    if (!isOther) next.set(turn.parent, turn)
  }
  const path: Turn[] = []
  for (let at = next.get(''); at !== undefined; at = next.get(at.id)) path.push(at)
  return path
}

/** The turns from the first to this one. */
export function pathTo({ turns }: Tree, id: string): Turn[] {
  const byId = new Map(turns.map((turn) => [turn.id, turn]))
  const path: Turn[] = []
  for (let at = byId.get(id); at !== undefined; at = byId.get(at.parent)) path.unshift(at)
  return path
}

/** All versions of each question, by what they follow. */
export function versions(turns: readonly Turn[]): ReadonlyMap<string, readonly Turn[]> {
  const found = new Map<string, Turn[]>()
  for (const turn of turns) {
    const others = found.get(turn.parent)
    if (others === undefined) found.set(turn.parent, [turn])
    else others.push(turn)
  }
  return found
}

/** What `shown` must be for this turn to be on the path. */
export function shownWith(tree: Tree, id: string): Record<string, string> {
  const path = pathTo(tree, id).map((turn) => [turn.parent, turn.id])
  return { ...tree.shown, ...Object.fromEntries(path) }
}

/** A conversation without a turn, and the way back. What followed the turn stays, unless the turn has other versions. */
export function withoutTurn<T extends Tree>(
  before: T,
  id: string,
): { after: T; isVersion: boolean; undo(now: T): T } | undefined {
  const deleted = before.turns.find((turn) => turn.id === id)
  if (deleted === undefined) return undefined
  const { parent } = deleted
  const isVersion = before.turns.some((turn) => turn.parent === parent && turn.id !== id)
  const gone = new Set([id])
  // Parents stand before their children.
  if (isVersion) for (const turn of before.turns) if (gone.has(turn.parent)) gone.add(turn.id)
  const followed = before.shown?.[id]
  const after = {
    ...before,
    turns: before.turns
      .filter((turn) => !gone.has(turn.id))
      .map((turn) => (turn.parent === id ? { ...turn, parent } : turn)),
    ...(!isVersion && followed !== undefined && { shown: { ...before.shown, [parent]: followed } }),
  }
  const undo = (now: T): T => {
    const there = new Map(now.turns.map((turn) => [turn.id, turn]))
    const known = new Set(before.turns.map((turn) => turn.id))
    // What was asked since then stays, after what comes back.
    const since = now.turns.filter((turn) => !known.has(turn.id))
    const shownSince = now.shown?.[parent]
    return {
      ...now,
      turns: withParents([
        ...before.turns.flatMap((turn) => {
          const current = gone.has(turn.id) ? turn : there.get(turn.id)
          return current === undefined ? [] : [{ ...current, parent: turn.parent }]
        }),
        ...since.map((turn) => (!isVersion && turn.parent === parent ? { ...turn, parent: id } : turn)),
      ]),
      shown: {
        ...now.shown,
        ...(!isVersion && shownSince !== undefined && { [id]: shownSince }),
        [parent]: id,
      },
    }
  }
  return { after, isVersion, undo }
}
