// Account of one budget limit: the amount spent, and the amounts reserved for calls in flight.
import type { Cell } from '../state/state.js'

/** An amount of money and tokens. */
export interface Amount {
  /** US dollars. */
  usd: number
  /** Input and output together. */
  tokens: number
}

export interface Account extends Amount {
  /** Maximum cost of each call in flight, by call id; ignored after `until`, in milliseconds. */
  reserved: Record<string, Amount & { until: number }>
}

// A reservation older than this belongs to a process that has died.
const reservationTtlMs = 900_000

/** The account with a reservation for one more call. */
export function reserve(account: Account, id: string, { usd, tokens }: Amount, now: number): Account {
  const valid = Object.entries(account.reserved).filter(([, { until }]) => until > now)
  return {
    ...account,
    reserved: { ...Object.fromEntries(valid), [id]: { usd, tokens, until: now + reservationTtlMs } },
  }
}

/** Adds the actual cost of a call to these accounts, and removes its reservation. */
export async function settle(cells: Cell<Account>[], id: string, { usd, tokens }: Amount): Promise<void> {
  await Promise.all(
    cells.map((cell) =>
      cell.update((account) => {
        const { [id]: _, ...reserved } = account.reserved
        return {
          next: {
            usd: Math.max(0, account.usd + usd),
            tokens: Math.max(0, account.tokens + tokens),
            reserved,
          },
          result: undefined,
        }
      }),
    ),
  )
}

/** Sum of the valid reservations. */
export function totalReserved({ reserved }: Account, now: number): Amount {
  const total = { usd: 0, tokens: 0 }
  for (const { usd, tokens, until } of Object.values(reserved)) {
    if (until <= now) continue
    total.usd += usd
    total.tokens += tokens
  }
  return total
}
