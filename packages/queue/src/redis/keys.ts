// Names of what a queue has in Redis. The braces keep all of it on one node of a cluster.
import type { QueueOptions } from 'bullmq'

/** The beginning of the keys of our own scripts. */
export const baseOf = (name: string): string => `patchbay-calls:{${name}}:`

/** The name of jobs: no queue can have it, so that no worker takes them for calls. */
export const jobsName = (name: string): string => `${name}+jobs`

/** The mailbox of a process. */
export const mailboxOf = (name: string, id: string): string => `${baseOf(name)}mail:${id}`

/** The name of the queue in BullMQ, and its options: any tool for BullMQ finds the jobs there. */
export const bullName = (name: string): string => `{${name}}`
export const bullOptions = {
  prefix: 'patchbay',
  skipMetasUpdate: true,
  // The events are for such tools. Whoever waits for an answer has a mailbox.
  streams: { events: { maxLen: 100 } },
  defaultJobOptions: { removeOnComplete: true, removeOnFail: true, attempts: 1 },
} satisfies Omit<QueueOptions, 'connection'>
