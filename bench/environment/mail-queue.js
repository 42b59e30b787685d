// Waits until the worker has nothing left to send, so that it does not work during the next measurement.
import { setTimeout as wait } from 'node:timers/promises'
import pg from 'pg'

export async function untilMailsAreSent(databaseUrl) {
  const client = new pg.Client(databaseUrl)
  await client.connect()
  for (;;) {
    const { rows } = await client.query(
      `SELECT count(*)::int AS waiting FROM mails WHERE state IN ('queued', 'sending')`,
    )
    if (rows[0].waiting === 0) break
    await wait(200)
  }
  await client.end()
}
