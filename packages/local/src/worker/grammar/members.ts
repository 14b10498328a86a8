// Grammar of the members of an object, or of the arguments of a call: required ones once, optional ones at most once. A few
// may come in any order; many keep the order of the schema, as each order of the first ones is a rule.
export interface Member {
  form: string
  optional: boolean
}

/** With more members than this, the number of rules would explode. */
const mostInAnyOrder = 5

type AddRule = (body: string | ((self: string) => string)) => string

/** The expression for the members. `other`: any number of undeclared ones, after the declared ones. */
export function membersExpression(
  members: Member[],
  separator: string,
  other: string | undefined,
  rule: AddRule,
): string {
  const between = separator === '' ? '' : `${separator} `
  const following = other === undefined ? '""' : rule(`(${between}${other})*`)
  const leading = other === undefined ? '""' : rule(`(${other} (${between}${other})*)?`)
  const pairs = members.map(({ form, optional }) => ({ pair: rule(form), optional }))
  return pairs.length > mostInAnyOrder
    ? inOrder(pairs, between, following, leading, rule)
    : inAnyOrder(pairs, between, following, leading, rule)
}

interface Pair {
  pair: string
  optional: boolean
}

/** One rule for each set of members that are written already. */
function inAnyOrder(
  pairs: Pair[],
  between: string,
  following: string,
  leading: string,
  rule: AddRule,
): string {
  const rules = new Map<number, string>()
  const after = (written: number): string => {
    const known = rules.get(written)
    if (known !== undefined) return known
    const complete = pairs.every(({ optional }, index) => optional || written & (1 << index))
    const more = pairs.flatMap(({ pair }, index) =>
      written & (1 << index)
        ? []
        : [`${written === 0 ? '' : between}${pair} ${after(written | (1 << index))}`],
    )
    const end = complete ? [written === 0 ? leading : following] : []
    const name = rule([...more, ...end].join(' | '))
    rules.set(written, name)
    return name
  }
  return after(0)
}

/** Built from the last to the first: each has one expression for what follows a member before it, one for what follows none. */
function inOrder(pairs: Pair[], between: string, afterLast: string, none: string, rule: AddRule): string {
  let [following, leading] = [afterLast, none]
  for (const { pair, optional } of pairs.toReversed()) {
    const [afterOthers, first] = [`${between}${pair} ${following}`, `${pair} ${following}`]
    ;[following, leading] = [
      rule(optional ? `${afterOthers} | ${following}` : afterOthers),
      rule(optional ? `${first} | ${leading}` : first),
    ]
  }
  return leading
}
