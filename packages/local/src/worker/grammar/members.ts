// Grammar of the members of an object, or of the arguments of a call: required ones once, optional ones at most once. A few
// may come in any order. Of many, the required ones keep the order of the schema, and so do the optional ones, which may stand
// anywhere between them: any order of n needs 2^n rules, and this only the product of both numbers.
export interface Member {
  form: string
  optional: boolean
}

/** With more members than this, the number of rules would explode. */
const mostInAnyOrder = 7
/** With more rules than this, all members keep the order of the schema. */
const mostInterleaved = 2500

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
  if (pairs.length <= mostInAnyOrder) return inAnyOrder(pairs, between, following, leading, rule)
  const required = pairs.filter(({ optional }) => !optional).map(({ pair }) => pair)
  const optional = pairs.filter(({ optional }) => optional).map(({ pair }) => pair)
  return required.length * optional.length > mostInterleaved
    ? inOrder(pairs, between, following, leading, rule)
    : interleaved(required, optional, between, following, leading, rule)
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

/** Two sequences, each in its order. A rule for each number of required members and of optional ones that are done. */
function interleaved(
  required: string[],
  optional: string[],
  between: string,
  following: string,
  leading: string,
  rule: AddRule,
): string {
  const rules = new Map<string, string>()
  const once = (key: string, alternatives: () => string[]): string => {
    const known = rules.get(key) ?? rule(alternatives().join(' | '))
    rules.set(key, known)
    return known
  }
  /** What follows so many required members, and optional ones written or passed over. */
  const after = (i: number, j: number): string =>
    once(`${i},${j}`, () => [
      ...(i < required.length ? [`${between}${required[i]} ${after(i + 1, j)}`] : [following]),
      ...(j < optional.length ? [optionalFrom(i, j, between)] : []),
    ])
  /** An optional member from this one on, and what follows it. */
  const optionalFrom = (i: number, j: number, before: string): string =>
    once(`${i},${j},${before}`, () => [
      `${before}${optional[j]} ${after(i, j + 1)}`,
      ...(j + 1 < optional.length ? [optionalFrom(i, j + 1, before)] : []),
    ])
  return rule(
    [
      required.length > 0 ? `${required[0]} ${after(1, 0)}` : leading,
      ...(optional.length > 0 ? [optionalFrom(0, 0, '')] : []),
    ].join(' | '),
  )
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
