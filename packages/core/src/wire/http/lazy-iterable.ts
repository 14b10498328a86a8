// An async iterable that is opened by its first read.

/**
 * An iterable that calls `open` on its first read and then reads from its result. Unlike `yield*` in an async generator, it costs no
 * extra promises per value.
 */
export function lazyIterable<T>(open: () => Promise<AsyncIterable<T>>): AsyncIterable<T> {
  return {
    [Symbol.asyncIterator]() {
      let inner: AsyncIterator<T> | undefined
      let left = false
      return {
        next() {
          if (inner !== undefined) return inner.next()
          return open().then((values) => {
            inner = values[Symbol.asyncIterator]()
            if (!left) return inner.next()
            // The reader left while it was being opened.
            void inner.return?.()
            return { done: true, value: undefined }
          })
        },
        async return() {
          left = true
          await inner?.return?.()
          return { done: true, value: undefined }
        },
      }
    },
  }
}
