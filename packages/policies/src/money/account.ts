// Account of a budget limit: the amount spent, and the amounts reserved for calls in flight. Its steps are atomic.
import type { AtomicSteps } from '../state/atomic-step.js'

/** An amount of money and tokens. */
export interface Amount {
  /** US dollars. */
  usd: number
  /** Input and output together. */
  tokens: number
}

export interface Account extends Amount {
  /** Maximum cost of each call in flight; ignored after `until`, in milliseconds. A list, which is cheaper to copy than a map. */
  reserved: readonly (Amount & { id: string; until: number })[]
}

export type AccountArgs =
  /** Reserves the most that a call may cost, if that stays within every one of `most`. */
  | { do: 'reserve'; id: string; amount: Amount; most: readonly Partial<Amount>[]; forMs: number }
  /** Adds the actual cost of a call, and removes its reservation. */
  | { do: 'settle'; id: string; reserved: Amount; cost: Amount }
  | { do: 'read' }

/** What an account holds; for a refused reservation, which limit it would have exceeded. */
export interface Balance {
  spent: Amount
  reserved: Amount
  exceeded?: { limit: number; unit: 'usd' | 'tokens' }
}

// A reservation older than this belongs to a process that has died.
export const reservationMs = 900_000

const units = ['usd', 'tokens'] as const
const nothing: Amount = { usd: 0, tokens: 0 }

/** A step that was done has no result, which a busy account need not send; one that was refused has the balance. */
export const accountSteps: AtomicSteps<Account, AccountArgs, Balance | null> = {
  name: 'budget',
  initial: () => ({ ...nothing, reserved: [] }),
  apply(stored, args, now) {
    // Versions up to 0.1 kept reservations as a record. They last minutes; what is spent counts for longer.
    const account = Array.isArray(stored.reserved) ? stored : { ...stored, reserved: [] }
    const result: Balance = {
      spent: { usd: account.usd, tokens: account.tokens },
      reserved: totalReserved(account, now),
    }
    if (args.do === 'read') return { next: account, result }
    if (args.do === 'settle') return { next: withSettlement(account, args), result: null }
    const exceeded = excess(result, args)
    if (exceeded !== undefined) return { next: account, result: { ...result, exceeded } }
    return { next: withReservation(account, args, now), result: null }
  },
  refused: (result) => result?.exceeded !== undefined,
  undo: (args) =>
    args.do === 'reserve'
      ? { do: 'settle', id: args.id, reserved: args.amount, cost: nothing }
      : { do: 'read' },
  pack(args) {
    if (args.do === 'read') return ['read']
    const { usd, tokens } = args.do === 'reserve' ? args.amount : args.reserved
    // Nothing was reserved under no name.
    const member = args.id === '' ? '' : `${args.id} ${usd} ${tokens}`
    if (args.do === 'settle') return ['settle', member, usd, tokens, args.cost.usd, args.cost.tokens]
    const packed: (string | number | null)[] = ['reserve', member, usd, tokens, args.forMs]
    for (const { usd = null, tokens = null } of args.most) packed.push(usd, tokens)
    return packed
  },
  lua: async () => (await import('./account-script.js')).accountScript,
}

/** The first limit that the reservation would exceed. */
function excess(
  { spent, reserved }: Balance,
  { amount, most }: Extract<AccountArgs, { do: 'reserve' }>,
): Balance['exceeded'] {
  for (const [limit, allowed] of most.entries())
    for (const unit of units) {
      const allowance = allowed[unit]
      // Tolerates rounding: a limit that is met exactly is not exceeded.
      if (allowance === undefined || spent[unit] + reserved[unit] + amount[unit] <= allowance * (1 + 1e-12))
        continue
      return { limit, unit }
    }
  return undefined
}

function withReservation(
  account: Account,
  { id, amount, forMs }: Extract<AccountArgs, { do: 'reserve' }>,
  now: number,
): Account {
  const valid = account.reserved.filter(({ until }) => until > now)
  return { ...account, reserved: [...valid, { id, ...amount, until: now + forMs }] }
}

function withSettlement(account: Account, { id, cost }: Extract<AccountArgs, { do: 'settle' }>): Account {
  const reserved = account.reserved.filter((one) => one.id !== id)
  return {
    usd: Math.max(0, account.usd + cost.usd),
    tokens: Math.max(0, account.tokens + cost.tokens),
    reserved,
  }
}

/** Sum of the valid reservations. */
function totalReserved({ reserved }: Account, now: number): Amount {
  const total = { ...nothing }
  for (const { usd, tokens, until } of reserved) {
    if (until <= now) continue
    total.usd += usd
    total.tokens += tokens
  }
  return total
}
