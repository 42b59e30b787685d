import { startBetterAuth } from './better-auth.js'
import { startKratos } from './kratos.js'

/**
 * Starts what the service is compared with, each on a database of its own that is called after the scenario. Kratos is
 * among them if the plan has its program.
 */
export async function startPeers({ postgres, sendgrid, plan }, { scenario, bcryptCost }) {
  const peers = [
    await startBetterAuth({
      databaseUrl: await postgres.createDatabase(`${scenario}_better_auth`),
      sendgrid,
      bcryptCost,
    }),
  ]
  if (plan.kratos) {
    const databaseUrl = await postgres.createDatabase(`${scenario}_kratos`)
    peers.push(await startKratos({ program: plan.kratos, databaseUrl, sendgrid, bcryptCost }))
  }
  return peers
}
