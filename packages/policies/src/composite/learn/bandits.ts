// Bandit algorithms for `learn`: EMA, Thompson sampling and LinUCB, as pure functions of plain data. They know nothing of
// providers, so that benchmarks/routing can simulate them.
import { beta } from './seeded-random.js'

/** A bandit algorithm. Rewards are 0 to 1. The state must survive JSON. */
export interface Learner<State = unknown> {
  /** The state before the first call, for this number of choices. */
  begin(choices: number): State
  /** A score for each choice, for a request with these features. The highest is tried first. */
  scores(state: State, features: number[], random: () => number): number[]
  /** The state after this choice got this reward. */
  learn(state: State, choice: number, reward: number, features: number[]): State
}

/** Mean reward of one choice. */
interface Mean {
  mean: number
  times: number
}

/**
 * Exponential moving average of the rewards, with random exploration. Simple, and forgets quickly. `weight`: weight of the
 * newest reward (default 0.1). `explore`: share of requests with a random order (default 0.1).
 */
export function ema({ weight = 0.1, explore = 0.1 } = {}): Learner<Mean[]> {
  return {
    begin: (choices) => Array.from({ length: choices }, () => ({ mean: 0, times: 0 })),
    scores(state, _, random) {
      const exploring = random() < explore
      return state.map(({ mean, times }) => (exploring ? random() : times === 0 ? 1 + random() : mean))
    },
    learn: (state, choice, reward) =>
      replaceAt(state, choice, ({ mean, times }) => ({
        mean: times === 0 ? reward : mean + weight * (reward - mean),
        times: times + 1,
      })),
  }
}

/** Rewards won and lost by one choice. */
interface Odds {
  won: number
  lost: number
}

/**
 * Thompson sampling: each choice is drawn by its probability of being the best one. What was learned fades by the factor
 * `memory` with every call (default 0.995), so that a change of a provider is noticed. `memory: 1` never forgets.
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

/** Linear model of one choice's reward: its inverse matrix by rows, and its vector. */
interface Model {
  inverse: number[][]
  vector: number[]
}

/**
 * LinUCB: learns which kind of request each choice is good at, from the features. `alpha` is the exploration bonus of choices
 * with little data (default 1, as much as the best reward).
 * Source: Li, Chu, Langford and Schapire, "A contextual-bandit approach", 2010 (disjoint models).
 */
export function linUcb({ alpha = 1 } = {}): Learner<{ models: Model[]; choices: number }> {
  const sized = ({ models, choices }: { models: Model[]; choices: number }, size: number): Model[] =>
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
      sized(state, features.length).map(({ inverse, vector }) => {
        const projected = times(inverse, features)
        return (
          dot(times(inverse, vector), features) + alpha * Math.sqrt(Math.max(0, dot(features, projected)))
        )
      }),
    learn: (state, choice, reward, features) => ({
      ...state,
      models: replaceAt(sized(state, features.length), choice, ({ inverse, vector }) => {
        // Sherman-Morrison formula: the inverse after one more observation.
        const projected = times(inverse, features)
        const scale = 1 + dot(features, projected)
        return {
          inverse: inverse.map((row, r) =>
            row.map((value, c) => value - ((projected[r] ?? 0) * (projected[c] ?? 0)) / scale),
          ),
          vector: vector.map((value, at) => value + reward * (features[at] ?? 0)),
        }
      }),
    }),
  }
}

function replaceAt<T>(list: T[], at: number, change: (one: T) => T): T[] {
  return list.map((one, index) => (index === at ? change(one) : one))
}

function dot(a: number[], b: number[]): number {
  return a.reduce((sum, value, at) => sum + value * (b[at] ?? 0), 0)
}

function times(matrix: number[][], vector: number[]): number[] {
  return matrix.map((row) => dot(row, vector))
}
