// The page as a screen reader gets it: Chromium's accessibility tree, by the DevTools protocol.
import type { Page } from './chromium.js'

interface AxValue {
  value?: unknown
}

interface AxNode {
  nodeId: string
  parentId?: string
  childIds?: string[]
  ignored: boolean
  role?: AxValue
  name?: AxValue
  properties?: { name: string; value: AxValue }[]
}

export interface TreeNode {
  role: string
  name: string
  /** States and properties, as the protocol names them: `busy`, `expanded`, `level`, `live`. */
  is: Readonly<Record<string, unknown>>
  /** What it is in, the nearest first. */
  within: readonly TreeNode[]
}

/** All that is not hidden from a screen reader, in the order in which it is read. */
export async function accessibilityTree(page: Page): Promise<TreeNode[]> {
  const session = await page.context().newCDPSession(page)
  const { nodes } = (await session.send('Accessibility.getFullAXTree')) as { nodes: AxNode[] }
  await session.detach()
  const byId = new Map(nodes.map((node) => [node.nodeId, node]))
  const read: TreeNode[] = []
  const visit = (node: AxNode, within: readonly TreeNode[]) => {
    const is = Object.fromEntries((node.properties ?? []).map(({ name, value }) => [name, value.value]))
    const one = { role: String(node.role?.value), name: String(node.name?.value ?? ''), is, within }
    if (!node.ignored) read.push(one)
    for (const id of node.childIds ?? []) {
      const child = byId.get(id)
      if (child !== undefined) visit(child, node.ignored ? within : [one, ...within])
    }
  }
  for (const node of nodes) if (node.parentId === undefined) visit(node, [])
  return read
}
