// The plots of the benchmarks, drawn by ECharts, which is installed beside this repository.
import { writeFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import type { CallersFigures } from './callers.js'
import { installed } from './peers.js'
import { at, median, percentile } from './report.js'

const version = '6.1.0'

interface Charts {
  init(
    element: null,
    theme: null,
    options: { renderer: 'svg'; ssr: true; width: number; height: number },
  ): { setOption(option: object): void; renderToSVGString(): string; dispose(): void }
}

/** Throughput and the wait for the first token, by the number of callers. */
export function plotCallers(figures: CallersFigures[], file: string): void {
  const callers = figures[0]?.crowds.map((crowd) => String(crowd.callers)) ?? []
  const colours = ['#2563eb', '#d97706', '#059669', '#9333ea']
  const lines = (grid: number, pick: (crowd: CallersFigures['crowds'][number]) => number, dashed: boolean) =>
    figures.map(({ name, crowds }, index) => ({
      name: name.replaceAll('`', ''),
      type: 'line',
      xAxisIndex: grid,
      yAxisIndex: grid,
      symbolSize: 7,
      itemStyle: { color: colours[index] },
      lineStyle: { color: colours[index], width: 2, type: dashed ? 'dashed' : 'solid' },
      data: crowds.map((crowd) => Number(pick(crowd).toPrecision(4))),
    }))
  const axis = (gridIndex: number) => ({
    gridIndex,
    type: 'category',
    data: callers,
    name: 'callers at once',
    nameLocation: 'middle',
    nameGap: 28,
  })
  drawn(file, 380, {
    animation: false,
    backgroundColor: '#ffffff',
    legend: { bottom: 0, data: figures.map(({ name }) => name.replaceAll('`', '')) },
    title: [
      { text: 'tokens per second, all callers', left: 50, textStyle: { fontSize: 14 } },
      { text: 'first token, ms: p50 and p99 (dashed)', left: 480, textStyle: { fontSize: 14 } },
    ],
    grid: [
      { left: 50, width: 350, top: 45, bottom: 80 },
      { left: 490, width: 350, top: 45, bottom: 80 },
    ],
    xAxis: [axis(0), axis(1)],
    yAxis: [
      { gridIndex: 0, type: 'value', min: 0 },
      { gridIndex: 1, type: 'value', min: 0 },
    ],
    series: [
      ...lines(0, ({ tokensPerSecond }) => median(tokensPerSecond), false),
      ...lines(1, ({ firstTokenMs }) => median(firstTokenMs), false),
      ...lines(1, ({ firstTokenMs }) => percentile(firstTokenMs, 0.99), true),
    ],
  })
}

interface Bar {
  name: string
  /** Without one there is a gap. */
  value: number | undefined
  /** Default: by its place; ours is blue. */
  colour?: string | undefined
}

/** Of those compared, by their places: the floor, ours, the others. */
const palette = ['#94a3b8', '#2563eb', '#d97706', '#9333ea', '#059669', '#be123c']

/** A panel for each figure, a bar for each of those compared; one that could not do it has none. */
export function plotBars(panels: { title: string; bars: Bar[] }[], file: string): void {
  const width = Math.floor(860 / panels.length) - 35
  const left = (index: number) => 30 + index * (width + 30)
  drawn(file, 300, {
    animation: false,
    backgroundColor: '#ffffff',
    title: panels.map(({ title }, index) => ({
      text: title,
      left: left(index) - 10,
      textStyle: { fontSize: 12 },
    })),
    grid: panels.map((_, index) => ({ left: left(index), width, top: 40, bottom: 70 })),
    xAxis: panels.map(({ bars }, gridIndex) => ({
      gridIndex,
      type: 'category',
      data: bars.map(({ name }) => name),
      axisLabel: { interval: 0, rotate: 30, fontSize: 10 },
    })),
    yAxis: panels.map((_, gridIndex) => ({ gridIndex, type: 'value', axisLabel: { show: false } })),
    series: panels.map(({ bars }, index) => ({
      type: 'bar',
      xAxisIndex: index,
      yAxisIndex: index,
      label: { show: true, position: 'top', fontSize: 10 },
      data: bars.map(({ value, colour }, at) => ({
        value: value === undefined ? null : Number(value.toPrecision(3)),
        itemStyle: { color: colour ?? palette[at] },
      })),
    })),
  })
}

/** Draws the options with ECharts; undefined without a registry to install it from. */
export function drawn(file: string, height: number, option: object): void {
  const charts = install()
  if (charts === undefined) return
  const chart = charts.init(null, null, { renderer: 'svg', ssr: true, width: 860, height })
  chart.setOption(option)
  writeFileSync(file, chart.renderToSVGString())
  chart.dispose()
}

function install(): Charts | undefined {
  const folder = at('.cache/charts')
  if (!installed(folder, { echarts: version })) return undefined
  return createRequire(`${folder}/package.json`)('echarts') as Charts
}
