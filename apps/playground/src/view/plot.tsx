// One plot, drawn by uPlot in the page's colours. Screen readers get its numbers from the table below it.
import { useEffect, useRef } from 'preact/hooks'
import UPlot from 'uplot'
import 'uplot/dist/uPlot.min.css'
import { theme } from '../settings.js'

export interface Line {
  name: string
  values: (number | null)[]
}

interface PlotProps {
  title: string
  x: number[]
  xName: string
  lines: Line[]
  /** Draws separate points at whole numbers. */
  points?: boolean
}

export function Plot({ title, x, xName, lines, points = false }: PlotProps) {
  const box = useRef<HTMLDivElement>(null)
  const plot = useRef<UPlot>(undefined)
  const names = lines.map(({ name }) => name).join('\n')
  useEffect(() => {
    const { current } = box
    if (current === null) return
    const colour = (name: string) => resolved(current, name)
    const axis = {
      stroke: colour('--text'),
      grid: { stroke: colour('--line') },
      ticks: { stroke: colour('--line') },
    }
    const series = lines.map(({ name }, index) => ({
      label: name,
      stroke: colour(`--series-${(index % 4) + 1}`),
      width: 2,
      spanGaps: true,
      // A single value has no line.
      points: { show: (plot: UPlot) => points || plot.data[0].length < 2, size: 7 },
    }))
    const made = new UPlot(
      {
        width: current.clientWidth,
        height: 160,
        scales: { x: { time: false }, y: { range: (_, __, most) => [0, Math.max(most * 1.1, 0.001)] } },
        axes: [
          { ...axis, ...(points && { incrs: [1, 2, 5, 10, 20, 50, 100] }) },
          { ...axis, size: 48 },
        ],
        series: [{ label: xName }, ...series],
        cursor: { show: false },
        legend: { live: false },
      },
      [x, ...lines.map(({ values }) => values)],
      current,
    )
    plot.current = made
    const resized = new ResizeObserver(() => made.setSize({ width: current.clientWidth, height: 160 }))
    resized.observe(current)
    return () => {
      resized.disconnect()
      made.destroy()
    }
  }, [names, points, xName, theme.value])
  useEffect(() => plot.current?.setData([x, ...lines.map(({ values }) => values)]))
  return (
    <figure class="plot">
      <figcaption>{title}</figcaption>
      <div ref={box} aria-hidden="true" />
    </figure>
  )
}

/** The colour behind a CSS variable: a canvas cannot use variables. */
function resolved(element: HTMLElement, name: string): string {
  element.style.color = `var(${name})`
  const { color } = getComputedStyle(element)
  element.style.color = ''
  return color
}
