import type { KeyDeps } from './rotate-signing-key.ts'

/** Lists the keys by purpose, the newest first, without the keys themselves. */
export async function listKeys(deps: Pick<KeyDeps, 'db' | 'keys'>) {
  const rows = await deps.db.key.findMany({
    orderBy: [{ purpose: 'asc' }, { createdAt: 'desc' }],
    omit: { publicJwk: true },
  })
  return rows.map(({ sealed, ...key }) => ({
    ...key,
    sealedUnder: deps.keys.sealer.isCurrent(sealed) ? ('SECRET_KEY' as const) : ('another' as const),
  }))
}
