// What an allowance has been spent on: what is settled, and what is held back for calls that run.
import type { Cell } from '../state/state.js'

/** An amount. */
export interface Amount {
  usd: number
  tokens: number
}

export interface Account extends Amount {
  /** What running calls may cost, and until when that is believed of them. */
  reserved: Record<string, Amount & { until: number }>
}

// A call that is not heard of for so long belonged to a process that has died.
const believedMs = 900_000

/** With so much held back for one more call. */
export function holding(account: Account, id: string, { usd, tokens }: Amount, now: number): Account {
  const believed = Object.entries(account.reserved).filter(([, { until }]) => until > now)
  return {
    ...account,
    reserved: { ...Object.fromEntries(believed), [id]: { usd, tokens, until: now + believedMs } },
  }
}

/** Counts what a call did cost, and lets go of what was held back for it. */
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

/** All that is held back. */
export function reservedIn({ reserved }: Account, now: number): Amount {
  const sum = { usd: 0, tokens: 0 }
  for (const { usd, tokens, until } of Object.values(reserved)) {
    if (until <= now) continue
    sum.usd += usd
    sum.tokens += tokens
  }
  return sum
}
