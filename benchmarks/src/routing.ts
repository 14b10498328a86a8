import { ema, type Learner, linUcb, thompson } from '@patchbay/policies'
import { drawn } from './plot.js'
import { plotAt, writeReport } from './report.js'

const calls = 3000
const runs = 40
/** A point of the curves every so many calls. */
const every = 50

/** Three providers: how well each answers call `t` of a kind (0 or 1), from 0 to 1. */
interface World {
  name: string
  worth(t: number, kind: number): [number, number, number]
}

const worlds: World[] = [
  { name: 'one is best', worth: () => [0.55, 0.8, 0.65] },
  {
    name: 'the best one changes half-way',
    worth: (t) => (t < calls / 2 ? [0.55, 0.8, 0.65] : [0.8, 0.45, 0.65]),
  },
  {
    name: 'the best one is down for a tenth',
    worth: (t) => [0.6, t > calls * 0.4 && t < calls * 0.5 ? 0.05 : 0.85, 0.6],
  },
  {
    name: 'each is good at one kind',
    worth: (_, kind) => (kind === 0 ? [0.85, 0.35, 0.6] : [0.3, 0.9, 0.6]),
  },
]

/** A learner, and the reward of its choice. */
interface Chooser {
  choose(features: number[], random: () => number): number
  hear(choice: number, reward: number, features: number[]): void
}

const learning = (make: () => Learner) => (): Chooser => {
  const learner = make()
  let state = learner.begin(3)
  return {
    choose(features, random) {
      const scores = learner.scores(state, features, random)
      return scores.indexOf(Math.max(...scores))
    },
    hear(choice, reward, features) {
      state = learner.learn(state, choice, reward, features)
    },
  }
}
const fixed = (choice: number) => (): Chooser => ({ choose: () => choice, hear() {} })
const choosers: Record<string, () => Chooser> = {
  ema: learning(ema),
  thompson: learning(thompson),
  linucb: learning(linUcb),
  'always the first': fixed(0),
  'always the second': fixed(1),
  'always the third': fixed(2),
  'by chance': () => ({ choose: (_, random) => Math.floor(random() * 3), hear() {} }),
}

/** 0 to 1, from a seed (the minimal standard generator of Park and Miller). */
function seeded(seed: number): () => number {
  let state = seed
  return () => {
    state = (state * 48271) % 2147483647
    return state / 2147483647
  }
}

/** The regret after each `every` calls, of one run. */
function curve({ worth }: World, make: () => Chooser, seed: number): number[] {
  const [chance, own] = [seeded(seed * 7919 + 1), seeded(seed * 104729 + 3)]
  const chooser = make()
  const points = [0]
  let regret = 0
  for (let t = 0; t < calls; t++) {
    const kind = chance() < 0.5 ? 0 : 1
    const features = [1, kind]
    const worths = worth(t, kind)
    const luck = chance()
    const choice = chooser.choose(features, own)
    const mine = worths[choice] ?? 0
    regret += Math.max(...worths) - mine
    // An answer is good or it is not.
    chooser.hear(choice, luck < mine ? 1 : 0, features)
    if ((t + 1) % every === 0) points.push(regret)
  }
  return points
}

export interface RoutingFigures {
  world: string
  /** The mean curve of each, and its last point's standard deviation. */
  curves: { name: string; points: number[]; deviation: number }[]
}

const figures: RoutingFigures[] = worlds.map((world) => ({
  world: world.name,
  curves: Object.entries(choosers).map(([name, make]) => {
    const all = Array.from({ length: runs }, (_, seed) => curve(world, make, seed + 1))
    const points = (all[0] ?? []).map(
      (_, index) => all.reduce((sum, run) => sum + (run[index] ?? 0), 0) / runs,
    )
    const last = all.map((run) => run.at(-1) ?? 0)
    const mean = points.at(-1) ?? 0
    return {
      name,
      points,
      deviation: Math.sqrt(last.reduce((sum, one) => sum + (one - mean) ** 2, 0) / runs),
    }
  }),
}))

const best = (curves: RoutingFigures['curves']) =>
  Math.min(...curves.filter(({ name }) => name.startsWith('always')).map(({ points }) => points.at(-1) ?? 0))
const lines = [
  `| regret after ${calls} calls (÷ the best fixed choice) | ${worlds.map(({ name }) => name).join(' | ')} |`,
  `|---|${worlds.map(() => '---|').join('')}`,
  ...Object.keys(choosers).map((name) => {
    const cells = figures.map(({ curves }) => {
      const own = curves.find((one) => one.name === name)
      const last = own?.points.at(-1) ?? 0
      const floor = best(curves)
      const ratio = floor > 0 ? ` (${(last / floor).toFixed(2)})` : ''
      return `${last.toFixed(0)} ± ${own?.deviation.toFixed(0)}${ratio}`
    })
    return `| ${name} | ${cells.join(' | ')} |`
  }),
]
writeReport('routing', { calls, runs, figures }, lines)

const colours = ['#2563eb', '#059669', '#9333ea', '#9ca3af', '#9ca3af', '#9ca3af', '#d97706']
const places = [
  { left: 50, top: 45 },
  { left: 490, top: 45 },
  { left: 50, top: 335 },
  { left: 490, top: 335 },
]
drawn(plotAt('routing'), 640, {
  animation: false,
  backgroundColor: '#ffffff',
  legend: { bottom: 0, data: Object.keys(choosers) },
  title: worlds.map(({ name }, index) => ({
    text: `regret: ${name}`,
    left: places[index]?.left,
    top: (places[index]?.top ?? 0) - 40,
    textStyle: { fontSize: 14 },
  })),
  grid: places.map((place) => ({ ...place, width: 350, height: 210 })),
  xAxis: worlds.map((_, gridIndex) => ({ gridIndex, type: 'value', max: calls })),
  yAxis: worlds.map((_, gridIndex) => ({ gridIndex, type: 'value', min: 0, max: 500 })),
  series: figures.flatMap(({ curves }, grid) =>
    curves.map(({ name, points }, index) => ({
      name,
      type: 'line',
      showSymbol: false,
      xAxisIndex: grid,
      yAxisIndex: grid,
      itemStyle: { color: colours[index] },
      lineStyle: {
        color: colours[index],
        width: 2,
        type: name.startsWith('always') ? (['solid', 'dashed', 'dotted'][index - 3] ?? 'solid') : 'solid',
      },
      data: points.map((regret, point) => [point * every, Number(regret.toPrecision(4))]),
    })),
  ),
})
