// Which answer is looked at closely, and how.
import { signal } from '@preact/signals'

export const inspected = signal<{ turn: string; model: string; view: 'wire' | 'code' } | undefined>(undefined)
