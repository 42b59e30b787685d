import pg from 'pg'
import { growingTables } from './filled-database.ts'
import type { RecordedStatement } from './recorded-statements.ts'

export interface Plan {
  readonly 'Node Type': string
  readonly 'Total Cost': number
  readonly 'Relation Name'?: string
  readonly 'Index Name'?: string
  readonly 'Index Cond'?: string
  readonly Filter?: string
  readonly Plans?: readonly Plan[]
}

const PRETEND_ROWS = `
  UPDATE pg_class SET reltuples = reltuples * $2::float8 / (
    SELECT greatest(t.reltuples, 1) FROM pg_class t
    WHERE t.oid = coalesce((SELECT indrelid FROM pg_index WHERE indexrelid = pg_class.oid), pg_class.oid))
  WHERE oid IN (
    SELECT to_regclass(name) FROM unnest($1::text[]) AS name
    UNION ALL SELECT indexrelid FROM pg_index JOIN unnest($1::text[]) AS name ON indrelid = to_regclass(name))`

/** Shows how the planner would run statements if the tables were large. Nothing is run, and nothing stays changed. */
export class Planner {
  readonly #client: pg.Client
  readonly #parents: ReadonlyMap<string, string>
  readonly #hasGenericPlans: boolean

  private constructor(client: pg.Client, parents: ReadonlyMap<string, string>, hasGenericPlans: boolean) {
    this.#client = client
    this.#parents = parents
    this.#hasGenericPlans = hasGenericPlans
  }

  /**
   * Tells the planner, in a transaction of its own, that each growing table has this many rows. The planner derives the
   * number of rows from the density that ANALYZE has found, so the density is what changes. The share of rows with one
   * value stays as it was found. The number of pages stays too, so a scan of the table looks cheaper than it would be.
   */
  static async open(databaseUrl: string, rows: number): Promise<Planner> {
    const client = new pg.Client({ connectionString: databaseUrl })
    client.on('error', () => undefined) // dropping the database ends the connection
    await client.connect()
    await client.query('ANALYZE')
    const { rows: partitions } = await client.query<{ name: string; parent: string }>(
      'SELECT inhrelid::regclass::text AS name, inhparent::regclass::text AS parent FROM pg_inherits',
    )
    const parents = new Map(partitions.map(({ name, parent }) => [name, parent]))
    const tables = [...growingTables, ...partitions.map(({ name }) => name)]
    await client.query('BEGIN')
    await client.query(PRETEND_ROWS, [tables, rows])
    const { rows: versions } = await client.query(`SELECT current_setting('server_version_num')::int AS number`)
    return new Planner(client, parents, versions[0].number >= 160_000)
  }

  /** A partition, or the index of one, has the name of what it is a partition of. */
  async plan({ text, isNamed, values }: RecordedStatement): Promise<Plan> {
    const isGeneric = isNamed && this.#hasGenericPlans
    const explain = `EXPLAIN (FORMAT JSON${isGeneric ? ', GENERIC_PLAN' : ''}) ${text}`
    const { rows } = await this.#client.query(explain, isGeneric ? [] : values)
    return this.#named(rows[0]['QUERY PLAN'][0].Plan)
  }

  #named(plan: Plan): Plan {
    const nameOf = (name: string | undefined) => name && (this.#parents.get(name) ?? name)
    const [table, index] = [nameOf(plan['Relation Name']), nameOf(plan['Index Name'])]
    return {
      ...plan,
      ...(table !== undefined && { 'Relation Name': table }),
      ...(index !== undefined && { 'Index Name': index }),
      ...(plan.Plans && { Plans: plan.Plans.map((each) => this.#named(each)) }),
    }
  }

  /** Runs `work` as if the index did not exist. */
  async withoutIndex<Result>(index: string, work: () => Promise<Result>): Promise<Result> {
    await this.#client.query(`SAVEPOINT with_index; DROP INDEX ${pg.escapeIdentifier(index)}`)
    const result = await work()
    await this.#client.query('ROLLBACK TO with_index')
    return result
  }

  /** Ends the connection, and with it the transaction. */
  async close(): Promise<void> {
    await this.#client.end()
  }
}

/** A plan with all plans below it. */
export function allNodes(plan: Plan): Plan[] {
  return [plan, ...(plan.Plans ?? []).flatMap(allNodes)]
}

/**
 * The growing tables that a plan reads from end to end: with a sequential scan, or with a whole index, in which it looks
 * for rows that the index cannot find.
 */
export function tablesReadWhole(plan: Plan): string[] {
  return allNodes(plan)
    .filter((node) => growingTables.includes(node['Relation Name'] ?? ''))
    .filter((node) => isLongScan(node) || looksThroughIndex(node))
    .map((node) => node['Relation Name'] ?? '')
}

/** A scan of an empty partition costs nothing. */
function isLongScan(node: Plan): boolean {
  return node['Node Type'] === 'Seq Scan' && node['Total Cost'] > 100
}

function looksThroughIndex(node: Plan): boolean {
  const indexes = node['Node Type'] === 'Bitmap Heap Scan' ? bitmapsOf(node) : [node]
  return node.Filter !== undefined && indexes.some((each) => each['Index Name'] && each['Index Cond'] === undefined)
}

function bitmapsOf(node: Plan): Plan[] {
  return allNodes(node).filter((each) => each['Node Type'] === 'Bitmap Index Scan')
}
