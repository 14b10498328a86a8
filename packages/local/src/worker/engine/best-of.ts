// Finds the fastest of several settings on a machine that does other work too: each is tried several times, in turn, and its best try
// counts.

/** One try. */
export interface Trial {
  ms: number
}

/** A setting that was tried, and its best try. */
export interface Tried<Setting, Took extends Trial> {
  setting: Setting
  best: Took
}

/** Most tries of each setting. */
const mostRounds = 3
/** Longest measurement after which no further round or setting is begun, in milliseconds. */
const mostMs = 4_000
/** A setting that is this many times slower than the best one is not tried again. */
const hopeless = 1.5

/**
 * Tries the settings in this order, round after round: noise of one moment then slows one try of one setting, not the setting.
 * @param ordered each setting is expected to be slower than the one before it, once one was hopeless
 * @param now milliseconds
 */
export async function bestOf<Setting, Took extends Trial>(
  settings: readonly [Setting, ...Setting[]],
  trial: (setting: Setting) => Promise<Took>,
  { ordered, now = () => performance.now() }: { ordered: boolean; now?: () => number },
): Promise<{ best: Tried<Setting, Took>; tried: Tried<Setting, Took>[] }> {
  const began = now()
  const first: Tried<Setting, Took> = { setting: settings[0], best: await trial(settings[0]) }
  const tried = [first]
  let best = first
  const isOver = () => now() - began > mostMs
  const note = (one: Tried<Setting, Took>): void => {
    if (one.best.ms < best.best.ms) best = one
  }
  for (const setting of settings.slice(1)) {
    if (isOver()) break
    const one = { setting, best: await trial(setting) }
    tried.push(one)
    // More threads would only be slower, or measuring would cost more than it can save.
    if (ordered && one.best.ms > best.best.ms * hopeless && one.best.ms > mostMs / 4) break
    note(one)
  }
  for (let round = 1; round < mostRounds; round++)
    for (const one of tried) {
      if (isOver()) return { best, tried }
      if (one.best.ms > best.best.ms * hopeless && round > 1) continue
      const took = await trial(one.setting)
      if (took.ms < one.best.ms) one.best = took
      note(one)
    }
  return { best, tried }
}
