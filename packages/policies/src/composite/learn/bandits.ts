// Who should be asked, learned from what came of it: three ways, as functions of a state that is plain data. They know
// nothing of providers, so that they can be simulated (benchmarks/routing).
import { beta } from './seeded-random.js'

/** A way to learn. Rewards are 0 to 1. The state is anything JSON can hold. */
export interface Learner<State = unknown> {
  /** What is known of so many choices before the first. */
  begin(choices: number): State
  /** How promising each choice is now, for a request with these features; the highest is taken. */
  scores(state: State, features: number[], random: () => number): number[]
  /** What is known after this choice was rewarded so. */
  learn(state: State, choice: number, reward: number, features: number[]): State
}

/** What is known of one choice. */
interface Mean {
  mean: number
  times: number
}

/**
 * The mean of the last rewards, newer ones weighing more; one in ten requests tries somebody by chance. Simple, quick to
 * forget.
 */
export function ema({ weight = 0.1, explore = 0.1 } = {}): Learner<Mean[]> {
  return {
    begin: (choices) => Array.from({ length: choices }, () => ({ mean: 0, times: 0 })),
    scores(state, _, random) {
      const chance = random() < explore
      return state.map(({ mean, times }) => (chance ? random() : times === 0 ? 1 + random() : mean))
    },
    learn: (state, choice, reward) =>
      changed(state, choice, ({ mean, times }) => ({
        mean: times === 0 ? reward : mean + weight * (reward - mean),
        times: times + 1,
      })),
  }
}

/** What was won and lost with one choice. */
interface Odds {
  won: number
  lost: number
}

/**
 * Thompson sampling: each choice is drawn by how likely it is the best one. What was learned fades (by `memory` with every
 * call), so that a provider that has changed is noticed. `memory: 1` never forgets.
 * Source: Thompson 1933; fading as in Raj and Kalyani, "Taming non-stationary bandits", 2017.
 */
export function thompson({ memory = 0.995 } = {}): Learner<Odds[]> {
  return {
    begin: (choices) => Array.from({ length: choices }, () => ({ won: 0, lost: 0 })),
    scores: (state, _, random) => state.map(({ won, lost }) => beta(1 + won, 1 + lost, random)),
    learn: (state, choice, reward) =>
      state.map(({ won, lost }, at) => ({
        won: won * memory + (at === choice ? reward : 0),
        lost: lost * memory + (at === choice ? 1 - reward : 0),
      })),
  }
}

/** A linear model of one choice's reward: the inverse of its matrix, row by row, and its vector. */
interface Model {
  inverse: number[][]
  vector: number[]
}

/**
 * LinUCB: learns what kind of request each choice is good at. A choice that is little known is given the benefit of the
 * doubt, by `alpha` (1 is as much as the best reward). Source: Li, Chu, Langford and Schapire, "A contextual-bandit approach", 2010 (disjoint models).
 */
export function linUcb({ alpha = 1 } = {}): Learner<{ models: Model[]; choices: number }> {
  const grown = ({ models, choices }: { models: Model[]; choices: number }, size: number): Model[] =>
    models[0]?.vector.length === size
      ? models
      : Array.from({ length: choices }, () => ({
          inverse: Array.from({ length: size }, (_, row) =>
            Array.from({ length: size }, (_, at) => Number(at === row)),
          ),
          vector: Array.from({ length: size }, () => 0),
        }))
  return {
    begin: (choices) => ({ models: [], choices }),
    scores: (state, features) =>
      grown(state, features.length).map(({ inverse, vector }) => {
        const seen = times(inverse, features)
        return dot(times(inverse, vector), features) + alpha * Math.sqrt(Math.max(0, dot(features, seen)))
      }),
    learn: (state, choice, reward, features) => ({
      ...state,
      models: changed(grown(state, features.length), choice, ({ inverse, vector }) => {
        // Sherman and Morrison: the inverse after one more observation.
        const seen = times(inverse, features)
        const scale = 1 + dot(features, seen)
        return {
          inverse: inverse.map((row, r) =>
            row.map((value, c) => value - ((seen[r] ?? 0) * (seen[c] ?? 0)) / scale),
          ),
          vector: vector.map((value, at) => value + reward * (features[at] ?? 0)),
        }
      }),
    }),
  }
}

function changed<T>(list: T[], at: number, change: (one: T) => T): T[] {
  return list.map((one, index) => (index === at ? change(one) : one))
}

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)
}

function times(matrix: number[][], vector: number[]): number[] {
  return matrix.map((row) => dot(row, vector))
}
