import { addEventHandler } from 'jest-circus'

/**
 * jest-light-runner waits for a test or a hook for as long as it takes. This adds the limit that Jest itself has, when a test
 * or a hook is registered: its own limit if it has one, and otherwise that of its file.
 */
addEventHandler((event, { currentDescribeBlock, testTimeout }) => {
  const registered = { add_test: currentDescribeBlock.tests, add_hook: currentDescribeBlock.hooks }[event.name]?.at(-1)
  if (registered?.fn) registered.fn = limited(registered.fn, registered.timeout ?? testTimeout)
})

function limited(run, milliseconds) {
  return async () => {
    let timer
    const tooLong = new Promise((_, reject) => {
      const error = new Error(`not finished after ${milliseconds} ms`)
      timer = setTimeout(() => reject(error), milliseconds)
    })
    try {
      await Promise.race([run(), tooLong])
    } finally {
      clearTimeout(timer)
    }
  }
}
