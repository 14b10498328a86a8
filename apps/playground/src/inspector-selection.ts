// The answer that the inspector shows, and in which view.
import { signal } from '@preact/signals'

export const inspectorSelection = signal<{ turn: string; model: string; view: 'wire' | 'code' } | undefined>(
  undefined,
)
