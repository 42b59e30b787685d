import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vite'
import { mailInbox } from './server/mail-inbox.ts'
import { pageHeaders } from './server/page-headers.ts'
import { wellKnown } from './server/well-known.ts'

const page = (name: string) => fileURLToPath(new URL(name, import.meta.url))
const service = process.env['VITE_LATCHKEY_URL'] ?? 'http://127.0.0.1:3000'
const mailFolder = process.env['MAIL_FOLDER'] ?? page('data/mail')

export default defineConfig({
  define: { 'import.meta.env.VITE_LATCHKEY_URL': JSON.stringify(service) },
  // The client in this repository, compiled with the pages. A product of yours installs it from its npm registry instead.
  resolve: { alias: { '@latchkey/client': page('../../clients/typescript/src/index.ts') }, dedupe: ['openapi-fetch'] },
  plugins: [pageHeaders(service), wellKnown(), mailInbox(mailFolder)],
  server: { port: 5173, strictPort: true },
  preview: { port: Number(process.env['PAGES_PORT'] ?? 5173), strictPort: true },
  build: {
    rollupOptions: { input: [page('index.html'), page('mail.html')] },
    modulePreload: { polyfill: false }, // the polyfill would be an inline script
    assetsInlineLimit: 0, // the Content-Security-Policy allows no data: URLs
  },
})
