// Paging and filters of the admin lists.
import { useState } from 'preact/hooks'
import { useAnswer } from './api.js'

export interface Page<Item> {
  data: Item[]
  next?: string
}

/** One page of a list. `cursor`: the name of the parameter that says where a page begins. */
export function usePages<Item>(path: string, cursor: 'after' | 'before') {
  const [state, setState] = useState<{ path: string; begins: string[] }>({ path, begins: [] })
  // Another list begins with its first page.
  const begins = state.path === path ? state.begins : []
  const begin = begins.at(-1)
  const { answer, error } = useAnswer<Page<Item>>(
    begin === undefined
      ? path
      : `${path}${path.includes('?') ? '&' : '?'}${cursor}=${encodeURIComponent(begin)}`,
  )
  const go = (next: string[]) => setState({ path, begins: next })
  const next = answer?.next
  return {
    items: answer?.data,
    error,
    isFirst: begins.length === 0,
    number: begins.length + 1,
    ...(begins.length > 0 && { back: () => go(begins.slice(0, -1)) }),
    ...(next !== undefined && { forward: () => go([...begins, next]) }),
  }
}

/** The buttons below a list of several pages. */
export function Pager({ number, back, forward }: { number: number; back?(): void; forward?(): void }) {
  if (back === undefined && forward === undefined) return null
  return (
    <nav class="pager" aria-label="Pages">
      <button type="button" disabled={back === undefined} onClick={back}>
        Previous page
      </button>
      <span class="soft" role="status">
        Page {number}
      </span>
      <button type="button" disabled={forward === undefined} onClick={forward}>
        Next page
      </button>
    </nav>
  )
}

interface FiltersProps {
  /** The names of the parameters, and what people call them. */
  fields: Readonly<Record<string, string>>
  values: Readonly<Record<string, string>>
  set(values: Record<string, string>): void
}

/** Fields that take effect when they are left or with Enter. */
export function Filters({ fields, values, set }: FiltersProps) {
  const hasAny = Object.values(values).some((value) => value !== '')
  return (
    <details class="card" open={hasAny}>
      <summary>Filter</summary>
      <div class="fields filters">
        {Object.entries(fields).map(([name, words]) => {
          const own = {
            value: values[name] ?? '',
            onChange: (event: { currentTarget: HTMLInputElement }) =>
              set({ ...values, [name]: event.currentTarget.value.trim() }),
          }
          return name === 'from' || name === 'to' ? (
            <label key={name}>
              {words}
              <input type="date" {...own} />
            </label>
          ) : (
            <label key={name}>
              {words}
              <input type="search" {...own} />
            </label>
          )
        })}
        {hasAny && (
          <button type="button" onClick={() => set({})}>
            Show all
          </button>
        )}
      </div>
    </details>
  )
}

/** Parameters of a query: those that have a value. */
export function queryOf(values: Readonly<Record<string, string>>): string {
  const given = Object.entries(values).filter(([, value]) => value !== '')
  return new URLSearchParams(given).toString()
}
