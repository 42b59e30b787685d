import { expect, test } from '@jest/globals'
import '../../../support/matchers.ts'
import { openSupportDesk } from '../../../support/support-desk.ts'
import { startTestApp } from '../../../support/test-app.ts'

const testApp = await startTestApp()
const { deps, people, mailbox } = testApp
const desk = await openSupportDesk(testApp)

/** More than the request and two steps of the job erase, each of which is one transaction. */
const EVENTS = 6_000

test('an erasure that is interrupted between two steps keeps what it has erased, and the next run finishes it', async () => {
  const ada = await people.verified()
  const id = await desk.idOf(ada.email)
  await deps.pool.query(
    `INSERT INTO events (id, at, type, outcome, account_id, actor_type, ip)
     SELECT first_id_at(now() - make_interval(secs => i)),
       now() - make_interval(secs => i), 'login', 'success', $1, 'account', '203.0.113.66'
     FROM generate_series(1, ${EVENTS}) AS i`,
    [id],
  )
  // The third transaction fails, as if the database went away.
  await deps.pool.query(`
    CREATE SEQUENCE steps;
    CREATE FUNCTION fail_third_step() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN
      IF nextval('steps') = 3 THEN RAISE 'the database went away'; END IF;
      RETURN NULL;
    END $$;
    CREATE TRIGGER fail_third_step AFTER UPDATE OF account_id ON events EXECUTE FUNCTION fail_third_step()`)

  const erased = await desk.delete(`/users/${id}`)
  await mailbox.drain()
  const named = await eventsThatName(id)
  await mailbox.drain()

  expect(erased).toHaveStatus(204)
  expect(named).toBeGreaterThan(0)
  expect(named).toBeLessThan(EVENTS)
  expect(await eventsThatName(id)).toBe(0)
  expect((await desk.trailOf(id))[0]).toBe('account.erasure_completed')
})

async function eventsThatName(id: string): Promise<number> {
  return deps.db.event.count({ where: { accountId: id } })
}
