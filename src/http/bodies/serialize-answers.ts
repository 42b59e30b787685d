import SerializerSelector from '@fastify/fast-json-stringify-compiler'
import type { FastifyServerOptions } from 'fastify'

type BuildSerializer = NonNullable<
  NonNullable<NonNullable<FastifyServerOptions['schemaController']>['compilersFactory']>['buildSerializer']
>

/**
 * Compiles a serializer for what routes answer when all is well, and none for problems: sendProblem writes those itself,
 * and a dozen for each route would be most of the start and a tenth of the memory, for nothing.
 */
export const buildSerializers: BuildSerializer = (schemas, options) => {
  const compile = SerializerSelector()(schemas, options)
  return (route) => (Number(route.httpStatus) >= 400 ? JSON.stringify : compile(route))
}
