// The guide's page of what each model takes is what the backends do. To write it again: npx vitest run src/services/support.test.ts -u
import { expect, it } from 'vitest'
import { supportPage } from './support.js'

it('the guide tells what each model takes', async () => {
  const page = await supportPage()
  expect(page.match(/✓/g)?.length).toBeGreaterThan(100)
  await expect(page).toMatchFileSnapshot('../../../docs/support.md')
})
