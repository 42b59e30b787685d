import { randomBytes } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { expect, test } from '@jest/globals'
import { parse, parseAllDocuments } from 'yaml'
import { readConfig } from '../../src/config/config.ts'
import { doubtfulSettings } from '../../src/config/doubtful-settings.ts'
import { parseDatabaseUrl } from '../../src/database/connection/database-url.ts'

const read = (path: string) => readFileSync(path, 'utf8')

test('the service starts with the settings of deploy/kubernetes once its placeholders are replaced, and not before', () => {
  const { data } = parse(read('deploy/kubernetes/settings.yaml'))
  const { stringData } = parse(read('deploy/kubernetes/secret.example.yaml'))
  const settings = { NODE_ENV: 'production', HOST: '0.0.0.0', ...data, ...stringData }

  expect(() => readConfig(settings)).toThrow('SECRET_KEY')
  const config = readConfig({ ...settings, SECRET_KEY: randomBytes(32).toString('base64') })
  expect(config.operations).toEqual({ host: '0.0.0.0', port: 9090 })
  expect(doubtfulSettings(config)).toEqual([])
})

test('the manifests run the version of package.json', () => {
  const { version } = JSON.parse(read('package.json'))
  const images = ['api', 'worker', 'migrate'].flatMap((name) =>
    parseAllDocuments(read(`deploy/kubernetes/${name}.yaml`)).flatMap(
      (document) =>
        document.toJS().spec?.template?.spec?.containers?.map(({ image }: { image: string }) => image) ?? [],
    ),
  )

  expect(images).toEqual(Array(3).fill(`registry.example/latchkey:${version}`))
  expect(parse(read('deploy/kubernetes/kustomization.yaml')).images[0].newTag).toBe(version)
})

test.each(['deploy/kubernetes/secret.example.yaml', 'docs/operations.md'])(
  'the URL with several hosts in %s leads to the one that accepts writes, and verifies it',
  (file) => {
    const [url = ''] = read(file).match(/postgresql:\/\/\S+,\S+target_session_attrs=\S+/) ?? []

    // The file of the CA is on the operator's machine.
    const target = parseDatabaseUrl(url.replace(/&sslrootcert=[^&]*/, ''))

    expect(target.hosts.length).toBeGreaterThan(1)
    expect(target).toMatchObject({ mustBeWritable: true, ssl: {} })
  },
)
