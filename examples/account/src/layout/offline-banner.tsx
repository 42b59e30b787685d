import { useEffect, useState } from 'preact/hooks'

/** Says so while the device has no connection. The live region is always there, or its first message would not be read. */
export function OfflineBanner() {
  const [isOnline, setOnline] = useState(navigator.onLine)
  useEffect(() => {
    const update = () => setOnline(navigator.onLine)
    addEventListener('online', update)
    addEventListener('offline', update)
    return () => {
      removeEventListener('online', update)
      removeEventListener('offline', update)
    }
  }, [])
  return (
    <div role="status">
      {!isOnline && (
        <p class="offline-banner">You are offline. You can go on reading; changes need a connection to the internet.</p>
      )}
    </div>
  )
}
